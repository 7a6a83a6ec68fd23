import type { ExitCode, Tres } from '@sluice/slurm';
import type { BaseState, NodeGrant } from '../model/job.ts';
import { jobRow } from './accounting-row.ts';
import { splitTask } from './arrays.ts';
import type { JobRecord } from './job-record.ts';
import { watchMinutes } from './limits.ts';
import { fillPaths } from './paths.ts';
import { notifyWaiting, reconsider } from './pending.ts';
import { asPlanned, beginPlay, endSteps, takeEffect } from './play.ts';
import { signalReason } from './reasons.ts';
import type { PartitionRecord, World } from './world.ts';

/** Jobs without a limit that the backfill scheduler starts get this one: a year (recorded). */
export const yearMinutes = 365 * 24 * 60;

/** Seconds that a requeued job waits before it may begin again (recorded: 121). */
const requeueDelay = 121;

/** Tells slurmdbd how a job stands. */
export function account(world: World, job: JobRecord, state?: 'RESIZING' | 'REQUEUED'): void {
  const row = jobRow(job, {
    cluster: world.spec.name,
    release: world.release,
    stores: world.settings.stores,
    ...(state === undefined ? {} : { state }),
  });
  world.agent.send({ kind: 'job', row }, world.now);
}

export interface JobStart {
  readonly partition: PartitionRecord;
  readonly grants: readonly NodeGrant[];
  readonly tres: Tres;
  readonly scheduler: 'Main' | 'Backfill';
}

/** Starts a job, or the next task of an array, with what was found for it. */
export function startJob(world: World, pending: JobRecord, start: JobStart): JobRecord {
  const { partition, grants, tres, scheduler } = start;
  const { demand } = pending.own;
  const job = splitTask(world, pending);
  const { now } = world;
  job.state = 'RUNNING';
  job.flags = [];
  job.partition = partition.name;
  job.reason = 'None';
  job.reasonText = '';
  job.start = now;
  job.expectedStart = null;
  job.eligible ??= now;
  job.lastSchedEval = now;
  job.scheduler = scheduler;
  job.grants = grants;
  job.nodes = grants.map(({ node }) => node);
  job.nodeCount = grants.length;
  job.batchHost = job.nodes[0] ?? '';
  job.allocatedTres = job.het !== null && world.release >= 2605 ? unbilled(tres) : tres;
  job.cpus = job.allocatedTres['cpu'] ?? 0;
  const threads = world.nodeByName.get(job.batchHost)?.spec.threadsPerCore ?? 1;
  job.own.threadShare = Math.min(demand.threadsPerCore ?? threads, threads) / threads;
  job.own.rows = rowsOf(demand.sharing, partition);
  if (!job.own.limitGiven) {
    const limit = partition.defaultTime ?? partition.maxTime;
    job.timeLimit = limit ?? (scheduler === 'Backfill' ? yearMinutes : 'unlimited');
  }
  job.end = job.timeLimit === 'unlimited' ? null : now + job.timeLimit * 60;
  for (const grant of grants) {
    const node = world.nodeByName.get(grant.node);
    node?.take(job.jobId, grant, demand.sharing);
    world.changedNodes.add(grant.node);
  }
  world.placementVersion += 1;
  world.queue.remove(job);
  world.clearTimers(job);
  world.counts.started(job, 1);
  world.running.add(job.jobId);
  charge(world, job);
  watchMinutes(world, job);
  fillPaths(job);
  world.statistics.started += 1;
  if (scheduler === 'Backfill') world.statistics.backfilled += 1;
  if (job.request.deadline !== undefined) world.setTimer(job, 'deadline', Math.max(job.request.deadline, now));
  beginPlay(world, job);
  if (job.het === null) takeEffect(world, job);
  world.touch(job);
  account(world, job);
  // slurmdbd is told what is left of the array (measured on 22.05 to 26.05, where it may take some seconds).
  if (job !== pending) account(world, pending);
  notifyWaiting(world, job);
  return job;
}

/** 26.05 bills no component of a het job (recorded). */
function unbilled(tres: Tres): Tres {
  const { billing: _billing, ...rest } = tres;
  return rest;
}

export function rowsOf(sharing: string, partition: PartitionRecord): number {
  if (sharing !== 'oversubscribe') return 1;
  return Math.max(1, Number(partition.oversubscribe.split(':')[1] ?? 4));
}

/** Its resources count against its association and QOS from now on. */
export function charge(world: World, job: JobRecord): void {
  const ran = job.ranBeforeSuspend;
  const limitMins = job.timeLimit === 'unlimited' ? null : Math.max(0, job.timeLimit - Math.floor(ran / 60));
  world.manager.startCharge({
    key: job.dbIndex,
    associationId: job.associationId,
    qos: job.qos,
    tres: job.allocatedTres ?? {},
    at: world.now,
    limitMins,
  });
}

