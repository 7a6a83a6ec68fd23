import type { Epoch } from '@sluice/slurm';
import { runBackfill } from './backfill.ts';
import type { JobRecord, JobTimer } from './job-record.ts';
import { account, endingOf, endJob, endPending, forget, nodesDone } from './lifecycle.ts';
import { nodesAnswer } from './node-answers.ts';
import { reconsider } from './pending.ts';
import { playOn } from './play.ts';
import { reservationTurn } from './reservations.ts';
import { schedule } from './schedule.ts';
import { stopRun } from './stop.ts';
import { endUsedUp } from './used-up.ts';
import type { ControllerTimer, HeapEntry, World } from './world.ts';

/** Lets everything happen up to a moment, each thing at its time, and moves the time there. */
export function runUntil(world: World, to: Epoch): void {
  for (;;) {
    const entry = world.heap.peek();
    const message = world.agent.nextAt();
    const next = Math.min(entry?.at ?? Number.POSITIVE_INFINITY, message ?? Number.POSITIVE_INFINITY);
    if (next > to) break;
    world.now = Math.max(world.now, next);
    if (message !== undefined && message <= world.now) world.agent.flush(world.now);
    if (entry === undefined || entry.at > world.now) continue;
    world.heap.pop();
    happen(world, entry);
  }
  world.now = Math.max(world.now, to);
}

/** When something happens by itself next; undefined: nothing will. */
export function nextEventAt(world: World): Epoch | undefined {
  const next = Math.min(world.heap.peek()?.at ?? Number.POSITIVE_INFINITY, world.agent.nextAt() ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(next) ? next : undefined;
}

function happen(world: World, { jobId, seq, kind }: HeapEntry): void {
  if (jobId === 0) {
    const standing = world.own.get(kind as ControllerTimer);
    if (standing?.seq !== seq) return;
    world.own.delete(kind as ControllerTimer);
    controllerTurn(world, kind as ControllerTimer);
    return;
  }
  const job = world.jobs.get(jobId);
  const at = job?.own.timers.findIndex((timer) => timer.seq === seq) ?? -1;
  if (job === undefined || at < 0) return;
  job.own.timers.splice(at, 1);
  world.touch(job);
  jobTurn(world, job, kind as JobTimer);
}

function controllerTurn(world: World, kind: ControllerTimer): void {
  switch (kind) {
    case 'schedule':
      schedule(world);
      break;
    case 'backfill':
      runBackfill(world);
      break;
    case 'priorities':
      world.queue.reprioritiseAll((job) => world.scale.of(job, world.now));
      // The order may be another, and usage that counts against limits has decayed.
      world.scheduleSoon();
      break;
    case 'reservation':
      reservationTurn(world);
      break;
    case 'nodes':
      if (nodesAnswer(world)) schedule(world);
      break;
    case 'minutes':
      endUsedUp(world);
      break;
  }
  if (world.queue.size > 0) {
    world.wakeAt('priorities', world.now + world.settings.calcPeriod);
    if (world.backfilledVersion !== world.placementVersion) {
      world.wakeAt('backfill', Math.max(world.now + 1, world.lastBackfill + world.settings.backfillInterval));
    }
  }
}

function jobTurn(world: World, job: JobRecord, kind: JobTimer): void {
  switch (kind) {
    case 'eligible':
      reconsider(world, job);
      return;
    case 'deadline':
      if (job.state === 'PENDING') endPending(world, job, { state: 'DEADLINE', exit: { code: 0, signal: 1 }, reason: 'DeadLine' });
      else stopRun(world, job, { state: 'DEADLINE', exit: { code: 0, signal: 1 }, reason: 'DeadLine' });
      return;
    case 'play': {
      const before = stepsBegunAndEnded(job);
      const exit = playOn(world, job);
      if (exit !== null) endJob(world, job, endingOf(exit, world.release));
      else if (stepsBegunAndEnded(job) !== before) account(world, job);
      return;
    }
    case 'limit':
      stopRun(world, job, { state: 'TIMEOUT', exit: { code: 0, signal: 15 }, reason: 'TimeLimit' });
      return;
    case 'kill':
      world.effects.signalled(job, 9);
      return;
    case 'epilog':
      nodesDone(world, job);
      return;
    case 'forget':
      forget(world, job);
      return;
  }
}

/** slurmdbd is told when a step begins and when it ends. */
function stepsBegunAndEnded({ steps }: JobRecord): number {
  return steps.reduce((count, { end }) => count + (end === null ? 1 : 2), 0);
}
