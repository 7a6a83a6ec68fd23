import type { Exchange } from '@sluice/standins';
import type { SlurmRun } from './slurm-says.ts';

export interface TakenStop {
  readonly jobId: number;
  readonly start: number;
  readonly stopTime: number;
  readonly atMs: number;
}

export interface TakenStart {
  readonly jobId: number;
  readonly start: number;
  readonly atMs: number;
}

/** Notes every stop and start that cc-backend was told, and holds the stops against the ends that Slurm says. */
export class StopGuard {
  readonly stops: TakenStop[] = [];
  readonly starts: TakenStart[] = [];
  /** Jobs that are known to run for as long as the test lasts. */
  readonly standing = new Set<number>();
  readonly broken: string[] = [];

  take({ method, path, requestBody, status }: Exchange, atMs: number): void {
    if (method !== 'POST' || !/^\/api\/jobs\/st(art|op)_job/.test(path)) return;
    const { jobId, startTime: start, stopTime } = JSON.parse(requestBody) as { jobId: number; startTime: number; stopTime?: number };
    if (path.startsWith('/api/jobs/start_job')) {
      if (status < 300) this.starts.push({ jobId, start, atMs });
      return;
    }
    this.stops.push({ jobId, start, stopTime: stopTime ?? 0, atMs });
    if (this.standing.has(jobId)) this.broken.push(`job ${jobId} runs, and its stop was told at ${new Date(atMs).toISOString()}`);
  }

  /** Stops that were told before the run had ended, or of an end that was none. A stop of the second of the end is in order. */
  faults(runs: readonly SlurmRun[]): readonly string[] {
    const byKey = new Map(runs.map((run) => [`${run.jobId}/${run.start}`, run]));
    const faults = [...this.broken];
    for (const { jobId, start, stopTime, atMs } of this.stops) {
      const run = byKey.get(`${jobId}/${start}`);
      if (!run) faults.push(`a stop of ${jobId}/${start}, which is no run of Slurm`);
      else if (run.end === null) faults.push(`a stop of ${jobId}/${start}, which runs`);
      else if (run.lostBefore !== undefined && stopTime <= run.lostBefore && stopTime <= atMs / 1000) continue;
      else if (atMs / 1000 < run.end) faults.push(`a stop of ${jobId}/${start} came ${run.end - atMs / 1000} s before its end`);
      else if (stopTime !== run.end) faults.push(`a stop of ${jobId}/${start} said ${stopTime}, and it ended at ${run.end}`);
    }
    return faults;
  }
}
