import type { EndState, ResourcePayload, Shared, StartPayload, StopPayload } from '../cc/payloads.ts';
import type { Run, RunKey } from '../run.ts';
import { clusterName, type DecideContext, type Place, placeOf } from './context.ts';
import { acceleratorCount, devicesUnnamed, resourcesOf } from './resources.ts';
import { metaDataOf } from './texts.ts';

/**
 * What would be sent, or why it cannot be: cc-backend would refuse it, or worse, accept it (contract W11); or why it is not to
 * be. A refusal because of `cluster` or `host` is cured in cc-backend's configuration: the run can be tried again, and one
 * sentence for all of them is enough.
 */
export type Decided<T> = { readonly payload: T } | Refused | { readonly ignored: string };

export interface Refused {
  readonly refused: string;
  readonly because: 'run' | 'cluster' | 'host';
}

/** The start of a run as cc-backend wants it. Looks up what the context has prepared; never throws. */
export function decideStart(run: Run, context: DecideContext): Decided<StartPayload> {
  const places = run.nodes.map((node) => placeOf(context, run.cluster, node));
  const ignored = ignoredBecause(run, places);
  if (ignored !== undefined) return { ignored };
  const problem = problemOf(run);
  if (problem !== undefined) return problem;
  const first = firstKnown(run, places, context);
  if (typeof first !== 'number') return first;

  const { settings } = context;
  const inOrder = resourcesOf(run, places, settings);
  const resources = first === 0 ? inOrder : putFirst(inOrder, first);
  const place = places[first];
  const walltime = run.walltime === null ? 0 : wholeNumber(run.walltime);
  const payload: StartPayload = {
    jobId: run.jobId,
    cluster: clusterName(context, run.cluster).toWellFormed(),
    user: run.user.toWellFormed(),
    project: run.account.toWellFormed(),
    partition: run.partition.toWellFormed(),
    ...(run.arrayJobId === null || run.arrayJobId <= 0 ? {} : { arrayJobId: run.arrayJobId }),
    // The server takes any of several subclusters that name the host; the topology used here is that of the first.
    ...(place?.several && place.subCluster ? { subCluster: place.subCluster.name } : {}),
    shared: sharedOf(run),
    startTime: run.start,
    ...(walltime > 0 ? { walltime } : {}),
    numNodes: resources.length,
    numHwthreads: wholeNumber(run.cpus),
    numAcc: wholeNumber(acceleratorCount(run, resources)),
    resources,
    metaData: metaDataOf(run, settings.privacy, { devicesUnnamed: devicesUnnamed(run, resources) }),
    ...(settings.startTag ? { tags: [settings.startTag] } : {}),
  };
  return { payload };
}

/**
 * The stop of a run that has ended; always with cluster and start, for otherwise the server takes the newest run of the id.
 * It is for a start that stands: what is ignored or refused at its start has none, and a start that stands is stopped even
 * where its host or cluster has since gone from a configuration. So it needs the run's key and end alone.
 */
export function decideStop(run: RunKey & Pick<Run, 'ended'>, context: DecideContext): Decided<StopPayload> {
  if (run.ended === null) return refuse('it has not ended');
  const problem = keyProblemOf(run);
  if (problem !== undefined) return problem;
  const jobState = endStateOf(run.ended.state);
  if (jobState === undefined) return refuse(`its state ${run.ended.state} is none in which a job has ended`);
  if (!isTime(run.ended.time)) return refuse(`its end ${run.ended.time} is no time`);
  const payload: StopPayload = {
    jobId: run.jobId,
    cluster: clusterName(context, run.cluster).toWellFormed(),
    startTime: run.start,
    jobState,
    // An end before the start comes of clocks that differ; the server takes an equal time and no earlier one.
    stopTime: Math.max(run.ended.time, run.start),
  };
  return { payload };
}

/** Set by administrators (or their job submission plugin) in the admin comment, alone or among other words with commas between. */
const optOut = 'disable_cc_submission';

function ignoredBecause(run: Run, places: readonly Place[]): string | undefined {
  if (neverStarted(run)) return 'it never started';
  if (places.length > 0 && places.every(({ ignored }) => ignored)) return 'all of its hosts are to be ignored (ignoreHosts)';
  const flags = run.adminComment?.includes(optOut) ? run.adminComment.split(',') : [];
  return flags.some((flag) => flag.trim() === optOut) ? `its admin comment says ${optOut}` : undefined;
}

/** A job that was cancelled while it waited has no start, or has one and no node. */
function neverStarted(run: Run): boolean {
  return run.start === 0 || (run.ended !== null && run.nodes.length === 0);
}