export interface Ending {
  readonly state: BaseState;
  readonly exit: ExitCode;
  readonly reason: string;
  readonly by?: number | null;
}

/** How a run ends by itself, by what its script gave back. */
export function endingOf(exit: ExitCode, release: number): Ending {
  if (exit.signal > 0) return { state: 'FAILED', exit, reason: signalReason(exit.signal, release) };
  return exit.code === 0 ? { state: 'COMPLETED', exit, reason: 'None' } : { state: 'FAILED', exit, reason: 'NonZeroExitCode' };
}

/** Ends a running or suspended job now: its resources are free, and it is COMPLETING as long as an epilog runs. */
export function endJob(world: World, job: JobRecord, given: Ending): void {
  const { now } = world;
  const ending = asPlanned(job, given);
  // The end of a suspended job is the moment of its suspension (recorded).
  const end = job.state === 'SUSPENDED' ? (job.suspendedAt ?? now) : now;
  if (job.state === 'SUSPENDED') {
    giveBack(world, job, false);
  } else {
    job.ranBeforeSuspend = 0;
    giveBack(world, job, true);
  }
  world.manager.stopCharge(job.dbIndex, now);
  world.counts.started(job, -1);
  world.running.delete(job.jobId);
  world.clearTimers(job);
  endSteps(world, job, ending);
  job.state = ending.state;
  job.reason = ending.reason;
  job.reasonText = '';
  job.exit = ending.exit;
  job.cancelledBy = ending.by ?? null;
  job.end = end;
  job.own.ending = null;
  job.own.plan = null;
  job.derivedExit = job.steps.reduce<ExitCode>((worst, { id, exit }) => (id !== 'batch' && worse(exit, worst) ? exit : worst), {
    code: 0,
    signal: 0,
  });
  countEnd(world, ending.state);
  if (job.own.requeueAfter === null) {
    leave(world, job);
    account(world, job);
  } else {
    account(world, job, ending.state === 'NODE_FAIL' ? undefined : 'REQUEUED');
  }
  notifyWaiting(world, job);
  complete(world, job);
  world.scheduleSoon();
}

function worse(a: ExitCode, b: ExitCode): boolean {
  return a.code * 256 + a.signal > b.code * 256 + b.signal;
}

function countEnd(world: World, state: BaseState): void {
  if (state === 'CANCELLED') world.statistics.cancelled += 1;
  else if (state === 'COMPLETED') world.statistics.completed += 1;
  else world.statistics.failed += 1;
}

/** It no longer counts as submitted. */
function leave(world: World, job: JobRecord): void {
  if (!job.own.counted) return;
  job.own.counted = false;
  world.counts.submitted(job, -(job.pendingTasks?.length ?? 1));
}

function giveBack(world: World, job: JobRecord, cpus: boolean): void {
  for (const grant of job.grants) {
    const node = world.nodeByName.get(grant.node);
    if (node === undefined) continue;
    node.giveBack(job.jobId, grant, job.own.demand.sharing, cpus);
    if (node.jobs.size === 0) node.lastBusy = world.now;
    world.changedNodes.add(grant.node);
  }
  world.freed(job.nodes);
}

/** After the end: COMPLETING while the nodes' epilog and EpilogSlurmctld run, then it is done. */
function complete(world: World, job: JobRecord): void {
  const waits = world.effects.ended(job);
  if (world.settings.epilogSeconds > 0) {
    job.flags = ['COMPLETING'];
    job.completingNodes = job.nodes;
    markCompleting(world, job, 1);
    world.setTimer(job, 'epilog', world.now + world.settings.epilogSeconds);
    if (waits) job.own.epilogRuns = true;
  } else if (waits) {
    job.flags = ['COMPLETING'];
    job.completingNodes = [];
    job.own.epilogRuns = true;
  } else {
    completed(world, job);
  }
  world.touch(job);
}

function markCompleting(world: World, job: JobRecord, change: 1 | -1): void {
  for (const name of job.completingNodes ?? []) {
    const node = world.nodeByName.get(name);
    if (node === undefined) continue;
    node.completing += change;
    world.changedNodes.add(name);
  }
}

/** The nodes have ended what they had to do for the job. */
export function nodesDone(world: World, job: JobRecord): void {
  markCompleting(world, job, -1);
  world.freed(job.nodes);
  job.completingNodes = [];
  if (!job.own.epilogRuns) completed(world, job);
  world.touch(job);
  world.scheduleSoon();
}

