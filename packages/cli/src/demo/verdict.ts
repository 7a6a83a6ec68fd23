import type { JobRow as SlurmRow } from '@sluice/emulator';
import { expandHostlist } from '@sluice/slurm';
import type { JobRow as CcRow } from '@sluice/standins';

/** What of Slurm's runs stands in cc-backend's stand-in as it should. */
export interface Verdict {
  /** Runs that began, and that had nodes. */
  readonly runs: number;
  /** Of these, runs that ended before their devices could be asked for: Slurm forgets them at the end, and the row says so. */
  readonly unnamed: number;
  /** One line for each thing that is not as it should be. */
  readonly wrong: readonly string[];
}

/** Holds the rows of the stand-in against accounting: every run that began stands there once, as Slurm has it, and nothing else. */
export function verdictOn(runs: Iterable<SlurmRow>, rows: readonly CcRow[]): Verdict {
  const left = new Map(rows.map((row) => [`${row.job_id}/${row.start_time}`, row]));
  const wrong: string[] = [];
  let began = 0;
  let unnamed = 0;
  for (const run of runs) {
    if (run.start === null || run.nodeCount === 0) continue;
    began++;
    const key = `${run.jobId}/${run.start}`;
    const row = left.get(key);
    left.delete(key);
    if (row && isUnnamed(run, row)) unnamed++;
    if (row) wrong.push(...differences(run, row));
    else wrong.push(`job ${run.jobId} (${run.state}) is missing`);
  }
  for (const row of left.values()) wrong.push(`job ${row.job_id} stands there, and Slurm has no such run`);
  if (rows.length > began && wrong.length === 0) wrong.push(`${rows.length - began} runs stand there twice`);
  return { runs: began, unnamed, wrong };
}

function differences(run: SlurmRow, row: CcRow): readonly string[] {
  const resources = JSON.parse(row.resources) as { hostname: string; hwthreads: number[] | null; accelerators: string[] | null }[];
  const metaData = JSON.parse(row.meta_data ?? '{}') as Record<string, string>;
  const pairs: readonly [what: string, wanted: unknown, found: unknown][] = [
    ['state', run.end === null ? 'running' : run.state.toLowerCase(), row.job_state],
    ['duration', run.end === null || run.start === null ? 0 : run.end - run.start, row.duration],
    ['user', run.user, row.hpc_user],
    ['account', run.account, row.project],
    ['partition', run.partition, row.cluster_partition],
    ['name', run.name, metaData['jobName']],
    ['hosts', expandHostlist(run.nodes)?.join(), resources.map(({ hostname }) => hostname).join()],
    ['number of hwthreads', run.allocatedTres['cpu'], resources.flatMap(({ hwthreads }) => hwthreads ?? []).length],
    [
      'number of GPUs',
      isUnnamed(run, row) ? 0 : (run.allocatedTres['gres/gpu'] ?? 0),
      resources.flatMap(({ accelerators }) => accelerators ?? []).length,
    ],
  ];
  return pairs
    .filter(([, wanted, found]) => wanted !== found)
    .map(([what, wanted, found]) => `job ${run.jobId}: ${what} is ${JSON.stringify(found)}, should be ${JSON.stringify(wanted)}`);
}

function isUnnamed(run: SlurmRow, row: CcRow): boolean {
  return (run.allocatedTres['gres/gpu'] ?? 0) > 0 && /which devices/.test(row.meta_data ?? '');
}
