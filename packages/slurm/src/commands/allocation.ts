import { expandHostlist, isEnded, parseGres, parseRanges, parseState } from '../languages/index.ts';
import type { ActiveJob, Allocation, CoreAllocation, GresAllocation, Node, NodeAllocation } from '../records.ts';
import type { QueuedJob } from './squeue.ts';

/** How a node counts its CPUs; `tres` says how many of them jobs may have, where cores are set aside (CoreSpecCount). */
export type NodeLayout = Pick<Node, 'sockets' | 'coresPerSocket' | 'threadsPerCore' | 'cpus'> & Partial<Pick<Node, 'tres'>>;

/** What the text of one job says of its allocation. */
export type AllocationReading =
  | { readonly kind: 'read'; readonly allocation: Allocation; readonly doubtful: boolean }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * Reads the allocation from a job's text (`scontrol -d show job`, with or without `-o`). Slurm writes the job's name raw at the beginning
 * and comments, paths and the command line raw at the end; the lines wanted stand between. So the name, which a framed
 * source told, is skipped exactly, as is the workload characterisation key, and of what follows the first `JOB_GRES=`
 * counts. `doubtful` says that a second one follows: then the caller makes sure that the name has not changed meanwhile.
 *
 * When a job ends, its GRES go from these lines at once, and all else stays as it was for as long as slurmctld has the job (22.05, 24.11,
 * 26.05); a requeue takes the lines away. So the text of a run that is over yields an allocation with `devicesLost`.
 */
export function readAllocation(text: string, queued: QueuedJob, layouts: ReadonlyMap<string, NodeLayout>): AllocationReading {
  const { job } = queued;
  const header = /^JobId=(\d+) (?:[A-Za-z]+=[^\s=]* )*?JobName=/.exec(text);
  if (!header || Number(header[1]) !== job.jobId) return unreadable('the text is not of this job');
  if (!text.startsWith(queued.rawName, header[0].length)) return unreadable('the job has another name than squeue said');
  const own = skipKey(text.slice(header[0].length + queued.rawName.length), queued.wckey);
  if (own === undefined) return unreadable('the job has another WCKey than squeue said');
  const start = /^(?:\s+[A-Za-z]+=\S*)*?\s+UserId=[^\s()]*\((\d+)\)/.exec(own);
  if (!start || (job.uid !== null && Number(start[1]) !== job.uid)) return unreadable('the job has another user than squeue said');
  const groups = /\sJOB_GRES=\S*/.exec(own);
  if (!groups) return unreadable('the job shows no allocation');
  const head = own.slice(0, groups.index);
  const restarts = /\sRestarts=(\d+)/.exec(head)?.[1];
  if (restarts !== undefined && typeof job.restarts === 'number' && Number(restarts) !== job.restarts) {
    return unreadable('the job began anew meanwhile');
  }
  const details = readDetails(own, groups.index + groups[0].length, layouts);
  if (typeof details === 'string') return unreadable(details);
  const held = inOrder(job, asJobCounts(job, details.nodes, layouts));
  if (typeof held === 'string') return unreadable(held);
  const over = isOver(/\sJobState=(\S+)/.exec(head)?.[1] ?? '');
  const nodes = over ? held.map((node) => ({ ...node, gres: [] })) : held;
  const whole = isWhole(job.sharing, nodes, layouts);
  const doubtful = own.includes('JOB_GRES=', details.end);
  const allocation = { cluster: job.cluster, jobId: job.jobId, start: job.start, whole, nodes };
  return { kind: 'read', doubtful, allocation: over ? { ...allocation, devicesLost: true } : allocation };
}

/** Whether a run in this state has given its devices back: it has ended, or is about to. */
function isOver(word: string): boolean {
  const state = parseState(word);
  return state !== undefined && (isEnded(state) || state.flags.includes('COMPLETING'));
}

function unreadable(reason: string): AllocationReading {
  return { kind: 'unreadable', reason };
}

/**
 * Takes `WCKey=…` out: users choose it, and it stands before the lines that are read. Slurm's own is the one that comes
 * before JobState. Undefined when it is not the key: in an answer about many, a key may break its own record in two.
 */
function skipKey(text: string, wckey: string): string | undefined {
  const at = text.indexOf(' WCKey=');
  const state = text.indexOf(' JobState=');
  if (at < 0 || (state >= 0 && state < at)) return text;
  const from = at + ' WCKey='.length;
  if (wckey === '' || wckey === '(null)') return /^(?:\(null\))?\s+JobState=/.test(text.slice(from, from + 24)) ? text : undefined;
  return text.startsWith(wckey, from) ? text.slice(0, at) + text.slice(from + wckey.length) : undefined;
}

