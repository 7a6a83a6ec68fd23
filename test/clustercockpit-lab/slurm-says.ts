import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobRow } from '@sluice/standins';
import type { Lab } from '../lab/lab.ts';
import type { Completion } from './completions.ts';
import { allocationsDir } from './job-kinds.ts';

/** One run of a job as accounting has it, read without Sluice's connector. */
export interface SlurmRun {
  readonly jobId: number;
  readonly start: number;
  /** Null while it runs. */
  readonly end: number | null;
  readonly state: string;
  /** Accounting lost it: it ended when nobody can say, before this time. */
  readonly lostBefore?: number;
  /** Accounting lost it, and slurmctld had it: cc-backend has it if it was seen there, and as slurmctld says. */
  readonly onlySlurmctld?: true;
  /** The nodes of each of its rows: more than one where it was resized. */
  readonly nodeLists: readonly (readonly string[])[];
}

/** All runs of all jobs that ever had a node, oldest first. */
export async function slurmRuns(lab: Lab): Promise<readonly SlurmRun[]> {
  const mark = randomBytes(8).toString('hex');
  const fields = 'JobIDRaw,Start,End,State,NodeList';
  const args = ['-n', '-D', '-X', '-p', '-a', '-S', 'uts1000000000', '-E', 'now+1hour', `--delimiter=${mark}`, `--format=${fields}`];
  const text = await lab.ask('sacct', args, { env: { SLURM_TIME_FORMAT: '%s' } });
  const rows = text.split('\n').flatMap((line) => {
    const [jobId, start, end, state = '', nodes = ''] = line.split(mark);
    // Given a node and relieved of it before anything ran: the part of a het job of which another part got none.
    if (state === 'PENDING') return [];
    if (!/^\d+$/.test(jobId ?? '') || !/^\d+$/.test(start ?? '') || /^(None assigned)?$/.test(nodes)) return [];
    return [{ jobId: Number(jobId), start: Number(start), end: /^\d+$/.test(end ?? '') ? Number(end) : null, state, nodes: hosts(nodes) }];
  });
  rows.sort((a, b) => a.jobId - b.jobId || a.start - b.start || (a.end ?? Number.MAX_VALUE) - (b.end ?? Number.MAX_VALUE));
  const runs: (SlurmRun & { readonly resizedAt: number | null })[] = [];
  for (const { jobId, start, end, state, nodes } of rows) {
    const last = runs.at(-1);
    const goesOn = last?.jobId === jobId && last.resizedAt !== null && (start === last.start || start === last.resizedAt);
    const before = goesOn ? runs.pop() : undefined;
    runs.push({
      jobId,
      start: before?.start ?? start,
      end: state === 'RESIZING' ? null : end,
      state,
      nodeLists: [...(before?.nodeLists ?? []), nodes],
      resizedAt: state === 'RESIZING' ? end : null,
    });
  }
  return runs;
}

/**
 * The same with the runs that accounting has no row of: those that their own scripts saw, though their job has a later one (22.05 loses
 * the start of a job that is requeued before slurmdbd has it: `None` in its row), and those that slurmctld alone saw end (22.05 loses rows while
 * slurmdbd is restarted).
 */
export function withLost(
  runs: readonly SlurmRun[],
  seen: ReadonlyMap<string, SampledAllocation>,
  completed: readonly Completion[],
): readonly SlurmRun[] {
  const known = new Set(runs.map(({ jobId, start }) => `${jobId}/${start}`));
  const lost = [...seen].flatMap(([key, { nodes }]): SlurmRun[] => {
    const [jobId = 0, start = 0] = key.split('/').map(Number);
    const later = runs.find((run) => run.jobId === jobId && run.start > start);
    if (known.has(key) || !later) return [];
    return [
      { jobId, start, end: later.start, state: 'REQUEUED', lostBefore: later.start, nodeLists: [nodes.flatMap(({ hosts }) => hosts)] },
    ];
  });
  const jobs = new Set(runs.map(({ jobId }) => jobId));
  const unknown = completed.filter(({ jobId }) => !jobs.has(jobId));
  return [...runs, ...lost, ...unknown.map((run): SlurmRun => ({ ...run, nodeLists: [hosts(run.nodes)], onlySlurmctld: true }))];
}

