import type { EmulatedSlurm, Identity } from '@sluice/emulator';
import type { Clock } from '@sluice/io';
import type { PlannedJob } from './day-load.ts';

export interface PlayOptions {
  readonly slurm: EmulatedSlurm;
  readonly jobs: readonly PlannedJob[];
  /** A day's jobs come again after so many milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Milliseconds in which a job that has just begun is seen. */
const lastMomentMs = 1500;

/** Submits jobs when their moment has come, and cancels those whose users change their mind, until the signal aborts. */
export async function playDay({ slurm, jobs, everyMs, clock, signal }: PlayOptions): Promise<void> {
  const began = clock.monotonic();
  const cancels: { readonly atMs: number; readonly jobId: number; readonly as: Identity }[] = [];
  for (let day = 0; !signal.aborted; day++) {
    for (const { atMs, user, request, cancelAfterMs } of jobs) {
      await sleepUntil(clock, began + day * everyMs + atMs, signal);
      if (signal.aborted) return;
      const as = identityOf(slurm, user);
      const { jobId } = slurm.controller.submit([request], as);
      const now = clock.monotonic();
      if (cancelAfterMs !== undefined) cancels.push({ atMs: now + cancelAfterMs, jobId, as });
      for (const due of cancels.filter(({ atMs: at }) => at <= now)) {
        cancels.splice(cancels.indexOf(due), 1);
        if (slurm.controller.select(String(due.jobId)).some(isActive)) cancel(slurm, due.jobId, due.as);
      }
    }
  }
}

/** Ends the day: what pends begins no more, and what runs is cancelled a moment later, so that everything that began has been seen. */
export async function endDay(slurm: EmulatedSlurm, clock: Clock, signal: AbortSignal): Promise<void> {
  cancelAll(slurm, 'PENDING');
  await clock.sleep(lastMomentMs, signal);
  cancelAll(slurm, 'RUNNING');
}

function cancelAll(slurm: EmulatedSlurm, state: string): void {
  const root = identityOf(slurm, 'root');
  for (const job of [...slurm.controller.jobs()]) if (job.state === state) cancel(slurm, job.jobId, root);
}

function cancel(slurm: EmulatedSlurm, jobId: number, as: Identity): void {
  slurm.controller.signal(String(jobId), null, { batchOnly: false, full: false }, as);
}

function isActive({ state }: { readonly state: string }): boolean {
  return state === 'PENDING' || state === 'RUNNING' || state === 'SUSPENDED';
}

function identityOf({ spec }: EmulatedSlurm, name: string): Identity {
  const user = spec.users.find((one) => one.name === name);
  if (!user) throw new Error(`the cluster has no user ${name}`);
  return { uid: user.uid, gid: user.gid, user: user.name, group: user.group };
}

async function sleepUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  const left = atMs - clock.monotonic();
  if (left > 0) await clock.sleep(left, signal).catch(() => {});
}
