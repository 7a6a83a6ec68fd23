import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '@sluice/io';
import { createDirectory, createFile } from './create.ts';
import { isBusy, journalError } from './sqlite-errors.ts';

export interface InstanceLock {
  /** Gives the lock back; may be called again. */
  release(): void;
}

/**
 * Lets one process at a time past. The lock is SQLite's write lock on a small database: the kernel gives it back
 * however the process ends, SIGKILL included, so that there are no stale locks and no guessing about reused pids. (Node
 * has no flock(2), and a pid file needs both.) The database names the holder, which others can read meanwhile. It must lie
 * on a local file system. Errors: `instance.running`, `journal.unusable`.
 */
export function lockInstance(path: string, pid: number): InstanceLock {
  let database: DatabaseSync | undefined;
  try {
    createDirectory(dirname(path), 0o750);
    createFile(path, 0o640);
    database = new DatabaseSync(path, { timeout: 0 });
    const held = database;
    held.exec('PRAGMA synchronous = OFF; BEGIN IMMEDIATE');
    nameHolder(held, pid);
    return {
      release: () => {
        if (held.isOpen) held.close();
      },
    };
  } catch (error) {
    const holder = isBusy(error) && database ? holderOf(database) : undefined;
    database?.close();
    if (!isBusy(error)) throw asUnusable(error, path);
    throw new SluiceError(
      'instance.running',
      `another instance runs already${holder === undefined ? '' : ` (process ${holder})`}: ${path} is held`,
      {
        cause: error,
        hint: 'Stop the other instance, or give this one a path of its own.',
      },
    );
  }
}

/** Leaves the lock held. On a full disk the holder stays unnamed; the lock itself needs no space. */
function nameHolder(database: DatabaseSync, pid: number): void {
  try {
    database.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL); DELETE FROM holder');
    database.prepare('INSERT INTO holder VALUES (?)').run(pid);
    database.exec('COMMIT');
  } catch {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
  database.exec('BEGIN IMMEDIATE');
}

function holderOf(database: DatabaseSync): number | undefined {
  try {
    const pid = database.prepare('SELECT pid FROM holder').get()?.['pid'];
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    return undefined;
  }
}

export function asUnusable(error: unknown, path: string): unknown {
  const known = journalError(error, path);
  if (known instanceof SluiceError || !(error instanceof Error)) return known;
  return new SluiceError('journal.unusable', `${path} cannot be opened: ${error.message}`, { cause: error });
}
