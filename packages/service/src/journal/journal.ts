import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type Clock, SluiceError } from '@sluice/io';
import type { InstanceLock } from './instance-lock.ts';
import { journalError } from './sqlite-errors.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;
export type Parameters = readonly SQLInputValue[];

/** What a function in `write` may do; all of it is synchronous, so that nothing comes between. */
export interface Statements {
  /** Rows changed, and the rowid of the last insert. */
  run(sql: string, ...parameters: Parameters): { readonly changes: number; readonly lastId: number };
  get(sql: string, ...parameters: Parameters): Row | undefined;
  all(sql: string, ...parameters: Parameters): readonly Row[];
  /** Rows one by one, for what may be many. Leave no such reading open for long: meanwhile the write-ahead log cannot shrink. */
  iterate(sql: string, ...parameters: Parameters): IterableIterator<Row>;
}

interface Parts {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly lock: InstanceLock | undefined;
  readonly clock: Clock;
  readonly migrations: readonly string[];
  readonly readOnly: boolean;
  /** Whether commits are synced to the disk. */
  readonly synced: boolean;
}

export interface WriteOptions {
  /**
   * What it stores can be found out or done again: a power failure may lose it until the next commit that is synced, SIGKILL
   * never. It then does not wait for the disk.
   */
  readonly repeatable?: boolean;
}

interface Waiting {
  readonly work: (statements: Statements) => unknown;
  readonly repeatable: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Done {
  readonly waiting: Waiting;
  readonly result: { readonly value: unknown } | { readonly error: unknown };
}

const maxStatements = 200;
/** Milliseconds that one commit may gather work before the event loop gets its turn. */
const batchMs = 20;

/**
 * The base of the journals: one SQLite file, written by this process alone. What is written in the same turn of the event
 * loop is committed together, so that many small writes cost one sync of the disk.
 */
export class Journal {
  readonly path: string;
  /** Names of the migrations that opening the journal applied. */
  readonly migrations: readonly string[];
  readonly #database: DatabaseSync;
  readonly #lock: InstanceLock | undefined;
  readonly #clock: Clock;
  readonly #readOnly: boolean;
  readonly #synced: boolean;
  #syncsNow: boolean;
  readonly #cache = new Map<string, StatementSync>();
  readonly #statements: Statements;
  #queue: Waiting[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(parts: Parts) {
    this.path = parts.path;
    this.migrations = parts.migrations;
    this.#database = parts.database;
    this.#lock = parts.lock;
    this.#clock = parts.clock;
    this.#readOnly = parts.readOnly;
    this.#synced = parts.synced;
    this.#syncsNow = parts.synced;
    this.#statements = {
      run: (sql, ...parameters) => {
        const { changes, lastInsertRowid } = this.#prepared(sql).run(...parameters);
        return { changes: Number(changes), lastId: Number(lastInsertRowid) };
      },
      get: (sql, ...parameters) => this.#prepared(sql).get(...parameters),
      all: (sql, ...parameters) => this.#prepared(sql).all(...parameters),
      iterate: (sql, ...parameters) => this.#database.prepare(sql).iterate(...parameters),
    };
  }

  /**
   * Runs a synchronous function in the next commit and gives its result once that commit is done. If it throws, only what
   * it did is undone. If the commit fails (`journal.full`), every function in it has failed and nothing of them is stored.
   */
  write<T>(work: (statements: Statements) => T, { repeatable = false }: WriteOptions = {}): Promise<T> {
    if (!this.#database.isOpen) return Promise.reject(this.#closedError());
    if (this.#readOnly) return Promise.reject(new SluiceError('internal', `${this.path} was opened for reading`));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, repeatable, resolve: resolve as (value: unknown) => void, reject });
      this.#scheduled ??= setImmediate(() => this.#flush());
    });
  }

  /** The first row, of what is committed. */
  get(sql: string, ...parameters: Parameters): Row | undefined {
    return this.#read(() => this.#statements.get(sql, ...parameters));
  }

  /** All rows, of what is committed. */
  all(sql: string, ...parameters: Parameters): readonly Row[] {
    return this.#read(() => this.#statements.all(sql, ...parameters));
  }

  /** Rows one by one; see `Statements.iterate`. */
  iterate(sql: string, ...parameters: Parameters): IterableIterator<Row> {
    return this.#read(() => this.#statements.iterate(sql, ...parameters));
  }

  /** Bytes on disk: the file and its write-ahead log. */
  size(): { readonly fileBytes: number; readonly walBytes: number } {
    return { fileBytes: fileSize(this.path), walBytes: fileSize(`${this.path}-wal`) };
  }

  /** Functions that wait for the next commit. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Commits what waits, brings the write-ahead log into the file and closes; may be called again. */
  close(): void {
    if (!this.#database.isOpen) return;
    while (this.#queue.length > 0) this.#flush();
    clearImmediate(this.#scheduled);
    this.#cache.clear();
    this.#database.close();
    this.#lock?.release();
  }

  #flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#queue.length === 0) return;
    const tried: Waiting[] = [];
    const done: Done[] = [];
    const started = this.#clock.monotonic();
    try {
      this.#sync(this.#queue.some(({ repeatable }) => !repeatable));
      this.#database.exec('BEGIN IMMEDIATE');
      for (const waiting of this.#queue) {
        tried.push(waiting);
        done.push({ waiting, result: this.#runOne(waiting) });
        if (this.#clock.monotonic() - started >= batchMs) break;
      }
      this.#database.exec('COMMIT');
      this.#queue = this.#queue.slice(tried.length);
    } catch (error) {
      this.#failed(error, tried);
      return;
    } finally {
      if (this.#queue.length > 0) this.#scheduled ??= setImmediate(() => this.#flush());
    }
    for (const { waiting, result } of done) {
      if ('value' in result) waiting.resolve(result.value);
      else waiting.reject(result.error);
    }
  }

  /** Whether the commits from now on wait for the disk. Those that did not are synced with the next that does. */
  #sync(wanted: boolean): void {
    if (!this.#synced || wanted === this.#syncsNow) return;
    this.#database.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    this.#syncsNow = wanted;
  }

  /** Throws only when the whole transaction is lost. */
  #runOne({ work }: Waiting): Done['result'] {
    this.#database.exec('SAVEPOINT one');
    try {
      const value = work(this.#statements);
      if (value instanceof Promise) throw new SluiceError('internal', 'a function given to write() must be synchronous');
      this.#database.exec('RELEASE one');
      return { value };
    } catch (error) {
      // SQLite itself undoes the whole transaction on some errors, a full disk among them.
      if (!this.#database.isTransaction) throw error;
      this.#database.exec('ROLLBACK TO one; RELEASE one');
      return { error: journalError(error, this.path) };
    }
  }

  /** What a lost transaction had tried has failed; when it did not even begin, everything that waits has. */
  #failed(cause: unknown, tried: readonly Waiting[]): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    const lost = tried.length > 0 ? tried : this.#queue;
    this.#queue = this.#queue.slice(lost.length);
    const error = journalError(cause, this.path);
    for (const waiting of lost) waiting.reject(error);
  }

  #read<T>(read: () => T): T {
    if (!this.#database.isOpen) throw this.#closedError();
    try {
      return read();
    } catch (error) {
      throw journalError(error, this.path);
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#cache.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const oldest = this.#cache.size >= maxStatements ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(sql, statement);
    return statement;
  }

  #closedError(): SluiceError {
    return new SluiceError('internal', `${this.path} is closed`);
  }
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
