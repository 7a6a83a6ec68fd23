import type { Row } from '@sluice/service';
import type { Run } from '../run.ts';

/** What a row holds of a run beside its key and its end. */
export function factsOf({ cluster: _cluster, jobId: _jobId, start: _start, ended: _ended, ...facts }: Run): string {
  return JSON.stringify(facts);
}

export function runOf(row: Row): Run {
  const ended = row['ended'] === null ? null : { time: Number(row['ended']), state: String(row['end_state']) };
  const key = { cluster: String(row['cluster']), jobId: Number(row['job_id']), start: Number(row['start']) };
  return { ...key, ended, ...JSON.parse(String(row['facts'])) };
}
