import type { AccountedJob } from '@sluice/slurm';
import type { Resize, Sighting } from '../journal/types.ts';
import { observeEnded, type Surroundings } from './seen.ts';

/** What rows of accounting tell. */
export interface Accounted {
  readonly sightings: readonly Sighting[];
  readonly resizes: readonly Resize[];
}

/** What is asked of a row beside its state and its nodes. */
export const accountedFacts: readonly (keyof AccountedJob)[] = [
  'submit',
  'user',
  'account',
  'partition',
  'name',
  'cpus',
  'timeLimit',
  'comment',
  'adminComment',
];

/**
 * The runs that rows of accounting tell of; of an ended one accounting will never say more about its start. The rows that
 * follow a resize are the run that was resized: up to 24.05 they have its start, later ones begin at the resize (slurm.md
 * §9.8). `resizedFrom` knows the resizes of earlier answers.
 */
export function readAccounted(
  rows: readonly AccountedJob[],
  around: Surroundings,
  resizedFrom: (cluster: string, jobId: number, at: number) => number | undefined,
): Accounted {
  const resizes = new Map<string, Resize>();
  const sightings: Sighting[] = [];
  // A resize ends before the row that follows it does; within one answer the order is not promised.
  for (const row of rows.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0))) {
    if (row.start === null) continue;
    const { cluster, jobId } = row;
    const begun = resizes.size === 0 ? undefined : resizes.get(`${jobId}/${row.start}`);
    const start = begun?.start ?? resizedFrom(cluster, jobId, row.start) ?? row.start;
    const resized = row.state.flags.includes('RESIZING') && row.end !== null;
    if (resized) resizes.set(`${jobId}/${row.end}`, { cluster, jobId, start, at: row.end });
    const seen = observeEnded(start === row.start ? row : { ...row, start }, around);
    if ('run' in seen) sightings.push({ run: seen.run, complete: seen.run.ended !== null, backlog: true });
  }
  return { sightings, resizes: [...resizes.values()] };
}