/**
 * Without the runs of which neither slurmctld, for nobody saw them there, nor accounting, which lost them, could tell the daemon; but for
 * those that it was told of all the same.
 */
export function knowable(runs: readonly SlurmRun[], rows: readonly JobRow[], mayBeUnseen: (run: SlurmRun) => boolean): readonly SlurmRun[] {
  const told = new Set(rows.map((row) => `${row.job_id}/${row.start_time}`));
  return runs.filter((run) => run.lostBefore === undefined || told.has(`${run.jobId}/${run.start}`) || !mayBeUnseen(run));
}

/** What a run holds, as its own script asked `scontrol -d show job` when it began. */
export interface SampledAllocation {
  readonly sharing: string;
  readonly nodes: readonly { readonly hosts: readonly string[]; readonly cpus: readonly number[]; readonly gpus: readonly number[] }[];
}

/** By `job id/start`. */
export function sampledAllocations(lab: Lab): ReadonlyMap<string, SampledAllocation> {
  const dir = join(lab.workDir, allocationsDir);
  const found = new Map<string, SampledAllocation>();
  for (const file of readdirSync(dir)) {
    if (file.endsWith('.tmp')) continue;
    for (const job of jobsOf(readFileSync(join(dir, file), 'utf8'))) {
      // The name comes first and may say anything; what is ours stands after it, up to the comment.
      const start = Number(last(job, /^ +StartTime=(\d+) /gm));
      const sharing = sharingOf(job);
      const jobId = /^JobId=(\d+) /.exec(job)?.[1];
      const ownPart = job.slice(job.lastIndexOf('\n   JOB_GRES='), job.lastIndexOf('\n   MinCPUsNode='));
      const nodes = [...ownPart.matchAll(/^ {5}Nodes=(\S+) CPU_IDs=(\S*) Mem=\S* GRES=(.*)$/gm)].map(
        ([, names = '', cpus = '', gres = '']) => ({
          hosts: hosts(names),
          cpus: numbers(cpus),
          gpus: [...gres.matchAll(/\bgpu\S*\(IDX:([\d,-]+)\)/g)].flatMap(([, indices = '']) => numbers(indices)),
        }),
      );
      if (jobId && start > 0 && nodes.length > 0) found.set(`${jobId}/${start}`, { sharing, nodes });
    }
  }
  return found;
}

/** As `OverSubscribe` says it up to 25.11: since 26.05 that is NO of most jobs, and `Exclusive` tells (slurm.md §4). */
function sharingOf(job: string): string {
  const exclusive = last(job, / Exclusive=(\w+) /g);
  const oversubscribe = last(job, /\bOverSubscribe=(\w+) /g) ?? '';
  if (exclusive === undefined || oversubscribe === 'YES') return oversubscribe;
  return { NODE: 'NO', NO: 'OK' }[exclusive] ?? exclusive;
}

/** The components of a het job. A forged name cannot begin a job: it has no line that ends one before it. */
function jobsOf(text: string): string[] {
  return text.split(/(?<=\n {3}StdOut=.*\n(?: {3}.*\n)*)\n(?=JobId=\d+ )/);
}

function last(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

/** The lab's node lists: `node[01-02,04],gpu01`. */
function hosts(list: string): string[] {
  return [...list.matchAll(/([a-z]+)(?:\[([\d,-]+)\]|(\d+))/g)].flatMap(([, prefix = '', ranges, single]) =>
    single === undefined ? numbers(ranges ?? '').map((n) => `${prefix}${String(n).padStart(2, '0')}`) : [`${prefix}${single}`],
  );
}

function numbers(ranges: string): number[] {
  if (ranges === '') return [];
  return ranges.split(',').flatMap((range) => {
    const [low = 0, high = low] = range.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}
