import { type Epoch, type ExitCode, foldHostlist, formatRanges, sortHosts } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { amountText } from './amounts.ts';
import type { Scene } from './scene.ts';

/** What squeue and scontrol derive from a job's record before they write it. */

/** `17_3`, `17_[4-10%2]`, `15+1`, `8`. */
export function jobIdText(job: EmulatedJob): string {
  const { array, het, pendingTasks } = job;
  if (array !== null && pendingTasks !== null) return `${array.jobId}_[${taskListText(pendingTasks, array.maxRunning)}]`;
  if (array !== null && array.taskId !== null) return `${array.jobId}_${array.taskId}`;
  return het === null ? `${job.jobId}` : `${het.jobId}+${het.offset}`;
}

/** The job of a step that runs, as steps are called by it: components of a het job by their own ids (recorded). */
export function stepJobText({ array, jobId }: EmulatedJob): string {
  return array === null ? `${jobId}` : `${array.jobId}_${array.taskId}`;
}

/** Characters of a list of tasks at most, if SLURM_BITSTR_LEN of slurmctld does not say otherwise. */
const longestTaskList = 64;

/** `7-10%4`, `0-30:2`: pending tasks as slurmctld lists them, the end cut away when there are too many. */
export function taskListText(tasks: readonly number[], maxRunning: number | null): string {
  const list = steppedText(tasks) ?? formatRanges(tasks);
  const short = list.length < longestTaskList ? list : `${list.slice(0, longestTaskList - 4)}...`;
  return short + (maxRunning === null || maxRunning === 0 ? '' : `%${maxRunning}`);
}

function steppedText(tasks: readonly number[]): string | undefined {
  const [first = 0, second = 0] = tasks;
  const last = tasks.at(-1) ?? 0;
  const step = second - first;
  if (tasks.length < 3 || last - first <= 10 || step < 2) return undefined;
  return tasks.every((task, index) => task === first + index * step) ? `${first}-${last}:${step}` : undefined;
}

/** The order in which slurmctld lists its jobs: what is left of an array moves behind the others whenever a task leaves it. */
export function inListOrder(jobs: readonly EmulatedJob[]): readonly EmulatedJob[] {
  const split = new Map<number, { first: number; last: number }>();
  for (const { array, jobId } of jobs) {
    if (array === null || jobId === array.jobId) continue;
    const seen = split.get(array.jobId);
    if (seen === undefined) split.set(array.jobId, { first: jobId, last: jobId });
    else split.set(array.jobId, { first: Math.min(seen.first, jobId), last: Math.max(seen.last, jobId) });
  }
  if (split.size === 0) return jobs;
  const place = ({ array, jobId }: EmulatedJob): number => {
    const seen = array === null ? undefined : split.get(array.jobId);
    if (array === null || seen === undefined) return jobId;
    if (jobId === array.jobId) return seen.last + 0.5;
    return jobId === seen.first ? array.jobId : jobId - 0.5;
  };
  return jobs
    .map((job) => ({ job, at: place(job) }))
    .sort((a, b) => a.at - b.at)
    .map(({ job }) => job);
}

export function reasonText(job: EmulatedJob): string {
  return job.reasonText === '' ? job.reason : job.reasonText;
}

/** Nodes as a host list, in their order: those that it has or had, of a completing job those that are not free yet. */
export function sortedNodesText(job: EmulatedJob): string {
  const nodes = job.completingNodes ?? job.nodes;
  return nodes.length < 2 ? (nodes[0] ?? '') : foldHostlist(sortHosts(nodes));
}

/** When it started, or would as far as slurmctld knows. */
export function shownStart(job: EmulatedJob): Epoch | null {
  if (job.start !== null) return job.start;
  if (job.state !== 'PENDING') return job.end;
  return job.expectedStart ?? (job.reason === 'BeginTime' ? (job.request.begin ?? job.eligible) : null);
}

/** When it ended or its limit ends it; `never` where there is none. */
export function shownEnd(job: EmulatedJob, now: Epoch): Epoch | 'never' | null {
  const start = shownStart(job);
  const isActive = job.state === 'PENDING' || job.state === 'RUNNING' || job.state === 'SUSPENDED';
  if (!isActive) return job.end;
  if (start === null) return null;
  if (job.timeLimit === 'unlimited') return job.end !== null && job.end <= now ? job.end : 'never';
  return job.end ?? start + job.timeLimit * 60;
}

/** Seconds that it ran, without its suspensions. */
export function ranSeconds(job: EmulatedJob, now: Epoch): number {
  if (job.state === 'PENDING' || job.start === null) return 0;
  if (job.state === 'SUSPENDED') return job.ranBeforeSuspend;
  const end = job.state === 'RUNNING' || job.end === null ? now : job.end;
  if (job.suspendedAt !== null) return end - job.suspendedAt + job.ranBeforeSuspend;
  return Math.max(0, end - job.start - job.suspendedSeconds);
}

