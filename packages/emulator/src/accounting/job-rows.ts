import type { Tres } from '@sluice/slurm';
import type { JobRow, JobRowQuery } from '../model/slurmdbd.ts';
import type { Row, Store } from '../store/store.ts';
import { chosenRows } from './job-row-query.ts';

/** What a roll-up needs of a row. Times are 0 where there is none. */
export interface RowSpan {
  readonly jobId: number;
  readonly associationId: number;
  readonly submitted: number;
  readonly eligible: number;
  readonly started: number;
  readonly ended: number;
  readonly suspended: number;
  /** CPUs that were asked for. */
  readonly cpus: number;
  readonly tres: Tres;
}

const upsert = `INSERT INTO job_row (db_index, cluster, job_id, array_job_id, task_id, het_job_id, het_offset, submitted, eligible, started,
  ended, user, account, association_id, partition, qos, name, state, nodes, suspended, cpus, tres, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (db_index) DO UPDATE SET cluster = excluded.cluster, job_id = excluded.job_id, array_job_id = excluded.array_job_id,
  task_id = excluded.task_id, het_job_id = excluded.het_job_id, het_offset = excluded.het_offset, submitted = excluded.submitted,
  eligible = excluded.eligible, started = excluded.started, ended = excluded.ended, user = excluded.user, account = excluded.account,
  association_id = excluded.association_id, partition = excluded.partition, qos = excluded.qos, name = excluded.name,
  state = excluded.state, nodes = excluded.nodes, suspended = excluded.suspended, cpus = excluded.cpus, tres = excluded.tres, body = excluded.body`;

/** Rows that are read at a time: one by one each costs ten times as much. */
const chunkRows = 250;
const selectChunk = `SELECT number, db_index, body FROM job_row WHERE number IN (${new Array<string>(chunkRows).fill('?').join()})`;

/** NO_VAL: the row that stands for the tasks that pend comes behind those of its tasks. */
const noTask = 0xff_ff_ff_fe;

/**
 * The job table of slurmdbd. Rows are held back until somebody asks or the store is flushed, so that a job which starts and ends
 * within one tick is written once.
 */
export class JobRows {
  readonly #store: Store;
  readonly #waiting = new Map<string, JobRow>();

  constructor(store: Store) {
    this.#store = store;
    store.beforeFlush(() => this.#write());
  }

  put(row: JobRow): void {
    this.#waiting.set(row.dbIndex, row);
  }

  get(dbIndex: string): JobRow | undefined {
    const waiting = this.#waiting.get(dbIndex);
    if (waiting !== undefined) return waiting;
    const row = this.#store.first('SELECT db_index, body FROM job_row WHERE db_index = ?', dbIndex);
    return row === undefined ? undefined : this.#decode(row);
  }

  /** As {@link chosenRows} chooses and orders them; the rows themselves are read some at a time. */
  *query(query: JobRowQuery): Iterable<JobRow> {
    this.#write();
    const numbers = chosenRows(this.#store, query);
    for (let at = 0; at < numbers.length; at += chunkRows) {
      const chunk = numbers.slice(at, at + chunkRows);
      // Always the same statement: what is left over is asked for again.
      const asked = [...chunk, ...new Array<number>(chunkRows - chunk.length).fill(0)];
      const found = new Map(this.#store.all(selectChunk, ...asked).map((row) => [row['number'], row] as const));
      for (const number of chunk) {
        const row = found.get(number);
        if (row !== undefined) yield this.#decode(row);
      }
    }
  }

  /** Rows without an end, whatever their time. */
  open(): readonly JobRow[] {
    this.#write();
    return this.#store.all('SELECT db_index, body FROM job_row WHERE ended = 0 ORDER BY job_id, number').map((row) => this.#decode(row));
  }

  /** Rows that ran, or waited while they were eligible, at any time in [from, to). */
  *spans(from: number, to: number): Iterable<RowSpan> {
    this.#write();
    const sql = `SELECT job_id, association_id, submitted, eligible, started, ended, suspended, cpus, tres FROM job_row
      WHERE eligible > 0 AND eligible < ? AND (ended > ? OR ended = 0)`;
    for (const row of this.#store.iterate(sql, to, from)) {
      yield {
        jobId: Number(row['job_id']),
        associationId: Number(row['association_id']),
        submitted: Number(row['submitted']),
        eligible: Number(row['eligible']),
        started: Number(row['started']),
        ended: Number(row['ended']),
        suspended: Number(row['suspended']),
        cpus: Number(row['cpus']),
        tres: JSON.parse(String(row['tres'])) as Tres,
      };
    }
  }

  #write(): void {
    if (this.#waiting.size === 0) return;
    for (const row of this.#waiting.values()) this.#writeOne(row);
    this.#waiting.clear();
  }

  #writeOne(row: JobRow): void {
    const { script, environment, ...rest } = row;
    const hasText = script !== null || environment !== null;
    // Without these two keys they are looked up when they are wanted.
    const body = hasText ? rest : row;
    this.#store.run(
      upsert,
      row.dbIndex,
      row.cluster,
      row.jobId,
      row.array?.jobId ?? 0,
      row.array === null ? 0 : (row.array.taskId ?? noTask),
      row.het?.jobId ?? 0,
      row.het?.offset ?? -1,
      row.submit,
      row.eligible ?? 0,
      row.start ?? 0,
      row.end ?? 0,
      row.user,
      row.account,
      row.associationId,
      row.partition,
      row.qos,
      row.name,
      row.state,
      row.nodes,
      row.suspendedSeconds,
      row.requestedCpus,
      JSON.stringify(row.start === null ? row.requestedTres : row.allocatedTres),
      JSON.stringify(body),
    );
    if (!hasText) return;
    const known = this.#store.first('SELECT 1 AS known FROM job_text WHERE db_index = ?', row.dbIndex);
    if (known === undefined) {
      this.#store.run('INSERT INTO job_text (db_index, script, environment) VALUES (?, ?, ?)', row.dbIndex, script, environment);
    }
  }

  /** Script and environment are long and seldom wanted: where there are any they are read when they are looked at. */
  #decode(row: Row): JobRow {
    const decoded = JSON.parse(String(row['body'])) as JobRow;
    if ('script' in decoded) return decoded;
    const store = this.#store;
    const dbIndex = String(row['db_index']);
    const text = (column: 'script' | 'environment'): string | null => {
      const found = store.first('SELECT script, environment FROM job_text WHERE db_index = ?', dbIndex)?.[column];
      return typeof found === 'string' ? found : null;
    };
    return Object.defineProperties(decoded as JobRow, {
      script: { enumerable: true, configurable: true, get: () => text('script') },
      environment: { enumerable: true, configurable: true, get: () => text('environment') },
    });
  }
}
