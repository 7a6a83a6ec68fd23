import type { JobRow } from '@sluice/standins';
import type { ExpectedJob } from './demo-recording.ts';

/** Everything in which the rows of the stand-in differ from what must stand there; empty when nothing does. */
export function differences(expected: readonly ExpectedJob[], rows: readonly JobRow[]): readonly string[] {
  const left = new Map(rows.map((row) => [`${row.job_id}/${row.start_time}`, row]));
  const found: string[] = [];
  for (const job of expected) {
    const key = `${job.jobId}/${job.start}`;
    const row = left.get(key);
    left.delete(key);
    if (!row) found.push(`job ${job.jobId} (${JSON.stringify(job.name)}) is missing`);
    else found.push(...differencesOf(job, row));
  }
  for (const row of left.values()) found.push(`job ${row.job_id} stands there and should not`);
  return found;
}

function differencesOf(job: ExpectedJob, row: JobRow): string[] {
  const resources = JSON.parse(row.resources) as { hostname: string; hwthreads: number[] | null; accelerators: string[] | null }[];
  const metaData = JSON.parse(row.meta_data ?? '{}') as Record<string, string>;
  const pairs: readonly [what: string, wanted: unknown, found: unknown][] = [
    ['name', job.name, metaData['jobName']],
    ['user', job.user, row.hpc_user],
    ['state', job.state, row.job_state],
    ['duration', job.end === null ? 0 : job.end - job.start, row.duration],
    ['hosts', job.hosts.join(), resources.map(({ hostname }) => hostname).join()],
    ['shared', job.shared, row.shared],
    ['number of CPUs', job.cpus, row.num_hwthreads],
    ['number of GPUs', job.gpus, row.num_acc],
    ['hwthreads named', job.cpus, resources.flatMap(({ hwthreads }) => hwthreads ?? []).length],
    ['GPUs named', job.gpus, resources.flatMap(({ accelerators }) => accelerators ?? []).length],
    ['script', true, metaData['jobScript']?.startsWith('#!') ?? false],
  ];
  return pairs
    .filter(([, wanted, found]) => wanted !== found)
    .map(([what, wanted, found]) => `job ${job.jobId}: ${what} is ${JSON.stringify(found)}, should be ${JSON.stringify(wanted)}`);
}
