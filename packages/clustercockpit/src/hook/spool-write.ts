import { appendFileSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dayOf, defaultMaxEvents, endMark, eventBound, keptVariables, longestValue, spoolNames } from './spool-layout.ts';

export interface SpoolWriteOptions {
  readonly spool: string;
  /** Events that may wait; as for the script. */
  readonly maxEvents?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  readonly pid: number;
}

/**
 * Writes a hook's event into the spool as the script does. Gives false when there is no spool or no room, or the environment tells of no job;
 * never throws and never waits.
 */
export function writeSpoolEvent({ spool, maxEvents, environment, nowMs, pid }: SpoolWriteOptions): boolean {
  const kind = /^(prolog|epilog)_slurmctld$/.exec(environment['SLURM_SCRIPT_CONTEXT'] ?? '')?.[1];
  const jobId = environment['SLURM_JOB_ID'] ?? '';
  if (kind === undefined || !/^\d{1,10}$/.test(jobId)) return false;
  try {
    if (!statSync(spool).isDirectory()) return false;
  } catch {
    return false;
  }
  const written = join(spool, spoolNames.written);
  const day = join(spool, dayOf(nowMs));
  const temporary = join(day, `.tmp.${jobId}.${kind}.${pid}`);
  const stamp = `${Math.floor(nowMs / 1000)}.${String(Math.floor(nowMs % 1000)).padStart(3, '0')}000000`;
  try {
    appendFileSync(written, '.', { mode: 0o660 });
    if (statSync(written).size > eventBound(maxEvents ?? defaultMaxEvents)) throw new Error('as many events wait as may');
    mkdirSync(day, { recursive: true, mode: 0o770 });
    writeFileSync(temporary, eventText(environment), { mode: 0o660 });
    renameSync(temporary, join(day, `${stamp}.${jobId}.${kind}.${pid}.event`));
    writeFileSync(join(spool, spoolNames.bell), '', { mode: 0o660 });
    return true;
  } catch {
    markFull(spool);
    return false;
  }
}

function eventText(environment: Readonly<Record<string, string | undefined>>): string {
  const kept = keptVariables.filter((name) => isPlain(environment[name] ?? ''));
  return [...kept.map((name) => `${name}=${environment[name]}`), endMark, ''].join('\n');
}

function isPlain(value: string): boolean {
  return value.length <= longestValue && /^[!-~]+$/.test(value);
}

function markFull(spool: string): void {
  try {
    writeFileSync(join(spool, spoolNames.full), '', { mode: 0o660 });
  } catch {
    // The mark is a courtesy; the hook goes on without it.
  }
}