/** What `--mem`, `--mem-per-cpu` or the default of the partition or the cluster says, in MiB. */
export function minimumMemory(job: EmulatedJob, scene: Scene): { readonly per: 'CPU' | 'Node' | 'TRES'; readonly mib: number } {
  const { memoryPerCpuMiB, memoryPerGpuMiB, memoryPerNodeMiB } = job.request;
  if (memoryPerCpuMiB !== undefined) return { per: 'CPU', mib: memoryPerCpuMiB };
  if (memoryPerNodeMiB !== undefined) return { per: 'Node', mib: memoryPerNodeMiB };
  if (memoryPerGpuMiB !== undefined) return scene.release < 2405 ? { per: 'Node', mib: 0 } : { per: 'TRES', mib: memoryPerGpuMiB };
  const ofCluster = Number(scene.setting('DefMemPerCPU') ?? '');
  const mib = scene.partition(job.partition)?.defMemPerCpuMiB ?? (ofCluster > 0 ? ofCluster : null);
  return mib === null ? { per: 'Node', mib: 0 } : { per: 'CPU', mib };
}

export function minimumMemoryText(job: EmulatedJob, scene: Scene, how: 'exact' | 'none' = 'exact'): string {
  return amountText(minimumMemory(job, scene).mib, 'M', how);
}

export function minimumCpus({ request }: EmulatedJob): number {
  return (request.cpusPerTask ?? 1) * Math.max(1, request.tasksPerNode ?? 1);
}

/** Nodes at most of a job that pends; null: none that slurmctld shows. Newer releases derive it from the tasks (measured). */
export function maximumNodes(job: EmulatedJob, { release }: Scene): number | null {
  const { maxNodes, minNodes, tasks } = job.request;
  if (maxNodes !== undefined) return maxNodes;
  if (minNodes !== undefined || tasks === undefined) return null;
  return release >= 2605 || (release >= 2311 && job.held !== null) ? tasks : null;
}

/** `gres/gpu:a100:2`, in releases before 23.02 `gres:gpu:a100:2`; null without. */
export function tresPerText(given: string | undefined, { release }: Scene): string | null {
  if (given === undefined || given === '') return null;
  const prefix = release < 2302 ? 'gres:' : 'gres/';
  return given
    .split(',')
    .map((one) => prefix + one.replace(/^gres[:/]/, ''))
    .join(',');
}

/** What each task gets: since 23.11 the CPUs that were asked for by name are part of it. */
export function tresPerTask(job: EmulatedJob, scene: Scene): string | null {
  const { cpusPerTask, gresPerTask } = job.request;
  const cpus = scene.release < 2311 || cpusPerTask === undefined ? null : `cpu${scene.release < 2405 ? ':' : '='}${cpusPerTask}`;
  const words = [cpus, tresPerText(gresPerTask, scene)].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(',');
}

/** OverSubscribe: until 25.11 it tells of whole nodes too, later Exclusive does. */
export function oversubscribeText({ request }: EmulatedJob, { release }: Scene): string {
  if (request.sharing === 'oversubscribe') return 'YES';
  if (release >= 2605 || request.sharing === 'exclusive') return 'NO';
  return request.sharing === 'user' ? 'USER' : 'OK';
}

export function exclusiveText({ request }: EmulatedJob): string {
  return request.sharing === 'exclusive' ? 'NODE' : request.sharing === 'user' ? 'USER' : 'NO';
}

/** `code:signal`. */
export function exitText({ code, signal }: ExitCode): string {
  return `${signal > 0 ? 0 : code}:${signal & 127}`;
}

/** Ids of a het job's components: `15-16`. */
export function hetSetText(job: EmulatedJob): string | null {
  const { het } = job;
  if (het === null) return null;
  return formatRanges(Array.from({ length: het.size }, (_, offset) => het.jobId + offset));
}

/** `gpu:a100:2`: devices of all nodes, by name and type; after the job's end all that is known is how many they were. */
export function grantedTotal({ allocatedTres, grants }: EmulatedJob): string | null {
  const totals = new Map<string, number>();
  for (const { name, type, indices } of grants.flatMap(({ gres }) => gres)) {
    const kind = type === null ? name : `${name}:${type}`;
    totals.set(kind, (totals.get(kind) ?? 0) + indices.length);
  }
  if (totals.size === 0) {
    const kinds = Object.entries(allocatedTres ?? {}).filter(([name]) => name.startsWith('gres/'));
    const isTyped = (name: string) => kinds.some(([other]) => other.startsWith(`${name}:`));
    for (const [name, count] of kinds) if (!isTyped(name)) totals.set(name.slice('gres/'.length), count);
  }
  return totals.size === 0 ? null : [...totals].map(([kind, count]) => `${kind}:${count}`).join(',');
}

/** The time limit in minutes as a number, null for none. */
export function limitMinutes(job: EmulatedJob): number | null {
  return job.timeLimit === 'unlimited' ? null : job.timeLimit;
}
