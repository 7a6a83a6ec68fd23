import { SluiceError } from '@sluice/io';

/** Primary result codes of SQLite (sqlite.org/rescode.html); extended ones carry theirs in the low byte. */
const codes = { busy: 5, locked: 6, readonly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** SQLITE_IOERR_WRITE, _TRUNCATE, _SHMSIZE and _SHMMAP: what an exceeded quota becomes, and a full disk at opening. */
const writeErrors = new Set([778, 1546, 4874, 5386]);

interface SqliteFailure extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteError(error: unknown): error is SqliteFailure {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR' && 'errcode' in error;
}

export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && ((error.errcode & 0xff) === codes.busy || (error.errcode & 0xff) === codes.locked);
}

export function isConstraint(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === 19;
}

/**
 * What an error of SQLite means for a journal; other errors pass unchanged, and so do constraint and SQL errors, which
 * belong to the caller.
 */
export function journalError(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  const primary = error.errcode & 0xff;
  if (primary === codes.full || writeErrors.has(error.errcode)) {
    return new SluiceError('journal.full', `${path} cannot grow: ${error.message}`, {
      cause: error,
      hint: 'Free space on its file system; nothing that was stored is lost.',
    });
  }
  if (primary === codes.busy || primary === codes.locked) return unusable(path, 'another program holds it', error);
  if (primary === codes.notADatabase) return unusable(path, 'it is no SQLite database', error, aside(path));
  if (primary === codes.corrupt) return unusable(path, `it is damaged (${error.message})`, error, aside(path));
  if (primary === codes.io || primary === codes.readonly || primary === codes.cannotOpen) return unusable(path, error.message, error);
  return error;
}

const aside = (path: string): string => `Stop the daemon and set it aside (mv ${path} ${path}.damaged); the next start begins a new one.`;

function unusable(path: string, reason: string, cause: unknown, hint?: string): SluiceError {
  return new SluiceError('journal.unusable', `${path} cannot be used: ${reason}`, { cause, ...(hint === undefined ? {} : { hint }) });
}
