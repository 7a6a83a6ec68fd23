import type { Lab } from '../lab.ts';

/**
 * What Slurm itself says, one field at a time: with a single column there is nothing that a job's name or comment could
 * be mistaken for.
 */
export function slurmSays(lab: Lab) {
  const epoch = { env: { SLURM_TIME_FORMAT: '%s', TZ: 'UTC' } };

  /** One field of one job in slurmctld, exactly as it is. */
  const queued = (jobId: number, format: string): Promise<string> =>
    lab.ask('squeue', ['-h', '-a', '-t', 'all', '-j', String(jobId), '-o', format], epoch);

  /** A field without blanks of all jobs in slurmctld, by job id. */
  const allQueued = async (format: string): Promise<ReadonlyMap<number, string>> => {
    const text = await lab.ask('squeue', ['-h', '-a', '-t', 'all', '-o', `%A ${format}`], epoch);
    return new Map(
      text.split('\n').map((line) => {
        const at = line.indexOf(' ');
        return [Number(line.slice(0, at)), line.slice(at + 1)];
      }),
    );
  };

  /** One field of the newest row of one job in accounting, exactly as it is. */
  const accounted = (jobId: number | string, field: string): Promise<string> =>
    lab.ask('sacct', ['-n', '-X', '-P', '--noconvert', '-j', String(jobId), '-o', field], epoch);

  /** One field of all rows of one job in accounting; not for fields that may hold a newline. */
  const allAccounted = async (jobId: number | string, field: string): Promise<readonly string[]> =>
    (await lab.ask('sacct', ['-n', '-X', '-P', '-D', '--noconvert', '-j', String(jobId), '-o', field], epoch)).split('\n').sort();

  /** Rows of sacctmgr, without header. */
  const managed = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await lab.ask('sacctmgr', ['-n', '-P', ...words])).split('\n').filter((line) => line !== '');

  return { queued, allQueued, accounted, allAccounted, managed };
}
