import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Release } from './release.ts';
import { schema } from './schema.ts';

/** SQLite with its statements kept. Errors are SQLite's own, with its words. */
export class Database {
  readonly #db: DatabaseSync;
  /** Few: the texts are ours, and the longest choice in them is that of the states. */
  readonly #statements = new Map<string, StatementSync>();

  /** `path` is a file, or `:memory:`. A file that has tables keeps them, as after a restart. */
  constructor(path: string, release: Release) {
    this.#db = new DatabaseSync(path, { enableDoubleQuotedStringLiterals: true });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
    if (this.get('SELECT 1 FROM sqlite_master') === undefined) this.#db.exec(schema(release));
  }

  close(): void {
    this.#db.close();
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepare(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  /** Rows touched, and the connection's last row id: of this statement only if it inserted one. */
  run(sql: string, ...values: SQLInputValue[]): { readonly changes: number; readonly rowId: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...values);
    return { changes: Number(changes), rowId: Number(lastInsertRowid) };
  }

  atomic<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      this.run('ROLLBACK');
      throw error;
    }
  }

  #prepare(sql: string): StatementSync {
    let known = this.#statements.get(sql);
    if (!known) {
      known = this.#db.prepare(sql);
      this.#statements.set(sql, known);
    }
    return known;
  }
}
