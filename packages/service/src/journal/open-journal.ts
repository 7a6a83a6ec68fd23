import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, SluiceError } from '@sluice/io';
import { createDirectory, createFile } from './create.ts';
import { refuseNetworkFileSystem } from './file-system.ts';
import { asUnusable, type InstanceLock, lockInstance } from './instance-lock.ts';
import { Journal } from './journal.ts';
import { migrate, pragma, refuseForeign, type Schema } from './migrate.ts';
import { journalError } from './sqlite-errors.ts';

export interface JournalOptions {
  readonly clock: Clock;
  /**
   * What a commit outlives. `power-loss` (the default): every commit is synced to the disk before its promise settles
   * (`synchronous=FULL`). `process-kill`: SIGKILL and crashes of the program lose nothing, but a power failure or a crash of
   * the kernel may lose the commits since the last checkpoint; the file stays sound (`synchronous=NORMAL`).
   */
  readonly durability?: 'power-loss' | 'process-kill';
  /** Opens for reading alone, beside the process that writes; it must exist then, and is not migrated. */
  readonly readOnly?: boolean;
  /** Checks the whole file for damage at opening (`PRAGMA quick_check`, about 1 s per GB); true by default. */
  readonly check?: boolean;
  /** Bytes that the file may grow to; then writes fail with `journal.full`. Unbounded by default. */
  readonly maxBytes?: number;
  /** Accepts a file system in user space, which may be a remote one. */
  readonly allowFuse?: boolean;
  /** Mode of a directory that has to be made; 0o750 by default. The file gets 0o640 within the umask. */
  readonly directoryMode?: number;
  /** The process that is named to a second one that wants the same journal. */
  readonly pid?: number;
}

/** Milliseconds a statement waits for another process's lock: readers hold it only while they checkpoint. */
const busyTimeoutMs = 5000;
/** Pages (of 4 KiB) after which the write-ahead log is brought into the file. */
const checkpointPages = 1000;
/** Bytes that the write-ahead log is cut back to once it was longer, as after a large transaction. */
const walLimitBytes = 16 * 1024 * 1024;

/**
 * Opens a journal: one SQLite file in WAL mode on a local file system, written by one process. Errors:
 * `journal.unusable` (place, owner, damage), `journal.newer`, `journal.full`, `instance.running`.
 */
export function openJournal(path: string, schema: Schema, options: JournalOptions): Journal {
  let lock: InstanceLock | undefined;
  let database: DatabaseSync | undefined;
  try {
    const directory = dirname(path);
    if (!options.readOnly) createDirectory(directory, options.directoryMode ?? 0o750);
    refuseNetworkFileSystem(directory, options.allowFuse === true);
    if (!options.readOnly) {
      lock = lockInstance(`${path}.lock`, options.pid ?? process.pid);
      createFile(path, 0o640);
    }
    database = new DatabaseSync(path, { readOnly: options.readOnly === true, timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    const migrations = prepare(database, path, schema, options);
    const synced = options.durability !== 'process-kill';
    return new Journal({ path, database, lock, clock: options.clock, migrations, readOnly: options.readOnly === true, synced });
  } catch (error) {
    database?.close();
    lock?.release();
    throw asUnusable(error, path);
  }
}

function prepare(database: DatabaseSync, path: string, schema: Schema, options: JournalOptions): readonly string[] {
  // Before anything is written: a file of another program must stay as it is.
  refuseForeign(database, schema, path);
  if (options.readOnly) return [];
  if (database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'] !== 'wal') {
    throw new SluiceError('journal.unusable', `${path} cannot be used: its file system does not support SQLite's write-ahead log`);
  }
  database.exec(`PRAGMA synchronous = ${options.durability === 'process-kill' ? 'NORMAL' : 'FULL'}`);
  database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${walLimitBytes}`);
  if (options.maxBytes !== undefined) {
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pragma(database, 'page_size')))}`);
  }
  if (options.check !== false) refuseDamaged(database, path);
  return migrate(database, schema, path);
}

function refuseDamaged(database: DatabaseSync, path: string): void {
  let verdict: unknown;
  try {
    verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  } catch (error) {
    throw journalError(error, path);
  }
  if (verdict === 'ok') return;
  throw new SluiceError('journal.unusable', `${path} is damaged: ${String(verdict)}`, {
    hint: `Set it aside (mv ${path} ${path}.damaged) and start again; "sqlite3 ${path}.damaged .recover" shows what can be saved.`,
  });
}
