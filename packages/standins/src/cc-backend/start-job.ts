import type { User } from './auth.ts';
import { type Cluster, subClusterOf } from './clusters.ts';
import type { Asked, Context } from './context.ts';
import { decodeGoJson, type GoType } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { type StartJob, startJobType } from './payloads.ts';
import type { Release } from './release.ts';
import { failure, jsonReply, type Reply, sqliteText } from './reply.ts';

const secondsPerDay = 86_400;

/** How a start ended, told apart by the step it came to; REST and NATS say it each in its way. */
export type Started =
  | { readonly step: 'done'; readonly id: number }
  | { readonly step: 'decode' | 'check' | 'insert'; readonly error: string }
  | { readonly step: 'duplicate'; readonly id: number; readonly job: StartJob }
  | { readonly step: 'tag'; readonly id: number; readonly error: string };

export type StartJobs = (context: Context, user: User | undefined, body: string) => Started | Promise<Started>;

/** Starts jobs in the order of contract §4.1. */
export function startJobs(release: Release): StartJobs {
  const { type, empty } = startJobType(release);
  return (context, user, body) => {
    const decoded = decode(body, type, empty());
    if ('error' in decoded) return { step: 'decode', ...decoded };
    const jobState = release.keepsState && decoded.jobState !== '' ? decoded.jobState : 'running';
    if (!release.states.includes(jobState)) return { step: 'check', error: `not a valid job state: ${jobState}` };
    const checked = check(context.clusters, decoded);
    if ('error' in checked) return { step: 'check', ...checked };
    const job = { ...checked.job, jobState };
    return context.mutex.run(() => insert(context, user, job));
  };
}

function insert(context: Context, user: User | undefined, job: StartJob): Started {
  const taken = context.jobs.firstAfter(job.jobId, job.cluster, job.startTime - secondsPerDay);
  if (taken) return { step: 'duplicate', id: taken.id, job };
  const tags = job.tags ?? [];
  let id: number;
  try {
    id = context.jobs.insert(tags.length > 0 || !context.release.cached ? 'job' : 'job_cache', job);
  } catch (error) {
    return { step: 'insert', error: sqliteText(error) };
  }
  for (const tag of tags) {
    // A null among the tags is a nil pointer in the server: its handler panics, after the insert (contract §1.1, W12).
    if (tag === null) throw new TypeError('nil pointer dereference: null among the tags');
    const scope = tag.scope === '' ? 'global' : tag.scope;
    try {
      if (context.release.scopes) mustWrite(user, scope);
      context.tags.add(id, { type: tag.type, name: tag.name, scope });
    } catch (error) {
      return { step: 'tag', id, error: sqliteText(error) };
    }
  }
  return { step: 'done', id };
}

/** `POST /api/jobs/start_job/`. */
export function startHandler(start: StartJobs): (context: Context, asked: Asked) => Reply | Promise<Reply> {
  return (context, { user, body }) => {
    const started = start(context, user, body);
    return started instanceof Promise ? started.then((later) => reply(context.release, later)) : reply(context.release, started);
  };
}

const success = jsonReply(201, { msg: 'success' });

function reply({ started }: Release, outcome: Started): Reply {
  switch (outcome.step) {
    case 'decode':
      return failure(400, `parsing request body failed: ${outcome.error}`);
    case 'check':
      return failure(400, outcome.error);
    case 'duplicate':
      return failure(422, `a job with that jobId, cluster and startTime already exists: dbid: ${outcome.id}, jobid: ${outcome.job.jobId}`);
    case 'insert':
      return started === 'triggered' ? triggered : failure(500, `insert into database failed: ${outcome.error}`);
    case 'tag':
      return started === 'triggered' ? triggered : failure(500, `adding tag to new job ${outcome.id} failed: ${outcome.error}`);
    default:
      if (started === 'triggered') return triggered;
      return started === 'id' ? jsonReply(201, { id: outcome.id }) : success;
  }
}

/** 1.4.0 and 1.4.1 answer before they insert, and say nothing of what becomes of it (contract §10). */
const triggered = jsonReply(201, { msg: 'Successfully triggered job start' });

function decode(body: string, type: GoType<StartJob>, empty: StartJob): StartJob | { readonly error: string } {
  try {
    return decodeGoJson(body, type, empty);
  } catch (error) {
    if (error instanceof GoJsonError) return { error: error.message };
    throw error;
  }
}

/** Fills in the subcluster and checks what the server checks, with its sentences. */
function check(clusters: readonly Cluster[], job: StartJob): { readonly job: StartJob } | { readonly error: string } {
  const cluster = clusters.find((known) => known.name === job.cluster);
  if (!cluster) return { error: `no such cluster: ${job.cluster}` };
  const resources = job.resources ?? [];
  let { subCluster } = job;
  if (subCluster !== '') {
    if (!cluster.subClusters.some((sub) => sub.name === subCluster)) {
      return { error: `ARCHIVE/CLUSTERCONFIG > already assigned subcluster ${subCluster} unkown (cluster: ${job.cluster})` };
    }
  } else {
    if (resources.length === 0) return { error: 'ARCHIVE/CLUSTERCONFIG > job without any resources/hosts' };
    if (resources[0] === null) throw new TypeError('nil pointer dereference: null among the resources');
    const found = subClusterOf(cluster, resources[0]?.hostname ?? '');
    if ('error' in found) return found;
    subCluster = found.name;
  }
  if (resources.length === 0 || job.user === '') return { error: "'resources' and 'user' should not be empty" };
  if (job.numNodes < 1 || job.numAcc < 0 || job.numHwthreads < 0) return { error: "'numNodes', 'numAcc' or 'numHWThreads' invalid" };
  if (resources.length !== job.numNodes)
    return { error: `len(resources) does not equal numNodes (${resources.length} vs ${job.numNodes})` };
  return { job: { ...job, subCluster } };
}

/** Throws unless a user may write a tag of a scope (contract §4.7). */
export function mustWrite(user: User | undefined, scope: string): void {
  if (!user) throw new Error('error while checking tag operation auth: no user in context');
  if (!mayWrite(user, scope)) throw new Error('cannot write tag scope with current authorization');
}

function mayWrite(user: User, scope: string): boolean {
  if (scope === 'global') return user.roles.includes('admin') || user.roles.includes('support') || onlyApi(user);
  if (scope === 'admin') return user.roles.includes('admin') || onlyApi(user);
  return scope === user.name;
}

/** A token of the role `api` and no other. */
export function onlyApi(user: User): boolean {
  return user.roles.length === 1 && user.roles[0] === 'api';
}
