import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError } from '@sluice/io';

/** Seconds since the epoch at which the file last changed; null when there is none. Errors: `journal.unusable`. */
export function readLastRun(path: string): number | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? Math.floor(found.mtimeMs / 1000) : null;
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/**
 * Sets the file's time, so that cc-slurm-adapter would go on from there. Errors: `journal.unusable`.
 */
export function writeLastRun(path: string, seconds: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a', 0o644));
    utimesSync(path, seconds, seconds);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): SluiceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SluiceError('journal.unusable', `${path} (lastRunPath) cannot be used: ${reason}`, {
    cause,
    hint: `Let the service user write to it: install -d -o USER ${dirname(path)}`,
  });
}
