import type { Identity } from '../model/job.ts';
import { splitTask } from './arrays.ts';
import { components } from './het.ts';
import type { JobRecord } from './job-record.ts';
import { account, charge, endPending, requeueEnded } from './lifecycle.ts';
import { isActive, notifyWaiting, reconsider } from './pending.ts';
import { isOperator, needOperator, needOwner, needRights } from './permissions.ts';
import { ranSeconds } from './play.ts';
import { signalReason } from './reasons.ts';
import { type Selected, selectJobs } from './select-jobs.ts';
import { refusal } from './slurm-errors.ts';
import { stopRun } from './stop.ts';
import type { World } from './world.ts';

/** Records of a selector, those of single tasks split off; refuses when there are none. */
export function chosenJobs(world: World, selector: string): readonly JobRecord[] {
  const selected = selectJobs(world, selector);
  if (selected.length === 0) throw refusal('ESLURM_INVALID_JOB_ID');
  return selected.flatMap((each) => splitOff(world, each));
}

function splitOff(world: World, { job, tasks }: Selected): readonly JobRecord[] {
  if (tasks === null) return [job];
  return tasks.map((task) => {
    const record = splitTask(world, job, task);
    if (record !== job) reconsider(world, record);
    return record;
  });
}

/** Does something to each record of a selector; what one of several refuses is read over as long as another takes it. */
function toEach(world: World, selector: string, act: (job: JobRecord) => void): void {
  let refused: unknown;
  let done = 0;
  for (const job of chosenJobs(world, selector)) {
    try {
      act(job);
      done += 1;
    } catch (error) {
      refused ??= error;
    }
  }
  if (done === 0) throw refused;
}

/** scancel: pending jobs are cancelled, running ones signalled or ended. */
export function signal(
  world: World,
  selector: string,
  number: number | null,
  options: { readonly batchOnly: boolean; readonly full: boolean },
  as: Identity,
): void {
  const selected = selectJobs(world, selector);
  if (selected.length === 0) throw refusal('ESLURM_INVALID_JOB_ID');
  for (const { job } of selected) needRights(world, job, as);
  if (selected.every(({ job }) => !isActive(job))) throw refusal('ESLURM_ALREADY_DONE');
  // `scancel --batch -s KILL` and `--signal` reach the shell or the steps alone; without a signal the job is ended.
  const ends = number === null || (number === 9 && !options.batchOnly);
  // Of a het job that waits, one component is not cancelled; its leader stands for all (measured on 22.05 to 26.05).
  if (ends && selected.every(({ job }) => job.state === 'PENDING' && job.het !== null && job.het.offset > 0))
    throw refusal('ESLURM_NOT_WHOLE_HET_JOB');
  // What has not begun can be ended and not be signalled; of an array as a whole slurmctld does not say so (measured on 22.05 and 24.11).
  const waits = (job: JobRecord) => job.state === 'PENDING' && job.array === null;
  if (!ends && selected.every(({ job }) => waits(job) || !isActive(job))) throw refusal('ESLURM_TRANSITION_STATE_NO_UPDATE');
  for (const { job, tasks } of selected) {
    if (!isActive(job)) continue;
    if (job.state === 'PENDING') {
      if (ends) for (const each of job.het === null ? [job] : components(world, job)) cancelPending(world, each, tasks, as);
      continue;
    }
    if (!ends) {
      signalRun(world, job, number ?? 15, options.batchOnly);
      continue;
    }
    for (const each of job.het?.offset === 0 ? components(world, job) : [job]) {
      const sent = number === 9 || each.state === 'SUSPENDED' ? 9 : 15;
      stopRun(world, each, { state: 'CANCELLED', exit: { code: 0, signal: sent }, reason: 'None', by: as.uid }, sent);
    }
  }
}

/** Tasks that are cancelled before they got a record of their own leave none (recorded): neither slurmctld nor slurmdbd knows of them any more. */
function cancelPending(world: World, job: JobRecord, tasks: readonly number[] | null, as: Identity): void {
  const left = tasks === null ? [] : (job.pendingTasks ?? []).filter((task) => !tasks.includes(task));
  if (left.length === 0) {
    endPending(world, job, { state: 'CANCELLED', exit: { code: 0, signal: 0 }, reason: '', by: as.uid });
    return;
  }
  world.counts.submitted(job, left.length - (job.pendingTasks?.length ?? left.length));
  job.pendingTasks = left;
  world.touch(job);
  notifyWaiting(world, job);
}

