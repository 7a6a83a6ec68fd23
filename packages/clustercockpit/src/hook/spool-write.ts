import { closeSync, constants, mkdirSync, openSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
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

/** The daemon may write in the spool, too: a link would have slurmctld's user empty another file, and a FIFO would be waited for. */
const openPlain = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

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
    write(written, constants.O_APPEND, '.');
    if (statSync(written).size > eventBound(maxEvents ?? defaultMaxEvents)) throw new Error('as many events wait as may');
    mkdirSync(day, { recursive: true, mode: 0o770 });
    writeFileSync(temporary, eventText(environment), { mode: 0o660 });
    renameSync(temporary, join(day, `${stamp}.${jobId}.${kind}.${pid}.event`));
  } catch {
    mark(join(spool, spoolNames.full));
    return false;
  }
  mark(join(spool, spoolNames.bell));
  return true;
}

function eventText(environment: Readonly<Record<string, string | undefined>>): string {
  const kept = keptVariables.filter((name) => isPlain(environment[name] ?? ''));
  return [...kept.map((name) => `${name}=${environment[name]}`), endMark, ''].join('\n');
}

function isPlain(value: string): boolean {
  return value.length <= longestValue && /^[!-~]+$/.test(value);
}

function mark(path: string): void {
  try {
    write(path, constants.O_TRUNC, '');
  } catch {
    // A courtesy; the hook goes on without it.
  }
}

function write(path: string, flags: number, text: string): void {
  const descriptor = openSync(path, openPlain | flags, 0o660);
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}
