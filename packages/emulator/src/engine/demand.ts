import { parseGres, type Tres } from '@sluice/slurm';
import type { JobRequest } from '../model/job.ts';
import type { PartitionSpec } from '../model/spec.ts';
import { billingOf } from './billing.ts';
import { refusal } from './slurm-errors.ts';

/** Generic resources of one kind that are asked for. */
export interface GresWish {
  readonly name: string;
  /** Null: any type. */
  readonly type: string | null;
  readonly count: number;
}

/** Memory as it was asked for, MiB; 0 per node means the node's whole memory. */
export type MemoryWish = { readonly per: 'node' | 'cpu' | 'gpu'; readonly mib: number };

/** What a job needs of nodes, with slurmctld's defaults filled in. */
export interface Demand {
  readonly minNodes: number;
  /** Null: as many as it takes. */
  readonly maxNodes: number | null;
  readonly tasks: number;
  readonly tasksPerNode: number | null;
  readonly cpusPerTask: number;
  /** Threads of each core that it uses; null: all. It gets whole cores all the same. */
  readonly threadsPerCore: number | null;
  readonly memory: MemoryWish | null;
  readonly gresPerNode: readonly GresWish[];
  readonly gresPerJob: readonly GresWish[];
  readonly gresPerTask: readonly GresWish[];
  readonly sharing: 'exclusive' | 'user' | 'oversubscribe' | 'plain';
  readonly required: readonly string[];
  readonly excluded: readonly string[];
  /** Alternatives of features that a node must all have; empty: any node. */
  readonly features: readonly (readonly string[])[];
}

/** What of the cluster's settings a demand depends on. */
export interface DemandDefaults {
  readonly defMemPerCpuMiB: number | null;
  readonly partition: PartitionSpec;
}

/** The demand of a request; refuses what no cluster could read as one. */
export function demandOf(request: JobRequest, { defMemPerCpuMiB, partition }: DemandDefaults): Demand {
  const required = request.requiredNodes ?? [];
  const minNodes = Math.max(request.minNodes ?? 1, required.length, 1);
  const maxNodes = request.maxNodes ?? null;
  if (maxNodes !== null && maxNodes < minNodes) throw refusal('ESLURM_INVALID_NODE_COUNT');
  const tasks = request.tasks ?? minNodes * (request.tasksPerNode ?? 1);
  if (tasks < 1) throw refusal('ESLURM_BAD_TASK_COUNT');
  const gres = { node: wishes(request.gresPerNode), job: wishes(request.gresPerJob), task: wishes(request.gresPerTask) };
  return {
    minNodes,
    maxNodes,
    tasks,
    tasksPerNode: request.tasksPerNode ?? null,
    cpusPerTask: Math.max(request.cpusPerTask ?? 1, 1),
    threadsPerCore: request.threadsPerCore ?? null,
    memory: memoryOf(request, partition.defMemPerCpuMiB ?? defMemPerCpuMiB),
    gresPerNode: gres.node,
    gresPerJob: beside(gres.job, gres.node, minNodes),
    gresPerTask: beside(gres.task, [...gres.node, ...gres.job], tasks / minNodes),
    sharing: sharingOf(request, partition),
    required,
    excluded: request.excludedNodes ?? [],
    features: featuresOf(request.constraint),
  };
}

function memoryOf(request: JobRequest, defMemPerCpuMiB: number | null): MemoryWish | null {
  if (request.memoryPerNodeMiB !== undefined) return { per: 'node', mib: request.memoryPerNodeMiB };
  if (request.memoryPerCpuMiB !== undefined) return { per: 'cpu', mib: request.memoryPerCpuMiB };
  if (request.memoryPerGpuMiB !== undefined) return { per: 'gpu', mib: request.memoryPerGpuMiB };
  return defMemPerCpuMiB === null ? null : { per: 'cpu', mib: defMemPerCpuMiB };
}

function sharingOf(request: JobRequest, partition: PartitionSpec): Demand['sharing'] {
  if (partition.oversubscribe === 'EXCLUSIVE') return 'exclusive';
  if (partition.oversubscribe.startsWith('FORCE')) return 'oversubscribe';
  if (request.sharing === 'oversubscribe') return partition.oversubscribe.startsWith('YES') ? 'oversubscribe' : 'plain';
  return request.sharing ?? 'plain';
}

function wishes(text: string | undefined): readonly GresWish[] {
  if (text === undefined) return [];
  const parsed = parseGres(text.replaceAll('=', ':'));
  if (parsed === undefined) throw refusal('ESLURM_INVALID_GRES');
  return parsed.filter(({ count }) => count > 0).map(({ name, type, count }) => ({ name, type, count }));
}

/** A kind of device may be asked for in one way only, unless both come to the same: so many for each of so many parts. */
function beside(wanted: readonly GresWish[], others: readonly GresWish[], parts: number): readonly GresWish[] {
  return wanted.filter(({ name, count }) => {
    const other = others.find((each) => each.name === name);
    if (other === undefined) return true;
    if (other.count * parts === count || count * parts === other.count) return false;
    throw refusal('ESLURM_INVALID_GRES');
  });
}

/** `a&b`, `a|b`, `[a|b]`: alternatives of features that a node must have; Slurm's counts (`a*2`) are read over. */
function featuresOf(text: string | undefined): readonly (readonly string[])[] {
  if (text === undefined || text === '') return [];
  const alternatives = text
    .replaceAll(/[[\]()]/g, '')
    .split('|')
    .map((all) =>
      all
        .split(/[&,]/)
        .map((feature) => feature.trim().replace(/\*\d+$/, ''))
        .filter((feature) => feature !== ''),
    );
  if (alternatives.some((all) => all.length === 0)) throw refusal('ESLURM_INVALID_FEATURE');
  return alternatives;
}

/** The resources of a demand before any node is chosen, as `ReqTRES` has them; `nodeMemoryMiB` is what `--mem=0` stands for. */
export function requestedTres(
  demand: Demand,
  {
    tracked,
    weights,
    nodeMemoryMiB,
  }: { readonly tracked: ReadonlySet<string>; readonly weights: Tres | null; readonly nodeMemoryMiB: number },
): Tres {
  const cpus = Math.max(demand.tasks * demand.cpusPerTask, demand.minNodes);
  const devices = new Map<string, number>();
  const add = ({ name, type, count }: GresWish, times: number) => {
    for (const key of type === null ? [`gres/${name}`] : [`gres/${name}`, `gres/${name}:${type}`]) {
      if (tracked.has(key)) devices.set(key, (devices.get(key) ?? 0) + count * times);
    }
  };
  for (const wish of demand.gresPerNode) add(wish, demand.minNodes);
  for (const wish of demand.gresPerJob) add(wish, 1);
  for (const wish of demand.gresPerTask) add(wish, demand.tasks);
  const tres: Record<string, number> = { cpu: cpus };
  const { memory } = demand;
  if (memory !== null) {
    const gpus = devices.get('gres/gpu') ?? 0;
    const times = memory.per === 'node' ? demand.minNodes : memory.per === 'cpu' ? cpus : gpus;
    tres['mem'] = (memory.mib === 0 ? nodeMemoryMiB : memory.mib) * times;
  }
  tres['node'] = demand.minNodes;
  tres['billing'] = billingOf({ ...tres, ...Object.fromEntries(devices) }, weights);
  return Object.assign(tres, Object.fromEntries([...devices].sort(([a], [b]) => (a < b ? -1 : 1))));
}
