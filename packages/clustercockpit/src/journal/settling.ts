import type { Statements } from '@sluice/service';
import { known, mayStop, todo } from './schema.ts';
import type { Settled, SinkName } from './types.ts';

/** Whose attempts are noted, and whether the sinks after it wait for what it has. */
export interface Attempted {
  readonly sink: SinkName;
  /** The sink that must have a run before the others are told, if there are others. */
  readonly first: SinkName | undefined;
}

type Started = Extract<Settled, { readonly did: 'start' }>;

/** Notes what became of attempts, each at another run; those that went well, as nearly all do, by one statement for all of them. */
export function settleAll(statements: Statements, by: Attempted, settled: readonly Settled[], now: number): void {
  const started = settled.filter((one): one is Started => one.did === 'start');
  if (started.length > 0) settleStarts(statements, by, started, now);
  const stopped = settled.filter(({ did }) => did === 'stop').map(({ id }) => id);
  if (stopped.length > 0) {
    statements.run(
      `UPDATE delivery SET known = 2, todo = 0, attempts = 0, reason = NULL, done_ms = ?
       WHERE run IN (SELECT value FROM json_each(?)) AND sink = ?`,
      now,
      JSON.stringify(stopped),
      by.sink,
    );
    if (by.sink === by.first) releaseStops(statements, stopped, by.sink, now);
  }
  for (const one of settled) settleOther(statements, by, one, now);
}

function settleStarts(statements: Statements, { sink, first }: Attempted, started: readonly Started[], now: number): void {
  const due = started.map(({ id, stopAfterMs }) => [id, now + stopAfterMs]);
  statements.run(
    `UPDATE delivery SET known = 1, attempts = 0, reason = NULL, started_ms = ?1, due_ms = one.value ->> 1,
       todo = CASE WHEN (SELECT ended FROM run WHERE id = delivery.run) IS NOT NULL AND ${mayStop(first)} THEN ${todo.stop} ELSE ${todo.nothing} END
     FROM json_each(?2) AS one WHERE run = one.value ->> 0 AND sink = ?3`,
    now,
    JSON.stringify(due),
    sink,
  );
  if (sink === first) {
    const ids = started.map(({ id }) => id);
    release(statements, ids, sink, now);
  }
}

function settleOther(statements: Statements, { sink, first }: Attempted, one: Settled, now: number): void {
  const { id } = one;
  switch (one.did) {
    case 'start':
    case 'stop':
      return;
    case 'missing':
      statements.run(
        `UPDATE delivery SET known = 0, todo = ${todo.start}, attempts = attempts + 1, reason = ?, due_ms = ? WHERE run = ? AND sink = ?`,
        one.reason,
        one.dueMs,
        id,
        sink,
      );
      askAgain(statements, id, sink);
      return;
    case 'later':
      statements.run(
        'UPDATE delivery SET attempts = attempts + 1, reason = ?, due_ms = ? WHERE run = ? AND sink = ?',
        one.reason,
        one.dueMs,
        id,
        sink,
      );
      return;
    case 'aside':
    case 'unsent':
      statements.run(
        `UPDATE delivery SET todo = ?, reason = ?, done_ms = ? WHERE run = ? AND sink = ?`,
        todo[one.did],
        one.reason,
        one.did === 'unsent' ? now : null,
        id,
        sink,
      );
      if (one.did === 'unsent' && sink === first) {
        statements.run(
          `UPDATE delivery SET todo = ?, reason = ?, done_ms = ? WHERE run = ? AND known = 0`,
          todo.unsent,
          one.reason,
          now,
          id,
        );
        releaseStops(statements, [id], sink, now);
      }
  }
}

/**
 * Of a run that stood before we came we know nothing but its key: how it started is asked before it is sent. Its end is
 * taken back, for accounting is asked about open runs only, and tells it again.
 */
export function askAgain(statements: Statements, id: number, sink: SinkName): void {
  const { changes } = statements.run(
    "UPDATE run SET complete = 0, ended = NULL, end_state = NULL WHERE id = ? AND facts ->> 'user' = ''",
    id,
  );
  if (changes > 0) statements.run('UPDATE delivery SET todo = 0 WHERE run = ? AND sink = ?', id, sink);
}

/** The sinks that come after the first are told of runs that it has. */
export function release(statements: Statements, ids: readonly number[], first: SinkName, now: number): void {
  statements.run(
    `UPDATE delivery SET todo = ${todo.start}, due_ms = ? WHERE run IN (SELECT value FROM json_each(?)) AND sink <> ? AND known = 0 AND todo = 0`,
    now,
    JSON.stringify(ids),
    first,
  );
}

/** The sinks that come after the first are told of the ends of runs that it has been told of. */
export function releaseStops(statements: Statements, ids: readonly number[], first: SinkName, now: number): void {
  statements.run(
    `UPDATE delivery SET todo = ${todo.stop}, due_ms = max(due_ms, ?) WHERE run IN (SELECT id FROM run WHERE ended IS NOT NULL AND id IN
       (SELECT value FROM json_each(?))) AND sink <> ? AND known = ${known.start} AND todo = ${todo.nothing}`,
    now,
    JSON.stringify(ids),
    first,
  );
}
