import { combined, type DependencyTarget, formatDependency, termState } from './dependency.ts';
import type { JobRecord } from './job-record.ts';
import { setReason } from './reasons.ts';
import type { World } from './world.ts';

/** Whether a pending job may start as far as it is up to itself: holds, begin time, dependencies. It joins or leaves the queue accordingly. */
export function reconsider(world: World, job: JobRecord): void {
  if (job.state !== 'PENDING') return;
  world.touch(job);
  // Until then they may be guessed.
  if (job.held === null) job.nodeCount = job.own.demand.minNodes;
  const blocked = obstacle(world, job);
  if (blocked !== null) {
    world.queue.remove(job);
    // What waits for another job or a moment has the priority of its submission (recorded).
    if (job.held !== null) job.priority = 0;
    else if (job.priority === 0) job.priority = world.scale.of(job, world.now);
    setReason(world, job, blocked);
    return;
  }
  if (job.eligible === null || job.eligible > world.now) job.eligible = world.now;
  job.accrue ??= world.now;
  world.clearTimer(job, 'eligible');
  if (job.reason !== 'Resources' && job.reason !== 'Priority') setReason(world, job, 'None');
  job.priority = world.scale.of(job, world.now);
  world.queue.remove(job);
  world.queue.add(job);
  world.scheduleSoon(world.now + (job.submit === world.now ? 1 : 0));
}

function obstacle(world: World, job: JobRecord): string | null {
  if (job.held !== null) return job.held === 'user' ? 'JobHeldUser' : 'JobHeldAdmin';
  const dependency = refreshDependency(world, job);
  if (dependency === 'failed') return 'DependencyNeverSatisfied';
  if (dependency === 'unfulfilled') return 'Dependency';
  const { begin } = job.own;
  if (begin !== null && begin > world.now) {
    job.eligible = begin;
    job.expectedStart = begin;
    world.setTimer(job, 'eligible', begin);
    return 'BeginTime';
  }
  return null;
}

/** Where a job's dependencies stand now; its text follows. */
function refreshDependency(world: World, job: JobRecord): 'fulfilled' | 'unfulfilled' | 'failed' {
  const { dependency } = job.own;
  if (dependency === null) return 'fulfilled';
  const states = dependency.terms.map((term) => termState(term, targets(world, job, term.kind, term.jobId, taskOf(job, term)), world.now));
  for (const [at, term] of dependency.terms.entries()) {
    if (states[at] === 'unfulfilled' && term.kind === 'after' && term.delay > 0) wakeForDelay(world, job, term.jobId, term.delay);
  }
  job.dependency = formatDependency(dependency.terms, states, dependency.any);
  const all = combined(states, dependency.any);
  if (all === 'fulfilled') {
    job.own.dependency = null;
    job.dependency = '';
  }
  return all;
}

function wakeForDelay(world: World, job: JobRecord, jobId: number, minutes: number): void {
  const start = world.jobs.get(jobId)?.start ?? null;
  if (start !== null && start + minutes * 60 > world.now) world.setTimer(job, 'eligible', start + minutes * 60);
}

/** aftercorr looks at the task of the same number alone. */
function taskOf(job: JobRecord, term: { readonly kind: string; readonly taskId: number | null }): number | null {
  return term.taskId ?? (term.kind === 'aftercorr' ? (job.array?.taskId ?? null) : null);
}

function targets(world: World, job: JobRecord, kind: string, jobId: number, taskId: number | null): readonly DependencyTarget[] {
  if (kind === 'singleton') return [...world.jobs.values()].filter((other) => blocksSingleton(job, other)).map(target);
  const records = world
    .group(jobId)
    .filter((record) => record.array?.jobId === jobId || record.het?.jobId === jobId || record.jobId === jobId);
  const chosen =
    taskId === null ? records : records.filter(({ array, pendingTasks }) => array?.taskId === taskId || pendingTasks?.includes(taskId));
  return chosen.map(target);
}

function blocksSingleton(job: JobRecord, other: JobRecord): boolean {
  return (
    other.jobId < job.jobId &&
    other.name === job.name &&
    other.user === job.user &&
    isActive(other) &&
    (other.array?.jobId ?? 0) !== job.array?.jobId
  );
}

export function isActive(job: JobRecord): boolean {
  return job.state === 'PENDING' || job.state === 'RUNNING' || job.state === 'SUSPENDED';
}

function target(job: JobRecord): DependencyTarget {
  const ended = !isActive(job) && job.own.requeueAfter === null;
  return { pending: job.state === 'PENDING', ended, succeeded: job.state === 'COMPLETED', startedAt: job.start };
}

/** Enters what a job waits for, so that it is told. */
export function watchDependency(world: World, job: JobRecord): void {
  for (const term of job.own.dependency?.terms ?? []) {
    const waiting = world.waiting.get(term.jobId) ?? new Set<number>();
    waiting.add(job.jobId);
    world.waiting.set(term.jobId, waiting);
  }
}

/** A job began or ended: those that wait for it look again. */
export function notifyWaiting(world: World, job: JobRecord): void {
  for (const key of new Set([job.jobId, job.array?.jobId ?? job.jobId, job.het?.jobId ?? job.jobId, 0])) {
    const waiting = world.waiting.get(key);
    if (waiting === undefined) continue;
    for (const id of waiting) {
      const other = world.jobs.get(id);
      if (other === undefined || other.own.dependency === null || other.state !== 'PENDING') waiting.delete(id);
      else reconsider(world, other);
    }
    if (waiting.size === 0) world.waiting.delete(key);
  }
}