/** EpilogSlurmctld has ended. */
export function epilogDone(world: World, job: JobRecord): void {
  if (!job.own.epilogRuns) return;
  job.own.epilogRuns = false;
  if ((job.completingNodes ?? []).length === 0) completed(world, job);
  world.touch(job);
}

function completed(world: World, job: JobRecord): void {
  job.flags = [];
  job.completingNodes = null;
  // Slurm keeps CPUs and memory of an ended job, its devices it forgets.
  job.grants = job.grants.map((grant) => ({ ...grant, gres: [] }));
  if (job.own.requeueAfter !== null) beginAgain(world, job, job.own.requeueAfter);
  else forgetLater(world, job);
}

/** A finished job is forgotten at the first sweep after MinJobAge (slurm.md §5: a sweep each min(MinJobAge, 60) s). */
function forgetLater(world: World, job: JobRecord): void {
  const { minJobAge } = world.settings;
  if (minJobAge === 0) return;
  const sweep = Math.min(minJobAge, 60);
  const age = (job.end ?? world.now) + minJobAge - world.statistics.startedAt;
  world.setTimer(job, 'forget', world.statistics.startedAt + Math.ceil(age / sweep) * sweep);
}

export function forget(world: World, job: JobRecord): void {
  world.jobs.delete(job.jobId);
  world.touch(job);
  const groupId = job.array?.jobId ?? job.het?.jobId;
  const group = groupId === undefined ? undefined : world.groups.get(groupId);
  group?.delete(job.jobId);
  if (groupId !== undefined && group?.size === 0) world.groups.delete(groupId);
}

/** Back into the queue as a new run: new submit time, new row of accounting, not before two minutes have passed. */
function beginAgain(world: World, job: JobRecord, { hold, special }: { readonly hold: boolean; readonly special: boolean }): void {
  const { now } = world;
  job.own.requeueAfter = null;
  job.state = 'PENDING';
  job.submit = now;
  job.restarts += 1;
  job.dbIndex = world.newDbIndex();
  job.start = null;
  job.end = null;
  job.eligible = now + requeueDelay;
  job.accrue = null;
  job.expectedStart = now + requeueDelay;
  job.suspendedSeconds = 0;
  job.ranBeforeSuspend = 0;
  job.suspendedAt = null;
  job.grants = [];
  job.nodes = [];
  job.nodeCount = job.own.demand.minNodes;
  job.cpus = job.requestedTres['cpu'] ?? 1;
  job.allocatedTres = null;
  job.batchHost = '';
  job.failedNode = '';
  job.steps = [];
  job.exit = { code: 0, signal: 0 };
  job.derivedExit = { code: 0, signal: 0 };
  job.cancelledBy = null;
  job.own.begin = now + requeueDelay;
  if (hold || special) job.held = hold && !special ? 'user' : 'admin';
  // Slurm has REQUEUE_HOLD for jobs that it holds by itself alone, after certain exit codes (measured on 22.05).
  if (special) job.flags = ['SPECIAL_EXIT'];
  reconsider(world, job);
  account(world, job);
}

/** Puts a job that has ended back into the queue. */
export function requeueEnded(world: World, job: JobRecord): void {
  world.clearTimers(job);
  job.own.counted = true;
  world.counts.submitted(job, 1);
  if (job.flags.includes('COMPLETING')) return;
  beginAgain(world, job, job.own.requeueAfter ?? { hold: false, special: false });
}

/** CPUs as the scheduler counts them when it has tried a job: whole cores (recorded). */
function wholeCores(world: World, job: JobRecord): number {
  const threads = world.partition(job.partition)?.members[0]?.spec.threadsPerCore ?? 1;
  return Math.ceil(job.cpus / threads) * threads;
}

/** Ends a pending job: it never ran. Recorded: start and end are the moment. */
export function endPending(world: World, job: JobRecord, ending: Ending): void {
  const { now } = world;
  world.queue.remove(job);
  world.clearTimers(job);
  leave(world, job);
  job.state = ending.state;
  if (ending.reason !== '') job.reason = ending.reason;
  job.exit = ending.exit;
  job.cancelledBy = ending.by ?? null;
  job.start = now;
  job.end = now;
  job.expectedStart = null;
  job.flags = [];
  countEnd(world, ending.state);
  world.touch(job);
  account(world, job);
  if (job.accrue !== null) job.cpus = wholeCores(world, job);
  // What is left of an array when it is cancelled is no list of tasks any more (recorded).
  job.pendingTasks = null;
  notifyWaiting(world, job);
  forgetLater(world, job);
}
