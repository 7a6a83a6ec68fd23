import { signalSentence } from '../model/signals.ts';
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

/** Why a job failed that a signal ended: in the words of the release (slurm.md §4). */
export function signalReason(signal: number, release: number): string {
  if (release < 2311) return 'JobLaunchFailure';
  return `RaisedSignal:${signal}(${signalSentence(signal)})`;
}
