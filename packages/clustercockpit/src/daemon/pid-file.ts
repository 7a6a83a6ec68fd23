import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SluiceError } from '@sluice/io';

/**
 * Writes the file that cc-slurm-adapter keeps its process in, so that the two refuse to run beside each other. The file of a
 * process that is gone is taken over. Errors: `instance.running`, `journal.unusable`.
 */
export function writePidFile(path: string, pid: number): { release(): void } {
  const other = runningIn(path);
  if (other !== null && other !== pid) {
    throw new SluiceError('instance.running', `process ${other} of ${path} (pidFilePath) runs already`, {
      hint: 'Stop it first: systemctl stop cc-slurm-adapter, or sluice-cc',
    });
  }
  try {
    writeFileSync(path, String(pid), { mode: 0o644 });
  } catch (cause) {
    throw new SluiceError(
      'journal.unusable',
      `${path} (pidFilePath) cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        hint: 'Let systemd make its directory (RuntimeDirectory=cc-slurm-adapter), or name another file.',
      },
    );
  }
  return {
    release() {
      if (readPid(path) === pid) rmSync(path, { force: true });
    },
  };
}

/** The process that a pid file names, if it is a daemon that runs, and no other program that was given its number since. */
function runningIn(path: string): number | null {
  const pid = readPid(path);
  if (pid === null) return null;
  try {
    return /cc-slurm-adapter|sluice/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ? pid : null;
  } catch {
    return null;
  }
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}
