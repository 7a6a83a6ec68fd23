import type { Row } from '@sluice/service';
import type { DueStop } from './types.ts';

/** Of a row of a run with what is noted of its delivery, as far as a stop needs it. */
export function dueStopOf(row: Row, readMs: number): DueStop {
  const { ended, partition, started_ms: startedMs } = row;
  return {
    id: Number(row['id']),
    run: {
      cluster: String(row['cluster']),
      jobId: Number(row['job_id']),
      start: Number(row['start']),
      ended: ended === null ? null : { time: Number(ended), state: String(row['end_state']) },
      partition: typeof partition === 'string' ? partition : '',
    },
    attempts: Number(row['attempts']),
    startedMs: typeof startedMs === 'number' ? startedMs : null,
    readMs,
    alone: row['rivals'] === 0,
  };
}
