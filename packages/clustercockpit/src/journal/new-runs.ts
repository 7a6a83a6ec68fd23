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
// What all runs share is bound once; parameters with numbers would spare the subquery, but Node looks for each among all before it.
const insertSome = (count: number) => `INSERT INTO run (cluster, seen_ms, job_id, start, facts, complete, ended, end_state)
  SELECT ?, ?, * FROM (VALUES ${Array.from({ length: count }, () => '(?, ?, ?, ?, ?, ?)').join(', ')})`;
const insertOne = insertSome(1);
const insertMany = insertSome(runsAtOnce);

/** Sightings of jobs of which the journal knows nothing, each job once; and the others. */
export function divide(
  statements: Pick<Statements, 'all' | 'get'>,
  seen: readonly Sighting[],
): { readonly unknown: readonly Sighting[]; readonly others: readonly Sighting[] } {
  const cluster = seen[0]?.run.cluster;
  if (cluster === undefined || seen.length < 2) return { unknown: [], others: seen };
  const counts = new Map<number, number>();
  for (const { run } of seen) counts.set(run.jobId, (counts.get(run.jobId) ?? 0) + 1);
  for (const jobId of knownJobs(statements, cluster, counts)) counts.delete(jobId);
  const unknown: Sighting[] = [];
  const others: Sighting[] = [];
  for (const sighting of seen) {
    const { run } = sighting;
    (run.cluster === cluster && counts.get(run.jobId) === 1 ? unknown : others).push(sighting);
  }
  return { unknown, others };
}

/** Jobs of the journal, those among them that are asked about. Most often it has none or few with ids like theirs, which costs one look. */
function knownJobs({ all, get }: Pick<Statements, 'all' | 'get'>, cluster: string, asked: ReadonlyMap<number, number>): readonly number[] {
  let [lowest, highest] = [Infinity, 0];
  for (const jobId of asked.keys()) {
    if (jobId < lowest) lowest = jobId;
    if (jobId > highest) highest = jobId;
  }
  const between = `SELECT json_group_array(job_id) AS jobs FROM
    (SELECT job_id FROM run WHERE cluster = ? AND job_id BETWEEN ? AND ? LIMIT ?)`;
  const jobs = JSON.parse(String(get(between, cluster, lowest, highest, asked.size)?.['jobs'])) as number[];
  if (jobs.length < asked.size) return jobs;
  const sql = 'SELECT DISTINCT job_id FROM run WHERE cluster = ? AND job_id IN (SELECT value FROM json_each(?))';
  return all(sql, cluster, JSON.stringify([...asked.keys()])).map((row) => Number(row['job_id']));
}

/**
 * Stores runs of one cluster that the journal does not have, and plans their deliveries: by few statements, for history comes by
 * thousands. SQLite numbers the rows on from the highest id, in the order in which they are given.
 */
export function insertRuns({ run, get }: Pick<Statements, 'run' | 'get'>, seen: readonly Sighting[], to: DeliverTo, now: number): void {
  if (seen.length === 0) return;
  const firstId = Number(get('SELECT max(id) AS id FROM run')?.['id'] ?? 0) + 1;
  for (let at = 0; at < seen.length; ) {
    const count = seen.length - at < runsAtOnce ? 1 : runsAtOnce;
    run(count === 1 ? insertOne : insertMany, ...rowsOf(seen, at, count, now));
    at += count;
  }
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

function rowsOf(seen: readonly Sighting[], from: number, count: number, now: number): (string | number | null)[] {
  const parameters: (string | number | null)[] = [seen[from]?.run.cluster ?? '', now];
  for (const { run, complete } of seen.slice(from, from + count)) {
    parameters.push(run.jobId, run.start, factsOf(run), complete ? 1 : 0, run.ended?.time ?? null, run.ended?.state ?? null);
  }
  return parameters;
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
  if (standing === known.start) next = run.ended === null || waits ? todo.nothing : todo.stop;
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
