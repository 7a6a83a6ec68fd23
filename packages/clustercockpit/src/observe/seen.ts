import { type AccountedJob, type ActiveJob, type Allocation, expandHostlist, isEnded, type Job, type Node, type Tres } from '@sluice/slurm';
import { keyOf, type Run, type RunEnd } from '../run.ts';

/** Why a record is no run that cc-backend could be told of. */
export type NoRun = 'not started' | 'start not final' | 'never started' | 'still running' | 'nodes unknown' | 'revoked';

export type Seen = { readonly run: Run } | { readonly no: NoRun };

/** What is known of the cluster beside the job itself. */
export interface Surroundings {
  /** By {@link keyOf}. */
  readonly allocations: ReadonlyMap<string, Allocation>;
  /** CPUs that jobs can have on each node. */
  readonly nodeCpus: ReadonlyMap<string, number>;
}

export function surroundings(allocations: readonly Allocation[], nodes: readonly Node[]): Surroundings {
  return {
    allocations: new Map(
      allocations.flatMap((allocation) =>
        allocation.start === null ? [] : [[keyOf({ ...allocation, start: allocation.start }), allocation]],
      ),
    ),
    nodeCpus: cpusOfNodes(nodes),
  };
}

/** CPUs that jobs can have on each node: all but those that are set aside for the system (CoreSpecCount). */
export function cpusOfNodes(nodes: readonly Node[]): ReadonlyMap<string, number> {
  return new Map(nodes.map((node) => [node.name, node.tres.total['cpu'] ?? node.cpus.total]));
}

/** The run that a job in slurmctld's memory is in, or has just ended. */
export function observeActive(job: ActiveJob, around: Surroundings): Seen {
  if (job.state.flags.includes('REVOKED')) return { no: 'revoked' };
  if (isBetween(job)) return { no: 'start not final' };
  if (job.state.base === 'PENDING' || job.start === null) return { no: isEnded(job.state) ? 'never started' : 'not started' };
  if (isEnded(job.state)) {
    if (job.end === null) return { no: 'still running' };
    return runOf(job, { time: job.end, state: job.state.base }, around, job.sharing);
  }
  return runOf(job, null, around, job.sharing);
}

/**
 * Whether a job's start may be none of a run. While a job is CONFIGURING it is set anew (slurm.md §9.8); while a requeued
 * one is COMPLETING it is the time of the requeue, and squeue hides behind that word that the job waits again (seen on 22.05).
 */
export function isBetween({ state }: Pick<ActiveJob, 'state'>): boolean {
  return state.flags.includes('CONFIGURING') || (state.flags.includes('COMPLETING') && !isEnded(state));
}

/** The run that a row of accounting tells the end of. */
export function observeEnded(job: AccountedJob, around: Surroundings): Seen {
  if (job.state.flags.includes('REVOKED')) return { no: 'revoked' };
  if (job.start === null) return { no: 'never started' };
  // The row that a resize ended tells of a run that goes on.
  if (job.state.flags.includes('RESIZING')) return runOf(job, null, around, null);
  if (job.end === null) return { no: 'still running' };
  // The row of a requeued job says how the job goes on; that this run of it is over, its end says. One that says PENDING and no more
  // never ran: the part of a het job that gave its node back at once because another part got none (seen on 26.05).
  const requeued = job.state.base === 'PENDING' && job.state.flags.length > 0;
  if (!requeued && !isEnded(job.state)) return { no: 'still running' };
  return runOf(job, { time: job.end, state: requeued ? 'REQUEUED' : job.state.base }, around, null);
}

function runOf(job: Job, ended: RunEnd | null, around: Surroundings, sharing: ActiveJob['sharing']): Seen {
  const nodes = expandHostlist(job.nodes);
  if (job.start === null) return { no: 'never started' };
  if (nodes === undefined) return { no: 'nodes unknown' };
  // A job that was cancelled while it waited has a start in some releases, but never a node.
  if (nodes.length === 0) return { no: ended ? 'never started' : 'nodes unknown' };
  const { allocations } = around;
  const allocation = allocations.size === 0 ? null : (allocations.get(keyOf({ ...job, start: job.start })) ?? null);
  const run: Run = {
    cluster: job.cluster,
    jobId: job.jobId,
    start: job.start,
    ended,
    submit: job.submit,
    user: job.user,
    account: job.account,
    partition: job.partition,
    name: job.name,
    arrayJobId: job.array?.jobId ?? null,
    nodes,
    cpus: job.allocated['cpu'] ?? job.cpus,
    gpus: gpusOf(job.allocated),
    walltime: typeof job.timeLimit === 'number' ? job.timeLimit * 60 : null,
    whole: allocation?.whole ?? ownsNodes(sharing) ?? holdsAll(job, nodes, around.nodeCpus),
    sharing,
    allocation,
    script: null,
    description: null,
    comment: job.comment,
    adminComment: job.adminComment,
  };
  return { run };
}

function ownsNodes(sharing: ActiveJob['sharing']): boolean | null {
  return sharing === null ? null : sharing === 'exclusive';
}

/** GPUs of all types; the untyped count has them all, but a site may track the typed ones only (AccountingStorageTRES). */
function gpusOf(allocated: Tres): number {
  const all = allocated['gres/gpu'];
  if (all !== undefined) return all;
  let typed = 0;
  for (const name of Object.keys(allocated)) if (name.startsWith('gres/gpu:')) typed += allocated[name] ?? 0;
  return typed;
}

/** Whether a job holds every CPU of its nodes; null when their sizes are not known. */
function holdsAll(job: Job, nodes: readonly string[], nodeCpus: ReadonlyMap<string, number>): boolean | null {
  let total = 0;
  for (const node of nodes) {
    const cpus = nodeCpus.get(node);
    if (cpus === undefined) return null;
    total += cpus;
  }
  return (job.allocated['cpu'] ?? job.cpus) >= total;
}

/**
 * Puts together what several records say of the same run. An end, once known, stays, and the later one wins (the rows
 * of a resized job). What the first record lacks, the others give.
 */
export function mergeRuns(runs: Iterable<Run>): readonly Run[] {
  const merged = new Map<string, Run>();
  for (const run of runs) {
    const key = keyOf(run);
    const known = merged.get(key);
    merged.set(key, known ? mergeTwo(known, run) : run);
  }
  return [...merged.values()];
}

function mergeTwo(a: Run, b: Run): Run {
  const later = (b.ended?.time ?? 0) >= (a.ended?.time ?? 0) ? b : a;
  // What was seen first is the controller's: slurmdbd writes names otherwise (slurm.md §4: `"` becomes a backtick).
  const first = a.allocation || !b.allocation ? a : b;
  // What was seen while it ran has its devices too.
  const allocation = a.allocation?.devicesLost && b.allocation ? b.allocation : (a.allocation ?? b.allocation);
  return {
    ...first,
    ended: later.ended,
    allocation,
    whole: a.whole ?? b.whole,
    sharing: a.sharing ?? b.sharing ?? null,
    walltime: a.walltime ?? b.walltime,
    script: a.script ?? b.script,
    description: a.description ?? b.description,
    environment: a.environment ?? b.environment ?? null,
    comment: (a.comment || b.comment) ?? '',
    adminComment: (a.adminComment || b.adminComment) ?? '',
  };
}
