import type { Row } from '@sluice/service';
import type { Run } from '../run.ts';
import type { DueRun } from './types.ts';

type Fact = Exclude<keyof Run, 'cluster' | 'jobId' | 'start' | 'ended'>;

/** What a row holds of a run beside its key and its end. */
export function factsOf(run: Run): string {
  // Named one by one: to leave four keys out of an object costs V8 more than to write the text.
  const facts: Record<Fact, unknown> = {
    submit: run.submit,
    user: run.user,
    account: run.account,
    partition: run.partition,
    name: run.name,
    arrayJobId: run.arrayJobId,
    nodes: run.nodes,
    cpus: run.cpus,
    gpus: run.gpus,
    walltime: run.walltime,
    whole: run.whole,
    sharing: run.sharing,
    allocation: run.allocation,
    script: run.script,
    description: run.description,
    environment: run.environment,
    comment: run.comment,
    adminComment: run.adminComment,
  };
  return JSON.stringify(facts);
}

function runOf(row: Row): Run {
  const ended = row['ended'] === null ? null : { time: Number(row['ended']), state: String(row['end_state']) };
  const key = { cluster: String(row['cluster']), jobId: Number(row['job_id']), start: Number(row['start']) };
  return { ...key, ended, ...JSON.parse(String(row['facts'])) };
}

/** Of a row of a run with what is noted of its delivery, and whether it has rivals. */
export function dueRunOf(row: Row, readMs: number): DueRun {
  const startedMs = row['started_ms'];
  return {
    id: Number(row['id']),
    run: runOf(row),
    attempts: Number(row['attempts']),
    startedMs: typeof startedMs === 'number' ? startedMs : null,
    readMs,
    alone: row['rivals'] === 0,
  };
}
