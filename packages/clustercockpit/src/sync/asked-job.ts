import { SluiceError } from '@sluice/io';
import { type ActiveJob, type ActiveState, isEnded, type JobState } from '@sluice/slurm';
import type { SlurmReader } from '../observe/slurm-reader.ts';

/** What Slurm says of the one job that a sync was asked for, where there was nothing to be done about it. */
export interface AskedJob {
  readonly jobId: number;
  /** `unknown`: neither slurmctld nor accounting knows it; `unasked`: that could not be found out. */
  readonly is: 'running' | 'waiting' | 'ended' | 'unknown' | 'unasked';
  /** Of a job that could not be asked about: why. */
  readonly reason?: string;
}

/** Asks about a job, the controller first; `states` is what it has said of all that run. Errors: none but faults of ours. */
export async function askAbout(
  { controller, accounting }: SlurmReader,
  cluster: string,
  jobId: number,
  states: ReadonlyMap<number, ActiveState>,
  signal?: AbortSignal,
): Promise<AskedJob> {
  const held = states.get(jobId);
  if (held) return { jobId, is: wordOf(held.state) };
  try {
    const answer = (await controller.details([jobId], { script: false, description: false, bare: (_: ActiveJob) => true })).get(jobId);
    if (answer?.kind === 'known') return { jobId, is: wordOf(answer.value.job.state) };
    if (answer?.kind === 'unasked') throw answer.error;
    let rejects = 0;
    for await (const piece of accounting.jobsById([jobId], { clusters: [cluster], ...(signal ? { signal } : {}) })) {
      if (piece.kind === 'records' && piece.records.some((row) => row.jobId === jobId && row.cluster === cluster))
        return { jobId, is: 'ended' };
      if (piece.kind === 'rejects') rejects += piece.rejects.length;
    }
    if (rejects > 0) throw new SluiceError('slurm.unparsable', 'accounting has rows that cannot be read, perhaps one of this job');
    return { jobId, is: 'unknown' };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { jobId, is: 'unasked', reason: error.message };
  }
}

function wordOf(state: JobState): AskedJob['is'] {
  if (isEnded(state)) return 'ended';
  return state.base === 'PENDING' ? 'waiting' : 'running';
}
