import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { SluiceError } from '@sluice/io';
import { type InstanceLock, lockInstance } from '@sluice/service';
import { applicationId, migrations } from './schema.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * Everything an emulated Slurm remembers, in one SQLite file that one process holds. All of it is synchronous, as slurmctld's and
 * slurmdbd's answers are here; what is written is seen at once by whoever reads, and is in the file for good after {@link flush}, which the
 * engine calls once per tick: a power failure loses what came since.
 *
 * Documents are values as JSON by kind and id: jobs and nodes of the controller, associations, QOS, settings. A put is kept as it is and
 * made to text when it is flushed or read, so that a job that changes ten times between two flushes is written once; it must not be
 * changed in place between `put` and `flush` in a way that is not meant to be stored.
 */
export interface Store {
  /** Path of the file; `:memory:` when there is none. */
  readonly path: string;
  put(kind: string, id: string | number, value: unknown): void;
  remove(kind: string, id: string | number): void;
  get<T>(kind: string, id: string | number): T | undefined;
  /** All of a kind, in the order in which they were first put. */
  list<T>(kind: string): readonly { readonly id: string; readonly value: T }[];
  /** Takes part in every flush, before the commit: writes what its owner has held back. */
  beforeFlush(write: () => void): void;
  /** Commits. */
  flush(): void;
  /** Runs a statement within the transaction that the next flush commits. */
  run(sql: string, ...values: readonly SQLInputValue[]): number;
  first(sql: string, ...values: readonly SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[];
  /** Rows one by one. */
  iterate(sql: string, ...values: readonly SQLInputValue[]): IterableIterator<Row>;
  /** Flushes and closes; may be called again. */
  close(): void;
}

const removed = Symbol('removed');

/** Opens the state of an emulated Slurm, or makes it. Errors: `journal.unusable`, `journal.newer`, `instance.running`. */
export function openStore(path: string): Store {
  const lock = path === ':memory:' ? undefined : lockInstance(`${path}.lock`, process.pid);
  try {
    const database = new DatabaseSync(path, { timeout: 5000 });
    try {
      prepare(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
    return new SqliteStore(path, database, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function prepare(database: DatabaseSync, path: string): void {
  const id = Number(database.prepare('PRAGMA application_id').get()?.['application_id'] ?? 0);
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] ?? 0);
  if (id !== applicationId && tables > 0) {
    throw new SluiceError('journal.unusable', `${path} is the database of another program`, {
      hint: 'Give the emulator a directory of its own.',
    });
  }
  if (version > migrations.length) {
    throw new SluiceError('journal.newer', `${path} was written by a newer release of the emulator`, {
      hint: 'Take a new directory, or that release.',
    });
  }
  // A demo's state need not outlive a power failure by every tick: NORMAL keeps the file sound and loses at most what came last.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY');
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

class SqliteStore implements Store {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #lock: InstanceLock | undefined;
  readonly #statements = new Map<string, StatementSync>();
  readonly #waiting = new Map<string, Map<string, unknown>>();
  readonly #writers: (() => void)[] = [];

  constructor(path: string, database: DatabaseSync, lock: InstanceLock | undefined) {
    this.path = path;
    this.#database = database;
    this.#lock = lock;
  }

  put(kind: string, id: string | number, value: unknown): void {
    this.#of(kind).set(String(id), value);
  }

  remove(kind: string, id: string | number): void {
    this.#of(kind).set(String(id), removed);
  }

  get<T>(kind: string, id: string | number): T | undefined {
    const waiting = this.#waiting.get(kind)?.get(String(id));
    if (waiting === removed) return undefined;
    // What was put is read as it will be read later: a copy, without what JSON cannot hold.
    if (waiting !== undefined) return JSON.parse(JSON.stringify(waiting)) as T;
    const body = this.first('SELECT body FROM document WHERE kind = ? AND id = ?', kind, String(id))?.['body'];
    return typeof body === 'string' ? (JSON.parse(body) as T) : undefined;
  }

  list<T>(kind: string): readonly { readonly id: string; readonly value: T }[] {
    this.#writeDocuments();
    const rows = this.all('SELECT id, body FROM document WHERE kind = ? ORDER BY number', kind);
    return rows.map(({ id, body }) => ({ id: String(id), value: JSON.parse(String(body)) as T }));
  }

  beforeFlush(write: () => void): void {
    this.#writers.push(write);
  }

  flush(): void {
    for (const write of this.#writers) write();
    this.#writeDocuments();
    if (this.#database.isTransaction) this.#database.exec('COMMIT');
  }

  run(sql: string, ...values: readonly SQLInputValue[]): number {
    if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE');
    return Number(this.#prepared(sql).run(...values).changes);
  }

  first(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#prepared(sql).all(...values);
  }

  iterate(sql: string, ...values: readonly SQLInputValue[]): IterableIterator<Row> {
    return this.#database.prepare(sql).iterate(...values);
  }

  close(): void {
    if (!this.#database.isOpen) return;
    try {
      this.flush();
    } finally {
      this.#statements.clear();
      this.#database.close();
      this.#lock?.release();
    }
  }

  #of(kind: string): Map<string, unknown> {
    const known = this.#waiting.get(kind) ?? new Map<string, unknown>();
    this.#waiting.set(kind, known);
    return known;
  }

  #writeDocuments(): void {
    for (const [kind, values] of this.#waiting) {
      for (const [id, value] of values) {
        if (value === removed) this.run('DELETE FROM document WHERE kind = ? AND id = ?', kind, id);
        else
          this.run(
            'INSERT INTO document (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body',
            kind,
            id,
            JSON.stringify(value),
          );
      }
      values.clear();
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    if (this.#statements.size < 200) this.#statements.set(sql, known);
    return known;
  }
}
