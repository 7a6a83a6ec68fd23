import type { Row } from '@sluice/service';
import type { Run } from '../run.ts';
import type { DueRun } from './types.ts';

type Fact = Exclude<keyof Run, 'cluster' | 'jobId' | 'start' | 'ended'>;

/** What is so of most runs that history tells of. It is left out of their rows, and so is what a run may lack. */
const usual = {
  arrayJobId: null,
  allocation: null,
  script: null,
  description: null,
} as const satisfies Partial<Record<Fact, unknown>>;

/** What a row holds of a run beside its key and its end. */
export function factsOf(run: Run): string {
  // Named one by one: to leave four keys out of an object costs V8 more than to write the text. What is undefined is not written.
  const facts: Record<Fact, unknown> = {
    submit: run.submit,
    user: run.user,
    account: run.account,
    partition: run.partition,
    name: run.name,
    arrayJobId: run.arrayJobId ?? undefined,
    nodes: run.nodes,
    cpus: run.cpus,
    gpus: run.gpus,
    walltime: run.walltime,
    whole: run.whole,
    sharing: run.sharing ?? undefined,
    allocation: run.allocation ?? undefined,
    script: run.script ?? undefined,
    description: run.description ?? undefined,
    environment: run.environment ?? undefined,
    comment: run.comment,
    adminComment: run.adminComment === '' ? undefined : run.adminComment,
  };
  return JSON.stringify(facts);
}

function runOf(row: Row): Run {
  const ended = row['ended'] === null ? null : { time: Number(row['ended']), state: String(row['end_state']) };
  const key = { cluster: String(row['cluster']), jobId: Number(row['job_id']), start: Number(row['start']) };
  return { ...key, ended, ...usual, ...JSON.parse(String(row['facts'])) };
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
