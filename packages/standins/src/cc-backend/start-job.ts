import type { User } from './auth.ts';
import { type Cluster, subClusterOf } from './clusters.ts';
import type { Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { emptyStart, type StartJob, startJob } from './payloads.ts';
import { failure, jsonReply, type Reply, sqliteText } from './reply.ts';

const secondsPerDay = 86_400;

/** `POST /api/jobs/start_job/`, in the order of contract §4.1. */
export function handleStart(context: Context, user: User, body: string): Reply {
  let decoded: StartJob;
  try {
    decoded = decodeGoJson(body, startJob, emptyStart());
  } catch (error) {
    if (error instanceof GoJsonError) return failure(400, `parsing request body failed: ${error.message}`);
    throw error;
  }
  const checked = check(context.clusters, decoded);
  if ('error' in checked) return failure(400, checked.error);
  const { job } = checked;
  const { store } = context;
  const taken = store.runs('job', job.jobId, job.cluster).find((old) => job.startTime - old.start_time < secondsPerDay);
  if (taken) {
    return failure(422, `a job with that jobId, cluster and startTime already exists: dbid: ${taken.id}, jobid: ${taken.job_id}`);
  }
  const tags = job.tags ?? [];
  let id: number;
  try {
    id = store.insert(tags.length > 0 ? 'job' : 'job_cache', job);
  } catch (error) {
    return failure(500, `insert into database failed: ${sqliteText(error)}`);
  }
  for (const tag of tags) {
    const scope = tag?.scope === undefined || tag.scope === '' ? 'global' : tag.scope;
    try {
      if (!mayWrite(user, scope)) throw new Error('cannot write tag scope with current authorization');
      store.addTag(id, { type: tag?.type ?? '', name: tag?.name ?? '', scope });
    } catch (error) {
      return failure(500, `adding tag to new job ${id} failed: ${sqliteText(error)}`);
    }
  }
  return jsonReply(201, { msg: 'success' });
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

/** Who may write a tag of a scope (contract §4.7). */
function mayWrite(user: User, scope: string): boolean {
  if (scope === 'global') return user.roles.includes('admin') || user.roles.includes('support') || onlyApi(user);
  if (scope === 'admin') return user.roles.includes('admin') || onlyApi(user);
  return scope === user.name;
}

function onlyApi(user: User): boolean {
  return user.roles.length === 1 && user.roles[0] === 'api';
}
