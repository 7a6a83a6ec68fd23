/**
 * What PrologSlurmctld and EpilogSlurmctld tell of a job. An event is a hint, never a fact: whoever may write to the spool or reach the
 * socket can invent one. It is only a reason to ask Slurm about the job, and nothing of it is sent on.
 */
export interface HookEvent {
  /** `start` from PrologSlurmctld, `end` from EpilogSlurmctld. */
  readonly kind: 'start' | 'end';
  /** SLURM_CLUSTER_NAME. */
  readonly cluster: string;
  /** SLURM_JOB_ID as it stands: the raw id, also of an array's task and of a part of a heterogeneous job. */
  readonly jobId: number;
  /** SLURM_JOB_START_TIME, seconds since the epoch; Slurm sets it since 23.11. */
  readonly start: number | null;
  /** SLURM_JOB_END_TIME of the epilog, seconds since the epoch, since 23.11. The prolog's is only when the limit ends, and is left out. */
  readonly end: number | null;
  /** SLURM_JOB_RESTART_COUNT. */
  readonly restarts: number | null;
  /** Milliseconds since the epoch when the hook ran; of the socket, when its message arrived. */
  readonly seenMs: number;
  readonly source: 'spool' | 'socket';
}

export type HookFields = Readonly<Record<string, string | undefined>>;

/** SLURM_SCRIPT_CONTEXT of the two hooks, and what each means. */
const hookContexts: Readonly<Record<string, HookEvent['kind']>> = { prolog_slurmctld: 'start', epilog_slurmctld: 'end' };

/** Ids and times of Slurm are 32 bits wide; its two highest numbers mean "none" and "unlimited". */
const highest = 0xffff_fffd;

/**
 * The event that a hook's variables tell, or why they tell none. Cluster, context and job id decide; any other value that is not what
 * Slurm would write is left out, because the event is worth having without it.
 */
export function eventOf(fields: HookFields, seenMs: number, source: HookEvent['source']): HookEvent | string {
  const context = fields['SLURM_SCRIPT_CONTEXT'] ?? '';
  const kind = Object.hasOwn(hookContexts, context) ? hookContexts[context] : undefined;
  if (kind === undefined) return 'SLURM_SCRIPT_CONTEXT is neither prolog_slurmctld nor epilog_slurmctld';
  const jobId = count(fields['SLURM_JOB_ID']);
  if (jobId === null || jobId === 0) return 'SLURM_JOB_ID is not the number of a job';
  const cluster = fields['SLURM_CLUSTER_NAME'] ?? '';
  if (!/^[!-~]{1,256}$/.test(cluster)) return 'SLURM_CLUSTER_NAME is not the name of a cluster';
  return {
    kind,
    cluster,
    jobId,
    start: time(fields['SLURM_JOB_START_TIME']),
    end: kind === 'end' ? time(fields['SLURM_JOB_END_TIME']) : null,
    restarts: count(fields['SLURM_JOB_RESTART_COUNT']),
    seenMs,
    source,
  };
}

function count(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value <= highest ? value : null;
}

/** A job that has not started has the time 0. */
function time(text: string | undefined): number | null {
  return count(text) || null;
}
