import type { Journal, Row, Statements } from '@sluice/service';
import type { Run, RunEnd, RunKey } from '../run.ts';
import { setNote } from './book.ts';
import { factsOf } from './facts.ts';
import { type DeliverTo, divide, insertRuns } from './new-runs.ts';
import { known, mayStop, todo } from './schema.ts';
import type { Ending, Notes, OpenRun, Recorded, Resize, Sighting, SinkName } from './types.ts';

const openRunsAtOnce = 1000;

/** What Slurm says: the runs, and how deliveries of them begin. */
export class Runs {
  readonly #journal: Journal;
  readonly #to: DeliverTo;
  readonly #now: () => number;

  constructor(journal: Journal, sinks: readonly SinkName[], first: SinkName | undefined, now: () => number) {
    this.#journal = journal;
    this.#to = { sinks, first };
    this.#now = now;
  }

  /**
   * Records what was seen of one cluster, in one transaction with the notes that must not be ahead of it. An end, once known, stays;
   * a later one wins while the stop has not been sent. What is complete replaces what was not, while the start has not been
   * sent.
   */
  record(
    seen: readonly Sighting[],
    beside: {
      readonly endings?: readonly Ending[];
      readonly resizes?: readonly Resize[];
      readonly notes?: Notes;
      /** Slurm will say it again if a power failure loses it. */
      readonly repeatable?: boolean;
    } = {},
  ): Promise<Recorded> {
    return this.#journal.write(
      (statements) => {
        let started = 0;
        let ended = 0;
        for (const { cluster, jobId, start, at } of beside.resizes ?? []) {
          statements.run('INSERT OR IGNORE INTO resized VALUES (?, ?, ?, ?)', cluster, jobId, at, start);
        }
        const { unknown, others } = divide(statements, seen);
        insertRuns(statements, unknown, this.#to, this.#now());
        started += unknown.length;
        for (const { run } of unknown) if (run.ended !== null) ended++;
        for (const sighting of others) {
          const what = this.#recordOne(statements, sighting);
          if (what.isNew) started++;
          if (what.nowEnded) ended++;
        }
        for (const { ended: end, ...key } of beside.endings ?? []) {
          const row = find(statements, key);
          if (row && this.#end(statements, row, end)) ended++;
        }
        for (const [name, value] of Object.entries(beside.notes ?? {})) setNote(statements, name, value);
        return { started, ended };
      },
      { repeatable: beside.repeatable ?? false },
    );
  }

  #recordOne(statements: Statements, sighting: Sighting): { isNew: boolean; nowEnded: boolean } {
    const { run, complete, backlog, stands } = sighting;
    const row = find(statements, run) ?? beganBefore(statements, run);
    const now = this.#now();
    if (!row) {
      insertRuns(statements, [sighting], this.#to, now);
      return { isNew: true, nowEnded: run.ended !== null };
    }
    const id = Number(row['id']);
    if (complete && row['complete'] === 0) {
      statements.run('UPDATE run SET facts = ?, complete = 1 WHERE id = ?', factsOf(run), id);
      statements.run(
        `UPDATE delivery SET todo = ${todo.start}, due_ms = ? WHERE run = ? AND known = 0 AND todo = 0${this.#onlyFirst()}`,
        now,
        id,
      );
    }
    if (stands) this.#standsAlready(statements, id, stands);
    return { isNew: false, nowEnded: run.ended !== null && this.#end(statements, row, run.ended, backlog) };
  }

  /**
   * Notes an end, unless a later one is known; says whether there was none. Of two that came at the same time history has the last
   * word: a job that is cancelled in the second in which its node fails is told otherwise by slurmctld than by accounting.
   */
  #end(statements: Statements, row: Row, end: RunEnd, fromHistory = false): boolean {
    const known = row['ended'] === null ? null : Number(row['ended']);
    if (known !== null && (known > end.time || (known === end.time && !fromHistory))) return false;
    const id = Number(row['id']);
    statements.run('UPDATE run SET ended = ?, end_state = ?, missing_ms = NULL WHERE id = ?', end.time, end.state, id);
    this.#planStop(statements, id, this.#now());
    return known === null;
  }

  /** A sink that comes after another learns of a run when that one has it. */
  #onlyFirst(): string {
    return this.#to.first === undefined ? '' : ` AND sink = '${this.#to.first}'`;
  }

