import { SluiceError } from '@sluice/io';
import { type AccountedJob, type ActiveState, isEnded } from '@sluice/slurm';
import { readAccounted } from '../observe/accounted.ts';
import { mergeRuns } from '../observe/seen.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { keyOf, type RunEnd, type RunKey } from '../run.ts';

/** What Slurm says of a run that cc-backend has as running and that is not running for slurmctld. */
export type ListedEnd =
  | { readonly run: RunKey; readonly ended: RunEnd }
  /** It may have ended, but Slurm does not say when and how. */
  | { readonly run: RunKey; readonly waits: string }
  | { readonly run: RunKey; readonly stray: string };

/** What slurmctld holds of a job says of a run that is listed: that it goes on, how it ended, or nothing. */
export function heldBy(state: ActiveState | undefined, run: RunKey): 'goes on' | RunEnd | undefined {
  if (!state || state.start !== run.start || state.state.base === 'PENDING' || state.state.flags.includes('REVOKED')) return undefined;
  // Without an end it is not final how it ended.
  if (!isEnded(state.state) || state.end === null) return 'goes on';
  return { time: state.end, state: state.state.base };
}

/**
 * Asks accounting how exactly these runs ended: another run of the same id tells nothing. The controller was asked before and
 * does not have them. Errors: none; what cannot be asked waits.
 */
export async function askEnds(
  { accounting }: SlurmReader,
  cluster: string,
  runs: readonly RunKey[],
  signal?: AbortSignal,
): Promise<readonly ListedEnd[]> {
  const rows: AccountedJob[] = [];
  let rejects = 0;
  try {
    const jobIds = [...new Set(runs.map(({ jobId }) => jobId))];
    for await (const piece of accounting.jobsById(jobIds, signal ? { signal } : {})) {
      if (piece.kind === 'records') rows.push(...piece.records.filter((row) => row.cluster === cluster));
      if (piece.kind === 'rejects') rejects += piece.rejects.length;
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return runs.map((run) => ({ run, waits: `accounting cannot be asked how it ended: ${error.message}` }));
  }
  const around = { allocations: new Map(), nodeCpus: new Map() };
  const { sightings } = readAccounted(rows, around, () => undefined);
  const ends = new Map(mergeRuns(sightings.map(({ run }) => run)).map((run) => [keyOf(run), run.ended]));
  const ids = new Set(rows.map(({ jobId }) => jobId));
  const starts = new Set(rows.map(({ jobId, start }) => `${jobId}/${start}`));
  return runs.map((run): ListedEnd => {
    const ended = ends.get(keyOf(run));
    if (ended) return { run, ended };
    if (ended === null || starts.has(`${run.jobId}/${run.start}`)) return { run, waits: noEnd };
    if (rejects > 0) return { run, waits: 'accounting has rows that cannot be read, perhaps one of this job' };
    return { run, stray: ids.has(run.jobId) ? otherRuns : unknownJob };
  });
}

const noEnd = 'slurmctld does not have it any more, and accounting has no end of it yet; if that stays so: sacctmgr show runawayjobs';
const unknownJob = 'neither slurmctld nor accounting knows the job';
const otherRuns = 'Slurm knows other runs of the job, and none that began then';
