import type { EndState, Shared, StartPayload, StopPayload } from '../cc/payloads.ts';
import { type Numbering, resourcesOf } from './resources.ts';
import type { Run } from '../run.ts';

/** What of a job's text may leave the cluster. */
export interface Privacy {
  readonly script: boolean;
  /** Slurm's text about the job: paths, comment, command line. */
  readonly description: boolean;
}

/** What would be sent, or why it cannot be: cc-backend would refuse it, or worse, accept it (contract W11). */
export type Decided<T> = { readonly payload: T } | { readonly refused: string };

/** The start of a run as cc-backend wants it. */
export function decideStart(run: Run, numbering: Numbering, privacy: Privacy): Decided<StartPayload> {
  const problem = problemOf(run);
  if (problem !== undefined) return { refused: problem };
  const resources = resourcesOf(run, numbering);
  const payload: StartPayload = {
    jobId: run.jobId,
    cluster: run.cluster,
    user: run.user,
    project: run.account,
    partition: run.partition,
    ...(run.arrayJobId === null ? {} : { arrayJobId: run.arrayJobId }),
    shared: sharedOf(run),
    startTime: run.start,
    ...(run.submit === null ? {} : { submitTime: run.submit }),
    ...(run.walltime === null ? {} : { walltime: run.walltime }),
    numNodes: resources.length,
    numHwthreads: run.cpus,
    numAcc: run.gpus,
    resources,
    metaData: metaDataOf(run, privacy),
  };
  return { payload };
}

/** The stop of a run that has ended; always with cluster and start, for otherwise the server takes the newest run of the id. */
export function decideStop(run: Run): Decided<StopPayload> {
  if (run.ended === null) return { refused: 'it has not ended' };
  const problem = problemOf(run);
  if (problem !== undefined) return { refused: problem };
  const payload: StopPayload = {
    jobId: run.jobId,
    cluster: run.cluster,
    startTime: run.start,
    jobState: endStateOf(run.ended.state),
    // An end before the start comes of clocks that differ; the server takes an equal time and no earlier one.
    stopTime: Math.max(run.ended.time, run.start),
  };
  return { payload };
}

function problemOf(run: Run): string | undefined {
  if (!Number.isSafeInteger(run.jobId) || run.jobId <= 0) return `its id ${run.jobId} is no job id`;
  if (!Number.isSafeInteger(run.start) || run.start <= 0) return `its start ${run.start} is no time`;
  if (run.user === '') return 'its user is not known';
  if (run.nodes.length === 0) return 'its nodes are not known';
  return undefined;
}

/**
 * `none` for a job that owns its nodes. Else `multi_user`, also when nobody can say: that shows too much of other jobs on
 * a node at worst, where `none` would claim their load for this one. Slurm's records do not tell `single_user`
 * (`--exclusive=user`) apart yet.
 */
function sharedOf(run: Run): Shared {
  return run.whole === true ? 'none' : 'multi_user';
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
  // cc-backend has no word for a run that was put back into the queue (contract §5.1).
  REQUEUED: 'cancelled',
};

/** cc-backend's word for a state in which a run has ended; a word that a later release of Slurm adds counts as a failure. */
export function endStateOf(state: string): EndState {
  return endStates[state] ?? 'failed';
}

const lostAllocation =
  'Slurm no longer knows which CPUs and devices this job held. Metrics show all of its nodes, other jobs on them included.';

function metaDataOf(run: Run, privacy: Privacy): Record<string, string> {
  return {
    jobName: run.name,
    ...(privacy.script && run.script !== null ? { jobScript: run.script } : {}),
    ...(privacy.description && run.description !== null ? { slurmInfo: run.description } : {}),
    ...(run.submit === null ? {} : { submitTime: String(run.submit) }),
    ...(run.allocation === null && run.whole !== true ? { message: lostAllocation } : {}),
  };
}
