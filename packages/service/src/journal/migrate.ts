import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '@sluice/io';

/** One step of the schema; its place in the list is its version, so steps are added at the end and never changed. */
export interface Migration {
  /** What it brings, for the log. */
  readonly name: string;
  /** SQL, or a function for what SQL cannot say; both run inside the transaction that also counts the version up. */
  readonly up: string | ((database: DatabaseSync) => void);
}

export interface Schema {
  /** 32-bit number that marks the file as a journal of this kind (`PRAGMA application_id`), not 0. */
  readonly applicationId: number;
  readonly migrations: readonly Migration[];
}

/**
 * Brings the file to the newest version, each step in a transaction of its own; says which steps were taken. Errors:
 * `journal.unusable` when the file belongs to something else, `journal.newer` when a newer release wrote it.
 */
export function migrate(database: DatabaseSync, schema: Schema, path: string): readonly string[] {
  const applied: string[] = [];
  const version = refuseForeign(database, schema, path);
  for (const [index, { name, up }] of schema.migrations.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      if (typeof up === 'string') database.exec(up);
      else up(database);
      database.exec(`PRAGMA application_id = ${schema.applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    applied.push(name);
  }
  return applied;
}

/** The version of the file; throws when it is not ours to write. */
export function refuseForeign(database: DatabaseSync, schema: Schema, path: string): number {
  const id = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  const fresh = id === 0 && version === 0 && tables === 0;
  if (!fresh && id !== schema.applicationId) {
    throw new SluiceError('journal.unusable', `${path} is the database of another program`, {
      hint: 'Give the journal a path of its own.',
    });
  }
  if (version > schema.migrations.length) {
    throw new SluiceError(
      'journal.newer',
      `${path} has schema ${version}, written by a newer release; this release knows up to ${schema.migrations.length}`,
      { hint: 'Install that release again, or set the journal aside and begin a new one.' },
    );
  }
  return version;
}

export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}
