import type { Demand, GresWish } from './demand.ts';
import type { NodeRecord } from './node-record.ts';

/** What of a node is free, now or at a moment to come: what {@link tasksThatFit} looks at. */
export interface FreeShare {
  readonly cores: number;
  readonly memoryMiB: number;
  /** Free devices of a name and, if given, a type. */
  devices(name: string, type: string | null): number;
}

/** What is free on a node for a job that shares its CPUs (up to `rows` jobs on one core) or not. */
export function freeNow(node: NodeRecord, rows: number): FreeShare {
  const cores = rows === 1 ? node.freeCores : node.coreUse.reduce((sum, jobs) => sum + (jobs < rows ? 1 : 0), 0);
  return { cores, memoryMiB: node.freeMemoryMiB, devices: (name, type) => freeDevices(node, name, type) };
}

/** Devices of a name and, if given, a type that no job holds. */
export function freeDevices(node: NodeRecord, name: string, type: string | null): number {
  let free = 0;
  for (const set of node.devices) if (set.name === name && (type === null || set.type === type)) free += set.free;
  return free;
}

/**
 * Tasks of a demand that a node can take with what is free of it; 0: not even one, or what it needs per node is not there. Whole cores are given, memory
 * per CPU counts for all CPUs of the cores given (or for the threads that are used, with `threadsPerCore`).
 */
export function tasksThatFit(node: NodeRecord, demand: Demand, free: FreeShare): number {
  if (free.cores === 0) return 0;
  const { spec } = node;
  const threads = Math.min(demand.threadsPerCore ?? spec.threadsPerCore, spec.threadsPerCore);
  let cores = free.cores;
  const { memory } = demand;
  if (memory?.per === 'cpu' && memory.mib > 0) cores = Math.min(cores, Math.floor(free.memoryMiB / (memory.mib * threads)));
  let tasks = Math.floor((cores * threads) / demand.cpusPerTask);
  if (demand.tasksPerNode !== null) tasks = Math.min(tasks, demand.tasksPerNode);
  if (tasks === 0) return 0;
  if (memory?.per === 'node' && free.memoryMiB < (memory.mib === 0 ? spec.memoryMiB : memory.mib)) return 0;
  for (const wish of demand.gresPerNode) if (free.devices(wish.name, wish.type) < wish.count) return 0;
  for (const wish of demand.gresPerTask) tasks = Math.min(tasks, Math.floor(free.devices(wish.name, wish.type) / wish.count));
  for (const wish of demand.gresPerJob) if (free.devices(wish.name, wish.type) === 0) return 0;
  if (memory?.per === 'gpu') tasks = free.memoryMiB >= memory.mib * Math.max(1, gpusPerNode(demand)) ? tasks : 0;
  return tasks;
}

function gpusPerNode(demand: Demand): number {
  const sum = (wishes: readonly GresWish[]) => wishes.reduce((all, wish) => all + (wish.name === 'gpu' ? wish.count : 0), 0);
  return sum(demand.gresPerNode) || Math.ceil(sum(demand.gresPerJob) / demand.minNodes) || sum(demand.gresPerTask);
}

/** Whether a node could ever be part of the job's nodes, were it empty: kind, features, exclusions. */
export function isSuitable(node: NodeRecord, demand: Demand, excluded: ReadonlySet<string>): boolean {
  if (excluded.has(node.spec.name)) return false;
  if (demand.features.length > 0 && !demand.features.some((all) => all.every((feature) => node.features.includes(feature)))) return false;
  return tasksThatFit(node, demand, whenEmpty(node)) > 0;
}

export function whenEmpty(node: NodeRecord): FreeShare {
  return {
    cores: node.cores,
    memoryMiB: node.spec.memoryMiB,
    devices: (name, type) =>
      node.devices.reduce((sum, set) => sum + (set.name === name && (type === null || set.type === type) ? set.inUse.length : 0), 0),
  };
}

/** Whether the jobs on a node let this one in (whole nodes, oversubscription). */
export function letsIn(node: NodeRecord, demand: Demand): boolean {
  if (node.exclusiveJob !== null) return false;
  if (demand.sharing === 'exclusive') return node.jobs.size === 0;
  if (demand.sharing === 'oversubscribe') return node.oversubscribing === node.jobs.size;
  return node.oversubscribing === 0;
}