  #standsAlready(statements: Statements, id: number, stands: 'start' | 'stop'): void {
    const now = this.#now();
    if (stands === 'stop') {
      statements.run(`UPDATE delivery SET known = 2, todo = 0, reason = NULL, done_ms = ? WHERE run = ? AND known < 2`, now, id);
      return;
    }
    statements.run(
      `UPDATE delivery SET known = 1, reason = NULL, due_ms = ?1,
         todo = CASE WHEN (SELECT ended FROM run WHERE id = ?2) IS NOT NULL AND ${mayStop(this.#to.first)} THEN ${todo.stop} ELSE ${todo.nothing} END
       WHERE run = ?2 AND known = 0`,
      now,
      id,
    );
  }

  #planStop(statements: Statements, id: number, now: number): void {
    statements.run(
      `UPDATE delivery SET todo = ${todo.stop}, due_ms = max(due_ms, ?)
       WHERE run = ? AND known = ${known.start} AND todo = ${todo.nothing} AND ${mayStop(this.#to.first)}`,
      now,
      id,
    );
  }

  /** {@link resizedFrom} for many runs of a cluster, as it stands now. */
  resizesOf(cluster: string): (jobId: number, start: number) => number | undefined {
    const rows = this.#journal.all('SELECT job_id, at, start FROM resized WHERE cluster = ?', cluster);
    if (rows.length === 0) return () => undefined;
    const known = new Map(rows.map((row) => [`${row['job_id']}/${row['at']}`, Number(row['start'])]));
    return (jobId, start) => known.get(`${jobId}/${start}`);
  }

  /** The start by which a run is known that Slurm says to have begun later: after a resize (slurm.md §9.8), or begun anew. */
  resizedFrom(cluster: string, jobId: number, start: number): number | undefined {
    const row = this.#journal.get('SELECT start FROM resized WHERE cluster = ? AND job_id = ? AND at = ?', cluster, jobId, start);
    return row === undefined ? undefined : Number(row['start']);
  }

  /** What is known of a run: nothing, that it is open, or that it has ended. */
  stateOf({ cluster, jobId, start }: RunKey): { readonly complete: boolean; readonly ended: boolean } | undefined {
    const row = this.#journal.get('SELECT complete, ended FROM run WHERE cluster = ? AND job_id = ? AND start = ?', cluster, jobId, start);
    return row && { complete: row['complete'] === 1, ended: row['ended'] !== null };
  }

  /** Whether this run, or an earlier one of the same job, is known. */
  knowsUpTo({ cluster, jobId, start }: RunKey): boolean {
    const sql = 'SELECT 1 AS known FROM run WHERE cluster = ? AND job_id = ? AND start <= ? LIMIT 1';
    return this.#journal.get(sql, cluster, jobId, start) !== undefined;
  }

  /** The runs of a cluster whose end is not known, by job id, of those that were seen before a moment. */
  *openRuns(cluster: string, seenBeforeMs: number): Generator<OpenRun, void> {
    // A page of numbers as one text: a row as an object costs ten times as much, and 10,000 runs are read at every poll.
    let after: readonly [number, number] = [0, 0];
    for (let rows = 0; rows % openRunsAtOnce === 0; ) {
      const page = this.#journal.get(
        `SELECT json_group_array(json_array(id, job_id, start, complete, missing_ms)) AS runs FROM (
           SELECT id, job_id, start, complete, missing_ms FROM run INDEXED BY run_open
           WHERE cluster = ? AND ended IS NULL AND (job_id, start) > (?, ?) AND seen_ms < ? ORDER BY job_id, start LIMIT ?)`,
        cluster,
        ...after,
        Math.floor(seenBeforeMs),
        openRunsAtOnce,
      );
      const runs = JSON.parse(String(page?.['runs'])) as [number, number, number, number, number | null][];
      for (const [id, jobId, start, complete, missingMs] of runs) yield { id, jobId, start, complete: complete === 1, missingMs };
      const [, jobId = 0, start = 0] = runs.at(-1) ?? [];
      after = [jobId, start];
      if (runs.length === 0) return;
      rows += runs.length;
    }
  }

  /** When a run was over at the latest, because its job was submitted anew by a requeue and has begun again; undefined when it has not. */
  requeuedAt({ cluster, jobId, start }: RunKey): number | undefined {
    const row = this.#journal.get(
      `SELECT facts ->> 'submit' AS submit FROM run WHERE cluster = ? AND job_id = ? AND start > ? AND facts ->> 'submit' >= ?
       ORDER BY start LIMIT 1`,
      cluster,
      jobId,
      start,
      start,
    );
    return row === undefined ? undefined : Number(row['submit']);
  }

  /** Notes since when the controller does not know runs any more, or that it does again. */
  async markMissing(missing: readonly number[], back: readonly number[]): Promise<void> {
    if (missing.length + back.length === 0) return;
    await this.#journal.write((statements) => {
      for (const id of missing) statements.run('UPDATE run SET missing_ms = ? WHERE id = ? AND missing_ms IS NULL', this.#now(), id);
      for (const id of back) statements.run('UPDATE run SET missing_ms = NULL WHERE id = ?', id);
    });
  }

  count(): number {
    return Number(this.#journal.get('SELECT count(*) AS n FROM run')?.['n'] ?? 0);
  }

  /** Open runs that the controller has not known since before a moment, the longest first. */
  missingSince(beforeMs: number): readonly (RunKey & { readonly missingMs: number })[] {
    return this.#journal
      .all('SELECT cluster, job_id, start, missing_ms FROM run WHERE ended IS NULL AND missing_ms < ? ORDER BY missing_ms', beforeMs)
      .map((row) => ({
        cluster: String(row['cluster']),
        jobId: Number(row['job_id']),
        start: Number(row['start']),
        missingMs: Number(row['missing_ms']),
      }));
  }

  /** Open runs of a cluster, or of all, and of them those that the controller does not know any more. */
  openCounts(cluster?: string): { readonly open: number; readonly missing: number } {
    const sql = 'SELECT count(*) AS open, count(missing_ms) AS missing FROM run WHERE ended IS NULL';
    const row = cluster === undefined ? this.#journal.get(sql) : this.#journal.get(`${sql} AND cluster = ?`, cluster);
    return { open: Number(row?.['open'] ?? 0), missing: Number(row?.['missing'] ?? 0) };
  }
}

function find({ get }: Statements, { cluster, jobId, start }: RunKey): Row | undefined {
  return get('SELECT id, complete, ended FROM run WHERE cluster = ? AND job_id = ? AND start = ?', cluster, jobId, start);
}

/**
 * The same run with an earlier start. A slurmctld that was killed forgets what began in the seconds before, and begins it
 * anew: same job, same time of submission, another start, and the start that was told is in no row of accounting any more.
 * Two of the same submission there are never (slurmdbd's key is job id and submission; a requeue submits anew).
 */
function beganBefore({ get, run: write }: Statements, { cluster, jobId, start, submit }: Run): Row | undefined {
  if (submit === null) return undefined;
  const row = get(
    "SELECT id, complete, ended, start FROM run WHERE cluster = ? AND job_id = ? AND start < ? AND facts ->> 'submit' = ? ORDER BY start LIMIT 1",
    cluster,
    jobId,
    start,
    submit,
  );
  if (row) write('INSERT OR IGNORE INTO resized VALUES (?, ?, ?, ?)', cluster, jobId, start, Number(row['start']));
  return row;
}
