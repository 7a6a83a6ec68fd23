import type { Journal } from '@sluice/service';
import type { RunKey } from '../run.ts';
import { dueStopOf } from './due-stop.ts';
import { dueRunOf } from './facts.ts';
import { known, todo } from './schema.ts';
import { askAgain, release, releaseStops, settleAll } from './settling.ts';
import type { DueRun, DueStop, SetAside, Settled, SinkCounts, SinkName, Standing } from './types.ts';

const day = 86_400;

/** What stands in each sink, and what is to be done about the difference. */
export class Deliveries {
  readonly #journal: Journal;
  readonly #first: SinkName | undefined;
  readonly #now: () => number;

  constructor(journal: Journal, first: SinkName | undefined, now: () => number) {
    this.#journal = journal;
    this.#first = first;
    this.#now = now;
  }

  /**
   * Runs about which a sink is to be told now, what happens now before what comes from history, and each in the order it
   * fell due. Those in `taken` are left out.
   */
  due(sink: SinkName, what: 'start', limit: number, taken: ReadonlySet<number>): readonly DueRun[];
  due(sink: SinkName, what: 'start' | 'stop', limit: number, taken: ReadonlySet<number>): readonly DueStop[];
  due(sink: SinkName, what: 'start' | 'stop', limit: number, taken: ReadonlySet<number>): readonly DueStop[] {
    const now = this.#now();
    const without = JSON.stringify([...taken]);
    // cc-backend asks no partition of a stop, and finding it means reading all of the facts.
    const partition = sink === 'nats' ? "r.facts ->> 'partition'" : 'NULL';
    const facts = what === 'start' ? 'r.facts' : `${partition} AS partition`;
    const runs: DueStop[] = [];
    for (const backlog of [0, 1]) {
      if (runs.length >= limit) break;
      const due = this.#journal.all(
        `SELECT r.id, r.cluster, r.job_id, r.start, ${facts}, r.ended, r.end_state, d.attempts, d.started_ms,
           EXISTS (SELECT 1 FROM run o WHERE o.cluster = r.cluster AND o.job_id = r.job_id AND o.start <> r.start) AS rivals
         FROM delivery d INDEXED BY delivery_due CROSS JOIN run r ON r.id = d.run
         WHERE d.sink = ? AND d.todo = ? AND d.todo IN (1, 2) AND d.backlog = ? AND d.due_ms <= ?
         AND d.run NOT IN (SELECT value FROM json_each(?)) ORDER BY d.due_ms LIMIT ?`,
        sink,
        todo[what],
        backlog,
        now,
        without,
        limit - runs.length,
      );
      for (const row of due) runs.push(what === 'start' ? dueRunOf(row, now) : dueStopOf(row, now));
    }
    return runs;
  }

  /** When something falls due next, in milliseconds since the epoch; null when nothing waits. */
  nextDueMs(sink: SinkName): number | null {
    let next: number | null = null;
    for (const what of [todo.start, todo.stop]) {
      for (const backlog of [0, 1]) {
        const row = this.#journal.get(
          'SELECT min(due_ms) AS due FROM delivery WHERE sink = ? AND todo = ? AND todo IN (1, 2) AND backlog = ?',
          sink,
          what,
          backlog,
        );
        const due = row?.['due'];
        if (typeof due === 'number' && (next === null || due < next)) next = due;
      }
    }
    return next;
  }

  /**
   * Other runs of the same job that began within a day before or at any time after (contract §4.1, duplicate rule), and earlier
   * ones that wait: once a later run stands, they would be refused.
   */
  rivals(sink: SinkName, { cluster, jobId, start }: RunKey): readonly (RunKey & { readonly stands: boolean; readonly waits: boolean })[] {
    return this.#journal
      .all(
        `SELECT r.start, d.known, d.todo FROM run r JOIN delivery d ON d.run = r.id AND d.sink = ?
         WHERE r.cluster = ? AND r.job_id = ? AND (r.start > ? OR (d.known = 0 AND d.todo = ${todo.start})) AND r.start <> ? ORDER BY r.start`,
        sink,
        cluster,
        jobId,
        start - day,
        start,
      )
      .map((row) => ({
        cluster,
        jobId,
        start: Number(row['start']),
        stands: Number(row['known']) > 0,
        waits: row['known'] === 0 && row['todo'] === todo.start,
      }));
  }

  /** Notes what became of attempts. What a power failure loses of it is sent once more. */
  settle(sink: SinkName, settled: readonly Settled[]): Promise<void> {
    return this.#journal.write((statements) => settleAll(statements, { sink, first: this.#first }, settled, this.#now()), {
      repeatable: true,
    });
  }

  /** Runs that a sink is believed to have as running, for the comparison with what it lists. */
  *standing(
    sink: SinkName,
    cluster: string,
  ): Generator<{ readonly id: number; readonly key: RunKey; readonly startedMs: number | null }, void> {
    for (const row of this.#journal.iterate(
      `SELECT r.id, r.job_id, r.start, d.started_ms FROM run r INDEXED BY run_open JOIN delivery d ON d.run = r.id AND d.sink = ?
       WHERE r.cluster = ? AND r.ended IS NULL AND d.known = 1 AND d.todo <> ${todo.unsent}`,
      sink,
      cluster,
    )) {
      yield {
        id: Number(row['id']),
        key: { cluster, jobId: Number(row['job_id']), start: Number(row['start']) },
        startedMs: row['started_ms'] === null ? null : Number(row['started_ms']),
      };
    }
  }

  /** What a sink is believed to have of a run; undefined when the run is not known at all. */
  standingOf(sink: SinkName, { cluster, jobId, start }: RunKey): Standing | undefined {
    const row = this.#journal.get(
      `SELECT r.id, r.ended, d.known, d.todo, d.started_ms, d.done_ms FROM run r LEFT JOIN delivery d ON d.run = r.id AND d.sink = ?
       WHERE r.cluster = ? AND r.job_id = ? AND r.start = ?`,
      sink,
      cluster,
      jobId,
      start,
    );
    if (!row) return undefined;
    return {
      id: Number(row['id']),
      ended: row['ended'] !== null,
      stands: row['known'] === 2 ? 'stop' : row['known'] === 1 ? 'start' : null,
      waits: row['todo'] === todo.start,
      aside: row['todo'] === todo.aside || row['todo'] === todo.unsent,
      startedMs: row['started_ms'] === null ? null : Number(row['started_ms']),
      doneMs: row['done_ms'] === null ? null : Number(row['done_ms']),
    };
  }

  /** Runs of a cluster whose start, or stop, a sink is still to be told: how many, and from when to when they began. */
  waiting(
    sink: SinkName,
    cluster: string,
    what: 'start' | 'stop',
  ): { readonly runs: number; readonly from: number; readonly to: number } | undefined {
    const row = this.#journal.get(
      `SELECT count(*) AS runs, min(r.start) AS first, max(r.start) AS last FROM delivery d JOIN run r ON r.id = d.run
       WHERE d.sink = ? AND d.todo = ${todo[what]} AND r.cluster = ?`,
      sink,
      cluster,
    );
    const runs = Number(row?.['runs'] ?? 0);
    return runs === 0 ? undefined : { runs, from: Number(row?.['first']), to: Number(row?.['last']) };
  }

  /** The time in seconds since the epoch from which on something has not been delivered; null when everything has. */
  oldestWaiting(): number | null {
    const row = this.#journal.get(
      `SELECT min(coalesce(r.ended, r.start)) AS oldest FROM delivery d JOIN run r ON r.id = d.run WHERE d.todo IN (1, 2)`,
    );
    return typeof row?.['oldest'] === 'number' ? row['oldest'] : null;
  }

  /** Notes what a comparison found to stand in a sink. A stop that does not stand after all is sent again. */
  correct(sink: SinkName, found: readonly { readonly id: number; readonly stands: 'start' | 'stop' | null }[]): Promise<void> {
    return this.#journal.write((statements) => {
      const now = this.#now();
      for (const { id, stands } of found) {
        const level = stands === null ? known.nothing : known[stands];
        statements.run(
          `UPDATE delivery SET known = ?1, due_ms = ?2, reason = NULL, started_ms = NULL,
             done_ms = CASE WHEN ?1 = 2 THEN ?2 ELSE NULL END,
             todo = CASE WHEN ?1 = 0 THEN ${todo.start} WHEN ?1 = 2 OR (SELECT ended FROM run WHERE id = ?3) IS NULL THEN 0 ELSE ${todo.stop} END
           WHERE run = ?3 AND sink = ?4`,
          level,
          now,
          id,
          sink,
        );
        if (level === known.nothing) askAgain(statements, id, sink);
        if (sink === this.#first && level > known.nothing) release(statements, [id], sink, now);
        if (sink === this.#first && level === known.stop) releaseStops(statements, [id], sink, now);
      }
    });
  }

  /** Runs that were refused for good, with the reason. */
  setAside(limit = 1000): readonly SetAside[] {
    return this.#journal
      .all(
        `SELECT r.cluster, r.job_id, r.start, d.sink, d.known, d.reason FROM delivery d INDEXED BY delivery_closed JOIN run r ON r.id = d.run
         WHERE d.sink IN ('rest', 'nats') AND d.todo = ${todo.aside} AND d.todo IN (3, 4) ORDER BY r.start DESC LIMIT ?`,
        limit,
      )
      .map((row) => ({
        cluster: String(row['cluster']),
        jobId: Number(row['job_id']),
        start: Number(row['start']),
        sink: row['sink'] as SinkName,
        what: row['known'] === 0 ? 'start' : 'stop',
        reason: String(row['reason']),
      }));
  }

  /** Takes up again what was set aside: all, or the runs of some jobs. Says how many. */
  retry(jobIds?: readonly number[]): Promise<number> {
    return this.#journal.write((statements) => {
      const now = this.#now();
      const which = jobIds === undefined ? '' : ` AND run IN (SELECT id FROM run WHERE job_id IN (${jobIds.map(Number).join(', ')}))`;
      return statements.run(
        `UPDATE delivery SET attempts = 0, reason = NULL, due_ms = ?, todo = CASE WHEN known = 0 THEN ${todo.start} ELSE ${todo.stop} END
         WHERE todo = ${todo.aside}${which}`,
        now,
      ).changes;
    });
  }

  /** Has what would fall due only after a moment fall due now. Says how much. */
  bringForward(afterMs: number): Promise<number> {
    return this.#journal.write(
      ({ run }) => run('UPDATE delivery SET due_ms = ? WHERE todo IN (1, 2) AND due_ms > ?', this.#now(), Math.ceil(afterMs)).changes,
    );
  }

  /** What the last attempts at runs that still wait came to, the most frequent first; `jobId` is one of them. */
  waitingFor(sink: SinkName, limit: number): readonly { readonly reason: string; readonly count: number; readonly jobId: number }[] {
    return this.#journal
      .all(
        `SELECT d.reason, count(*) AS n, min(r.job_id) AS job_id FROM delivery d JOIN run r ON r.id = d.run
         WHERE d.sink = ? AND d.todo IN (1, 2) AND d.reason IS NOT NULL GROUP BY d.reason ORDER BY n DESC LIMIT ?`,
        sink,
        limit,
      )
      .map((row) => ({ reason: String(row['reason']), count: Number(row['n']), jobId: Number(row['job_id']) }));
  }

  counts(sink: SinkName): SinkCounts {
    const now = this.#now();
    const one = (sql: string, ...parameters: (string | number)[]) => Number(this.#journal.get(sql, ...parameters)?.['n'] ?? 0);
    const where = 'FROM delivery WHERE sink = ? AND todo = ? AND todo IN (1, 2)';
    const awaiting = `${where} AND due_ms > ? AND attempts = 0`;
    const closed = 'SELECT count(*) AS n FROM delivery WHERE sink = ? AND todo = ? AND todo IN (3, 4)';
    let oldestMs: number | null = null;
    for (const what of [todo.start, todo.stop]) {
      const row = this.#journal.get(`SELECT min(due_ms) AS due ${where} AND (due_ms <= ? OR attempts > 0)`, sink, what, now);
      const due = row?.['due'];
      if (typeof due === 'number' && (oldestMs === null || due < oldestMs)) oldestMs = due;
    }
    return {
      startsWaiting: one(`SELECT count(*) AS n ${where}`, sink, todo.start),
      stopsWaiting: one(`SELECT count(*) AS n ${where}`, sink, todo.stop),
      awaitingCommit: one(`SELECT count(*) AS n ${awaiting}`, sink, todo.stop, now),
      aside: one(closed, sink, todo.aside),
      unsent: one(closed, sink, todo.unsent),
      oldestMs,
    };
  }
}
