import type { Statements } from '@sluice/service';
import { factsOf } from './facts.ts';
import { known, todo } from './schema.ts';
import type { Sighting, SinkName } from './types.ts';

export interface DeliverTo {
  readonly sinks: readonly SinkName[];
  /** The sink that must have a run before the others are told, or none. */
  readonly first: SinkName | undefined;
}

/** Runs that one statement stores. */
const runsAtOnce = 50;
const columns = 'INSERT INTO run (id, cluster, job_id, start, facts, complete, ended, end_state, seen_ms) VALUES ';
const values = '(?, ?, ?, ?, ?, ?, ?, ?, ?)';
const insertOne = columns + values;
const insertMany = columns + Array.from({ length: runsAtOnce }, () => values).join(', ');

/** Sightings of jobs of which the journal knows nothing, each job once; and the others. */
export function divide(
  { all }: Pick<Statements, 'all'>,
  seen: readonly Sighting[],
): { readonly unknown: readonly Sighting[]; readonly others: readonly Sighting[] } {
  const cluster = seen[0]?.run.cluster;
  if (cluster === undefined || seen.length < 2) return { unknown: [], others: seen };
  const counts = new Map<number, number>();
  for (const { run } of seen) counts.set(run.jobId, (counts.get(run.jobId) ?? 0) + 1);
  const sql = 'SELECT DISTINCT job_id FROM run WHERE cluster = ? AND job_id IN (SELECT value FROM json_each(?))';
  for (const row of all(sql, cluster, JSON.stringify([...counts.keys()]))) counts.delete(Number(row['job_id']));
  const unknown: Sighting[] = [];
  const others: Sighting[] = [];
  for (const sighting of seen) {
    const { run } = sighting;
    (run.cluster === cluster && counts.get(run.jobId) === 1 ? unknown : others).push(sighting);
  }
  return { unknown, others };
}

/** Stores runs that the journal does not have, and plans their deliveries: by few statements, for history comes by thousands. */
export function insertRuns({ run, get }: Pick<Statements, 'run' | 'get'>, seen: readonly Sighting[], to: DeliverTo, now: number): void {
  if (seen.length === 0) return;
  const firstId = Number(get('SELECT max(id) AS id FROM run')?.['id'] ?? 0) + 1;
  const parametersOf = (sighting: Sighting, index: number) => rowOf(sighting, firstId + index, now);
  let at = 0;
  for (; at + runsAtOnce <= seen.length; at += runsAtOnce) {
    run(insertMany, ...seen.slice(at, at + runsAtOnce).flatMap((sighting, index) => parametersOf(sighting, at + index)));
  }
  for (; at < seen.length; at++) run(insertOne, ...seen.slice(at, at + 1).flatMap((sighting) => parametersOf(sighting, at)));
  for (const sink of to.sinks) {
    let from = 0;
    for (const [index, sighting] of seen.entries()) {
      const next = seen[index + 1];
      if (next !== undefined && planOf(next) === planOf(sighting)) continue;
      insertDeliveries(run, sighting, {
        first: firstId + from,
        last: firstId + index,
        sink,
        waits: to.first !== undefined && sink !== to.first,
        now,
      });
      from = index + 1;
    }
  }
}

function rowOf({ run, complete }: Sighting, id: number, now: number) {
  const { cluster, jobId, start, ended } = run;
  return [id, cluster, jobId, start, factsOf(run), complete ? 1 : 0, ended?.time ?? null, ended?.state ?? null, now];
}

/** Sightings of the same plan are delivered alike. */
function planOf({ run, complete, backlog, stands }: Sighting): number {
  const standing = stands === undefined ? known.nothing : known[stands];
  return (standing << 3) | (complete ? 4 : 0) | (backlog ? 2 : 0) | (run.ended === null ? 0 : 1);
}

interface Among {
  /** Ids of the runs, both included. */
  readonly first: number;
  readonly last: number;
  readonly sink: SinkName;
  /** Another sink is to have them first. */
  readonly waits: boolean;
  readonly now: number;
}

function insertDeliveries(insert: Statements['run'], { run, complete, backlog, stands }: Sighting, among: Among): void {
  const { first, last, sink, waits, now } = among;
  const standing = stands === undefined ? known.nothing : known[stands];
  let next: number = !complete || waits ? todo.nothing : todo.start;
  if (standing === known.start) next = run.ended === null ? todo.nothing : todo.stop;
  if (standing === known.stop) next = todo.nothing;
  insert(
    `INSERT INTO delivery (run, sink, known, todo, backlog, due_ms, done_ms)
       SELECT id, ?, ?, ?, ?, ?, ? FROM run WHERE id BETWEEN ? AND ?`,
    sink,
    standing,
    next,
    backlog ? 1 : 0,
    now,
    standing === known.stop ? now : null,
    first,
    last,
  );
}
