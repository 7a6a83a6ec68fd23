import { SluiceError } from '@sluice/io';
import type { SlurmReader } from './slurm-reader.ts';

/**
 * The environment of a job, one `NAME=value` a line; null where slurmdbd does not keep it or cannot be asked: it is a supplement, and
 * a start does not wait for it.
 */
export async function environmentOf({ accounting }: Pick<SlurmReader, 'accounting'>, jobId: number): Promise<string | null> {
  try {
    const answer = await accounting.environment(jobId);
    if (answer.kind !== 'known') return null;
    return Object.entries(answer.value)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}
