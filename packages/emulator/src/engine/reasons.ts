import type { JobRecord } from './job-record.ts';
import type { World } from './world.ts';

/** Gives a pending job its reason; accounting remembers the last that was not merely the queue. */
export function setReason(world: World, job: JobRecord, reason: string, text = ''): void {
  if (job.reason === reason && job.reasonText === text) return;
  job.reason = reason;
  job.reasonText = text;
  if (reason !== 'None' && reason !== 'Priority' && reason !== 'Resources') job.own.lastReason = reason;
  world.touch(job);
}

const signalNames: Readonly<Record<number, string>> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  4: 'Illegal instruction',
  5: 'Trace/breakpoint trap',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  13: 'Broken pipe',
  14: 'Alarm clock',
  15: 'Terminated',
};

/** Why a job failed that a signal ended: in the words of the release (slurm.md §4). */
export function signalReason(signal: number, release: number): string {
  if (release < 2311) return 'JobLaunchFailure';
  const name = signalNames[signal] ?? (signal >= 34 ? `Real-time signal ${signal - 34}` : `Unknown signal ${signal}`);
  return `RaisedSignal:${signal}(${name})`;
}