function keyProblemOf(run: RunKey): Refused | undefined {
  if (!Number.isSafeInteger(run.jobId) || run.jobId <= 0) return refuse(`its id ${run.jobId} is no job id`);
  return isTime(run.start) ? undefined : refuse(`its start ${run.start} is no time`);
}

function problemOf(run: Run): Refused | undefined {
  const problem = keyProblemOf(run);
  if (problem !== undefined) return problem;
  if (run.user === '') return refuse('its user is not known');
  if (run.nodes.length === 0) return refuse('its nodes are not known');
  return undefined;
}

/** Slurm's words for no value are the greatest numbers of 32 bits. */
function isTime(time: number): boolean {
  return Number.isSafeInteger(time) && time > 0 && time < 0xffff_fffe;
}

/**
 * The first node that cc-backend has in a subcluster: the server looks at the first host alone (contract §5.7), so that one
 * goes first. Where cc-backend could not be asked, the first of all.
 */
function firstKnown(run: Run, places: readonly Place[], context: DecideContext): number | Refused {
  if (context.clusters === null) return 0;
  const name = clusterName(context, run.cluster);
  if (!context.clusters.has(name)) return { refused: `cc-backend has no cluster ${name}`, because: 'cluster' };
  const first = places.findIndex(({ subCluster }) => subCluster !== null);
  if (first >= 0) return first;
  const more = places.length > 1 ? ` or any of the ${places.length - 1} others of this job` : '';
  return { refused: `no subcluster of cc-backend's cluster ${name} names host ${places[0]?.host}${more}`, because: 'host' };
}

/** Whether a run was refused because of its hosts, by us or by cc-backend: what its configuration may have mended since. */
export function isOfHosts(reason: string): boolean {
  return /\bno subcluster (?:of cc-backend's cluster|found for cluster) /.test(reason);
}

function putFirst(resources: readonly ResourcePayload[], index: number): readonly ResourcePayload[] {
  return [...resources.slice(index, index + 1), ...resources.slice(0, index), ...resources.slice(index + 1)];
}

/**
 * `none` for a job that owns its nodes, `single_user` where only its user's jobs may stand beside it (`--exclusive=user`).
 * Else `multi_user`, also when nobody can say: that shows too much of other jobs on a node at worst, where `none` would claim
 * their load for this one. Jobs of one MCS label may be of several users.
 */
function sharedOf(run: Run): Shared {
  if (run.whole === true) return 'none';
  return run.sharing === 'user' ? 'single_user' : 'multi_user';
}

const endStates: Readonly<Record<string, EndState>> = {
  BOOT_FAIL: 'boot_fail',
  CANCELLED: 'cancelled',
  COMPLETED: 'completed',
  DEADLINE: 'deadline',
  FAILED: 'failed',
  NODE_FAIL: 'node_fail',
  OUT_OF_MEMORY: 'out_of_memory',
  PREEMPTED: 'preempted',
  TIMEOUT: 'timeout',
  // cc-backend has no word for a run that was put back into the queue, or that a sibling cluster took (contract §5.1).
  REQUEUED: 'cancelled',
  REQUEUE_HOLD: 'cancelled',
  REQUEUE_FED: 'cancelled',
  REVOKED: 'cancelled',
  SPECIAL_EXIT: 'failed',
};

/** States of a job that goes on. cc-backend takes them as ends (contract W11). */
const goesOn: ReadonlySet<string> = new Set([
  'PENDING',
  'RUNNING',
  'SUSPENDED',
  'CONFIGURING',
  'COMPLETING',
  'RESIZING',
  'SIGNALING',
  'STAGE_OUT',
  'STOPPED',
]);

/**
 * cc-backend's word for a state in which a run has ended; a word that a later release of Slurm adds counts as a failure.
 * Undefined for a state in which a job goes on.
 */
export function endStateOf(state: string): EndState | undefined {
  if (Object.hasOwn(endStates, state)) return endStates[state];
  // `CANCELLED by 1000`, `CANCELLED+`
  const word = /^\w*/.exec(state)?.[0].toUpperCase() ?? '';
  if (goesOn.has(word)) return undefined;
  return Object.hasOwn(endStates, word) ? endStates[word] : 'failed';
}

function refuse(refused: string): Refused {
  return { refused, because: 'run' };
}

/** What the server's 32 bits take: a whole number from 0. */
function wholeNumber(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(0, Math.trunc(value)), 2 ** 31 - 1) : 0;
}
