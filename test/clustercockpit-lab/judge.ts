import { type JobRow, labGpus } from '@sluice/standins';
import type { SampledAllocation, SlurmRun } from './slurm-says.ts';

export interface Evidence {
  readonly runs: readonly SlurmRun[];
  readonly allocations: ReadonlyMap<string, SampledAllocation>;
  readonly rows: readonly JobRow[];
  readonly requeuedJobs: 'keep-first' | 'replace';
  /** Runs at least so many seconds long must have all that they hold; of shorter ones it may be lost, but not wrong. */
  readonly wholeFrom: number;
  /** The same of hwthreads and sharing alone: slurmctld shows an ended job's CPUs, but not its devices, for MinJobAge. */
  readonly threadsFrom: number;
}

export interface Verdict {
  readonly faults: readonly string[];
  readonly figures: Readonly<
    Record<'runs' | 'rows' | 'dropped' | 'onlySlurmctld' | 'withThreads' | 'withoutThreads' | 'accelerators' | 'resized', number>
  >;
}

const cpusPerNode = 16;
const day = 86_400;

/** Holds the rows of cc-backend against what Slurm says: one row per run that the policy lets stand, and each as Slurm has it. */
export function judge(evidence: Evidence): Verdict {
  const { runs, rows, allocations } = evidence;
  const faults: string[] = [];
  const figures = {
    runs: runs.length,
    rows: rows.length,
    dropped: 0,
    onlySlurmctld: runs.filter((run) => run.onlySlurmctld).length,
    withThreads: 0,
    withoutThreads: 0,
    accelerators: 0,
    resized: 0,
  };
  const byKey = new Map<string, JobRow[]>();
  for (const row of rows) {
    const key = `${row.job_id}/${row.start_time}`;
    byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  const expected = standing(runs, evidence.requeuedJobs);
  figures.dropped = runs.length - expected.length;
  for (const run of expected) {
    const key = `${run.jobId}/${run.start}`;
    const found = byKey.get(key) ?? [];
    byKey.delete(key);
    if (run.onlySlurmctld && found.length === 0) continue;
    if (found.length !== 1)
      faults.push(`${key} (${run.state}${run.lostBefore === undefined ? '' : ', lost by accounting'}) stands there ${found.length} times`);
    const row = found[0];
    if (!row) continue;
    if (run.nodeLists.length > 1) figures.resized++;
    const lasted = run.lostBefore === undefined && run.end !== null ? run.end - run.start : Number.NEGATIVE_INFINITY;
    const due = { whole: lasted >= evidence.wholeFrom, threads: lasted >= evidence.threadsFrom && !isRequeued(run, runs) };
    const said = (fault: string) => faults.push(`${key} (${run.state}, ${(run.end ?? Number.NaN) - run.start} s): ${fault}`);
    judgeEnd(run, row, said);
    const held = judgeResources(run, row, allocations.get(key), due, said);
    figures[held.threads ? 'withThreads' : 'withoutThreads']++;
    figures.accelerators += held.accelerators;
    if (!row.meta_data || row.meta_data === 'null') said('it has no metadata');
    else if (held.unnamed && !/which devices/.test(row.meta_data)) said('it does not say that its devices are not known');
  }
  for (const [key, more] of byKey) faults.push(`${key} stands there (${more[0]?.job_state}), and no run of Slurm is to`);
  return { faults, figures };
}

/** Of the runs of one job that begin within a day cc-backend keeps one. */
function standing(runs: readonly SlurmRun[], policy: Evidence['requeuedJobs']): readonly SlurmRun[] {
  return runs.filter((run) => {
    const rivals = runs.filter(({ jobId, start }) => jobId === run.jobId && start !== run.start && Math.abs(start - run.start) < day);
    return !rivals.some(({ start }) => (policy === 'keep-first' ? start < run.start : start > run.start));
  });
}

/** A requeue makes slurmctld forget what the run held at once; a node's failure may be one. */
function isRequeued(run: SlurmRun, runs: readonly SlurmRun[]): boolean {
  return /^(REQUEUED|NODE_FAIL)/.test(run.state) || runs.some(({ jobId, start }) => jobId === run.jobId && start > run.start);
}

function judgeEnd(run: SlurmRun, row: JobRow, said: (fault: string) => void): void {
  const state = run.end === null ? 'running' : stateOf(run.state);
  if (row.job_state !== state) said(`its state is ${row.job_state} there`);
  const duration = run.end === null ? 0 : Math.max(0, run.end - run.start);
  if (run.lostBefore === undefined ? row.duration !== duration : row.duration > duration)
    said(`it took ${duration} s, there ${row.duration}`);
}

function stateOf(slurm: string): string {
  const word = slurm.split(' ')[0] ?? '';
  return word === 'REQUEUED' ? 'cancelled' : word.toLowerCase();
}

interface Resource {
  readonly hostname: string;
  readonly hwthreads?: readonly number[] | null;
  readonly accelerators?: readonly string[] | null;
}

function judgeResources(
  run: SlurmRun,
  row: JobRow,
  sample: SampledAllocation | undefined,
  due: { readonly whole: boolean; readonly threads: boolean },
  said: (fault: string) => void,
): { threads: boolean; accelerators: number; unnamed: boolean } {
  const resources = JSON.parse(row.resources) as Resource[];
  const names = resources.map(({ hostname }) => hostname);
  const held = run.nodeLists.some((list) => same(list, names));
  if (!held) said(`its nodes are ${names.join(',')} there, and ${run.nodeLists.map((list) => list.join(',')).join(' then ')} in Slurm`);
  if (row.num_nodes !== names.length) said(`it has ${names.length} nodes and num_nodes ${row.num_nodes}`);
  const threads = resources.every(({ hwthreads }) => hwthreads && hwthreads.length > 0);
  const accelerators = resources.flatMap((resource) => resource.accelerators ?? []).length;
  if (!sample) return { threads, accelerators, unnamed: false };
  if ((due.whole || due.threads) && !threads && run.nodeLists.length === 1) said('its hwthreads are not there');
  for (const { hostname, hwthreads, accelerators: devices } of resources) {
    const node = sample.nodes.find(({ hosts }) => hosts.includes(hostname));
    if (!node) {
      said(`${hostname} is not in its allocation`);
      continue;
    }
    if (run.nodeLists.length > 1) continue;
    // Slurm's CPUs 2n and 2n+1 are the threads of core n, which the lab's kernel numbers n and n + 8.
    const expected = node.cpus.map((cpu) => Math.floor(cpu / 2) + (cpu % 2) * 8);
    if (hwthreads?.length && !same(expected, hwthreads)) said(`${hostname} has hwthreads ${hwthreads} there, ${expected} by Slurm`);
    const gpus = node.gpus.map((index) => labGpus[index] ?? '?');
    if ((due.whole || devices?.length) && !same(gpus, devices ?? []))
      said(`${hostname} has ${devices ?? 'no accelerators'} there, ${gpus} by Slurm`);
  }
  const shared = sharedBy(sample, run);
  if ((due.whole || due.threads) && row.shared !== shared)
    said(`it is ${row.shared} there, and ${shared} by Slurm (OverSubscribe=${sample.sharing})`);
  const unnamed = threads && accelerators === 0 && run.nodeLists.length === 1 && sample.nodes.some(({ gpus }) => gpus.length > 0);
  return { threads, accelerators, unnamed };
}

/** `none` for a job that owns its nodes, by its wish or because no CPU is left on them. */
function sharedBy({ sharing, nodes }: SampledAllocation, run: SlurmRun): string {
  if (sharing === 'NO') return 'none';
  if (sharing === 'USER') return 'single_user';
  const all = nodes.every(({ cpus }) => cpus.length === cpusPerNode) && run.nodeLists.length === 1;
  return all && sharing !== 'YES' ? 'none' : 'multi_user';
}

function same<T extends string | number>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && new Set([...one, ...other]).size === new Set(one).size;
}