/** A signal that a played run does not survive ends it; others it does not notice. */
function signalRun(world: World, job: JobRecord, number: number, batchOnly: boolean): void {
  if (world.effects.signalled(job, number, batchOnly)) return;
  const harmless = number === 0 || number === 17 || number === 18 || number === 19 || number === 20 || number === 23 || number === 28;
  if (harmless) return;
  stopRun(world, job, { state: 'FAILED', exit: { code: 0, signal: number }, reason: signalReason(number, world.release) }, number);
}

export function hold(world: World, selector: string, by: 'user' | 'admin', as: Identity): void {
  toEach(world, selector, (job) => {
    needOwner(world, job, as);
    if (job.state !== 'PENDING' && !isActive(job)) throw refusal('ESLURM_JOB_FINISHED');
    job.held = by === 'admin' && isOperator(world, as) ? 'admin' : 'user';
    if (job.state === 'PENDING') reconsider(world, job);
    else {
      // A job that runs goes on, and would wait if it were requeued (22.05).
      job.priority = 0;
      job.reason = job.held === 'admin' ? 'JobHeldAdmin' : 'JobHeldUser';
    }
    account(world, job);
  });
}

export function release(world: World, selector: string, as: Identity): void {
  toEach(world, selector, (job) => {
    needOwner(world, job, as);
    if (job.state !== 'PENDING') {
      if (!isActive(job)) throw refusal('ESLURM_JOB_FINISHED');
      if (job.held === null) return;
    }
    if (job.held === 'admin' && !isOperator(world, as)) throw refusal('ESLURM_ACCESS_DENIED');
    job.held = null;
    if (job.own.priorityGiven === 0) job.own.priorityGiven = null;
    if (job.state === 'PENDING') {
      job.flags = [];
      reconsider(world, job);
    } else job.reason = 'None';
    account(world, job);
  });
}

export function requeue(
  world: World,
  selector: string,
  how: { readonly hold: boolean; readonly specialExit: boolean },
  as: Identity,
): void {
  toEach(world, selector, (job) => {
    needRights(world, job, as);
    if (!job.requeue || job.request.script === null) throw refusal('ESLURM_DISABLED');
    if (job.state === 'PENDING') throw refusal('ESLURM_JOB_PENDING');
    requeueJob(world, job, how);
  });
}

/** Ends a run, if it still goes, and puts the job back into the queue. */
export function requeueJob(world: World, job: JobRecord, how: { readonly hold: boolean; readonly specialExit: boolean }): void {
  job.own.requeueAfter = { hold: how.hold || how.specialExit, special: how.specialExit };
  if (isActive(job)) {
    stopRun(world, job, { state: 'CANCELLED', exit: { code: 0, signal: 15 }, reason: 'None' });
    return;
  }
  requeueEnded(world, job);
}

export function suspend(world: World, selector: string, as: Identity): void {
  needOperator(world, as);
  toEach(world, selector, (job) => {
    if (job.state !== 'RUNNING')
      throw refusal(isActive(job) ? (job.state === 'PENDING' ? 'ESLURM_JOB_PENDING' : 'ESLURM_DISABLED') : 'ESLURM_ALREADY_DONE');
    const { now } = world;
    job.ranBeforeSuspend = ranSeconds(job, now);
    job.state = 'SUSPENDED';
    job.suspendedAt = now;
    account(world, job);
    job.priority = 0;
    world.clearTimer(job, 'play');
    world.clearTimer(job, 'limit');
    for (const grant of job.grants) {
      world.nodeByName.get(grant.node)?.releaseCpus(grant);
      world.changedNodes.add(grant.node);
    }
    world.manager.pauseCharge(job.dbIndex, now);
    world.effects.signalled(job, 19);
    world.freed(job.nodes);
    world.touch(job);
    world.scheduleSoon();
  });
}

export function resume(world: World, selector: string, as: Identity): void {
  needOperator(world, as);
  toEach(world, selector, (job) => {
    if (job.state !== 'SUSPENDED') throw refusal('ESLURM_JOB_NOT_SUSPENDED');
    const { now } = world;
    job.state = 'RUNNING';
    job.suspendedSeconds += now - (job.suspendedAt ?? now);
    job.suspendedAt = null;
    job.own.playedAt = now;
    for (const grant of job.grants) {
      world.nodeByName.get(grant.node)?.retakeCpus(grant);
      world.changedNodes.add(grant.node);
    }
    job.steps = job.steps.map((step) => (step.end === null ? { ...step, state: 'RUNNING' } : step));
    if (job.own.plan !== null) world.setTimer(job, 'play', now);
    if (job.timeLimit !== 'unlimited') {
      const left = Math.max(0, job.timeLimit * 60 - job.ranBeforeSuspend);
      job.end = now + left;
      world.setTimer(job, 'limit', now + left + world.settings.overTimeLimit);
    }
    charge(world, job);
    world.effects.signalled(job, 18);
    account(world, job);
    world.touch(job);
  });
}