/** The lines `Nodes=gpu[01-02] CPU_IDs=8-9 Mem=2000 GRES=gpu:a100:1(IDX:0)`, nodes of equal layout in one. */
function readDetails(
  text: string,
  from: number,
  layouts: ReadonlyMap<string, NodeLayout>,
): { readonly nodes: ReadonlyMap<string, NodeAllocation>; readonly end: number } | string {
  const line = /\s+Nodes=(\S+) CPU_IDs=(\S*) Mem=(\d*) GRES=(\S*)/y;
  const nodes = new Map<string, NodeAllocation>();
  line.lastIndex = from;
  let end = from;
  for (let match = line.exec(text); match; match = line.exec(text)) {
    end = line.lastIndex;
    const [, list = '', ids = '', memory = '', gres = ''] = match;
    const names = expandHostlist(list);
    const cpuIds = parseRanges(ids);
    const devices = parseGres(gres);
    if (!names || names.length === 0 || !cpuIds || !devices) return `Nodes=${list} CPU_IDs=${ids} GRES=${gres} is not of its language`;
    for (const node of names) {
      if (nodes.has(node)) return `node ${node} comes twice`;
      nodes.set(node, nodeAllocation(node, cpuIds, memory === '' ? null : Number(memory), devices, layouts.get(node)));
    }
  }
  return { nodes, end };
}

function nodeAllocation(
  node: string,
  cpuIds: readonly number[],
  memoryMiB: number | null,
  gres: readonly GresAllocation[],
  layout: NodeLayout | undefined,
): NodeAllocation {
  return { node, cpus: cpuIds.length, cpuIds, cores: layout ? coresOf(cpuIds, layout) : null, memoryMiB, gres };
}

/**
 * On a node whose CPUs are its cores (`CPUs=` of slurm.conf) the numbers are those of threads all the same, two for each CPU that the job
 * counts where a core has two (measured on 22.05). That they are more than the job's CPUs tells it.
 */
function asJobCounts(
  job: ActiveJob,
  nodes: ReadonlyMap<string, NodeAllocation>,
  layouts: ReadonlyMap<string, NodeLayout>,
): ReadonlyMap<string, NodeAllocation> {
  let ids = 0;
  for (const { cpuIds } of nodes.values()) ids += cpuIds?.length ?? 0;
  if (ids <= job.cpus) return nodes;
  const counted = new Map<string, NodeAllocation>();
  for (const [name, node] of nodes) {
    const layout = layouts.get(name);
    if (!layout || !countsCores(layout) || layout.threadsPerCore === 1) counted.set(name, node);
    else {
      const cores = coresOf(node.cpuIds ?? [], { ...layout, cpus: { ...layout.cpus, total: layout.cpus.total * layout.threadsPerCore } });
      counted.set(name, { ...node, cpus: cores?.length ?? node.cpus, cores });
    }
  }
  return counted;
}

function countsCores({ sockets, coresPerSocket, cpus }: NodeLayout): boolean {
  return cpus.total === sockets * coresPerSocket;
}

/** One per node of the job's node list, in its order; a text when the lines are of other nodes or too many CPUs. */
function inOrder(job: ActiveJob, found: ReadonlyMap<string, NodeAllocation>): readonly NodeAllocation[] | string {
  const names = expandHostlist(job.nodes);
  if (!names) return `node list ${job.nodes} is not of its language`;
  const nodes: NodeAllocation[] = [];
  let cpus = 0;
  for (const name of names) {
    const allocation = found.get(name);
    if (!allocation) return `node ${name} of the job has no line`;
    nodes.push(allocation);
    cpus += allocation.cpus;
  }
  if (found.size !== names.length) return 'there are lines of nodes that are not the job’s';
  if (cpus > job.cpus) return `the lines have ${cpus} CPUs, the job ${job.cpus}`;
  return nodes;
}

/** Whether the job owns its nodes whole: because it asked for them, or because it holds all their CPUs and shares none. */
function isWhole(
  sharing: ActiveJob['sharing'],
  nodes: readonly NodeAllocation[],
  layouts: ReadonlyMap<string, NodeLayout>,
): boolean | null {
  if (sharing === null) return null;
  if (sharing === 'exclusive' || sharing === 'oversubscribed') return sharing === 'exclusive';
  return nodes.every(({ node, cpus }) => {
    const layout = layouts.get(node);
    return layout !== undefined && cpus >= (layout.tres?.total['cpu'] ?? layout.cpus.total);
  });
}

/**
 * Sockets and cores of Slurm's abstract CPU numbers: socket-major, then core, then thread. Null when the node's CPUs are
 * neither its threads nor its cores, or a number is beyond them. Where CPUs are cores, the threads are not known.
 */
export function coresOf(cpuIds: readonly number[], layout: NodeLayout): readonly CoreAllocation[] | null {
  const { sockets, coresPerSocket, threadsPerCore, cpus } = layout;
  const coreCount = sockets * coresPerSocket;
  const ofCores = countsCores(layout);
  if (coreCount === 0 || (!ofCores && cpus.total !== coreCount * threadsPerCore)) return null;
  const perCore = ofCores ? 1 : threadsPerCore;
  const threads = new Map<number, number>();
  for (const id of cpuIds) {
    if (id >= cpus.total) return null;
    const core = Math.floor(id / perCore);
    threads.set(core, (threads.get(core) ?? 0) + 1);
  }
  return [...threads].map(([core, count]) => ({
    socket: Math.floor(core / coresPerSocket),
    core: core % coresPerSocket,
    threads: ofCores && threadsPerCore > 1 ? null : count,
  }));
}
