/**
 * The spool on disk, as the script, the client and the reader agree on it:
 *
 *     <spool>/YYYYMMDD/<seconds>.<nanoseconds>.<job id>.<prolog|epilog>.<pid>.event   one event; the day is that of UTC
 *     <spool>/YYYYMMDD/.tmp.…     an event that is being written; renamed when it is whole
 *     <spool>/written             one byte for every event written; its size bounds the spool, see hook-script.ts
 *     <spool>/bell                opened for writing after every event: what the daemon and a systemd path unit watch
 *     <spool>/full                its mtime is when an event last found no room
 *     <spool>/refused/            files that were no events, kept for the administrator
 */
export const spoolNames = { written: 'written', bell: 'bell', full: 'full', refused: 'refused' } as const;

/** Ends an event; a file without it was not written to its end. */
export const endMark = 'END';

/**
 * What is kept of a hook's environment: what Slurm alone chooses. Names, comments, paths and whatever else a user may choose stay out.
 * With at most 256 bytes a value, an event stays below 4 KiB.
 */
export const keptVariables = [
  'SLURM_JOB_ID',
  'SLURM_CLUSTER_NAME',
  'SLURM_SCRIPT_CONTEXT',
  'SLURM_JOB_START_TIME',
  'SLURM_JOB_END_TIME',
  'SLURM_JOB_RESTART_COUNT',
  'SLURM_JOB_NUM_NODES',
  'SLURM_JOB_EXIT_CODE',
  'SLURM_JOB_EXIT_CODE2',
  'SLURM_JOB_DERIVED_EC',
  'SLURM_ARRAY_JOB_ID',
  'SLURM_ARRAY_TASK_ID',
  'SLURM_HET_JOB_ID',
  'SLURM_HET_JOB_OFFSET',
] as const;

export const longestValue = 256;

/** Events that may wait: at most 1 GiB on a file system with blocks of 4 KiB, a day and more of a cluster with 100,000 jobs a day. */
export const defaultMaxEvents = 262_144;

/** `ulimit -f` counts blocks of 512 bytes, and what it bounds must leave room for one event. */
export const eventStep = 512;
const fewestEvents = 8192;

/** The bound as the script can keep it: a multiple of 512, at least 8,192. */
export function eventBound(maxEvents: number): number {
  return Math.max(fewestEvents, Math.ceil(maxEvents / eventStep) * eventStep);
}

export const dayPattern = /^\d{8}$/;
export const temporaryPattern = /^\.tmp\./;
const eventPattern = /^(\d{10,11})\.(\d{9})\.\d{1,10}\.(?:prolog|epilog)\.\d{1,10}\.event$/;

/** When the hook ran, milliseconds since the epoch, as the name of its file says; null for a name that no hook gives. */
export function seenMsOf(fileName: string): number | null {
  const parts = eventPattern.exec(fileName);
  return parts === null ? null : Number(parts[1]) * 1000 + Math.floor(Number(parts[2]) / 1e6);
}

/** The day directory of a time, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}
