import type { Journal } from '@sluice/service';
import { setNote } from './book.ts';
import { known, mayStop, todo } from './schema.ts';
import type { SinkName } from './types.ts';

const noteName = 'sinks';

/**
 * Has the runs of a journal delivered to these sinks from now on. A sink that comes new takes over what the other one has: both lead to the
 * same cc-backend, so a run that stands by the one is stopped by the other, and what waits goes on. What is left of a sink that is no
 * longer there is forgotten.
 */
export async function takeOverSinks(journal: Journal, sinks: readonly SinkName[], first: SinkName | undefined): Promise<void> {
  const now = [...sinks].sort().join(' ');
  if (journal.get('SELECT value FROM note WHERE name = ?', noteName)?.['value'] === now) return;
  await journal.write((statements) => {
    const { run } = statements;
    for (const sink of sinks) {
      // Reasons and attempts are the other one's; why a run is closed stays.
      run(
        `INSERT INTO delivery (run, sink, known, todo, backlog, due_ms, started_ms, done_ms, reason)
           SELECT run, ?1, known, todo, backlog, due_ms, started_ms, done_ms, CASE WHEN todo IN (${todo.aside}, ${todo.unsent}) THEN reason END
           FROM delivery d WHERE sink <> ?1 AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.run = d.run AND o.sink = ?1)`,
        sink,
      );
      const waits = first !== undefined && first !== sink;
      // Who comes after another learns of a run when that one has it, and of its end when that one has been told; who does not need not wait
      // any longer.
      if (waits) {
        run(`UPDATE delivery SET todo = ${todo.nothing} WHERE sink = ? AND known = 0 AND todo = ${todo.start}${notStanding}`, sink, first);
        const waitsForEnd = `known = ${known.start} AND todo = ${todo.stop} AND NOT ${mayStop(first)}`;
        run(`UPDATE delivery SET todo = ${todo.nothing} WHERE sink = ? AND ${waitsForEnd}`, sink);
      } else {
        const complete = 'run IN (SELECT id FROM run WHERE complete = 1)';
        run(`UPDATE delivery SET todo = ${todo.start} WHERE sink = ? AND known = 0 AND todo = ${todo.nothing} AND ${complete}`, sink);
        const ended = 'run IN (SELECT id FROM run WHERE ended IS NOT NULL)';
        run(
          `UPDATE delivery SET todo = ${todo.stop} WHERE sink = ? AND known = ${known.start} AND todo = ${todo.nothing} AND ${ended}`,
          sink,
        );
      }
    }
    run('DELETE FROM delivery WHERE sink NOT IN (SELECT value FROM json_each(?))', JSON.stringify(sinks));
    setNote(statements, noteName, now);
  });
}

const notStanding = ' AND EXISTS (SELECT 1 FROM delivery f WHERE f.run = delivery.run AND f.sink = ? AND f.known = 0)';
