import type { Tres } from '@sluice/slurm';
import type { NodeGrant } from '../model/job.ts';
import { billingOf } from './billing.ts';
import type { Demand, GresWish } from './demand.ts';
import type { NodeRecord } from './node-record.ts';
import type { Chosen } from './select-nodes.ts';

/**
 * What a job gets on the nodes that were chosen: cores, memory and devices by number. Pure. Undefined when devices for the whole job are not there.
 * As recorded on 22.05 to 26.05 (CR_Core_Memory): whole cores; tasks go round the sockets, the CPUs of a task stay on one; a job with GPUs takes the socket
 * with most free cores, the last of equals; devices the lowest free first.
 */
export function grantsOf(chosen: readonly Chosen[], demand: Demand, rows: number): readonly NodeGrant[] | undefined {
  const perJob = sharesOfJob(chosen, demand);
  if (perJob === undefined) return undefined;
  return chosen.map(({ node, tasks }, at) => {
    const wishes = [
      ...demand.gresPerNode,
      ...demand.gresPerTask.map((wish) => ({ ...wish, count: wish.count * tasks })),
      ...(perJob[at] ?? []),
    ];
    const whole = demand.sharing === 'exclusive';
    const cpuIds = whole ? node.cpuIds : cpusOf(node, coresFor(node, demand, tasks, rows, wishes.length > 0));
    const cores = cpuIds.length / node.spec.threadsPerCore;
    const gres = devicesFor(node, wishes);
    return { node: node.spec.name, cpuIds, memoryMiB: memoryFor(node, demand, cores, gres), gres };
  });
}

function coresFor(node: NodeRecord, demand: Demand, tasks: number, rows: number, withDevices: boolean): readonly number[] {
  const threads = Math.min(demand.threadsPerCore ?? node.spec.threadsPerCore, node.spec.threadsPerCore);
  const count = Math.min(Math.ceil((tasks * demand.cpusPerTask) / threads), node.cores);
  const perTask = Math.max(1, Math.ceil(demand.cpusPerTask / threads));
  const free = freeBySocket(node, rows);
  const order = withDevices ? [...free].sort((a, b) => b.length - a.length || free.indexOf(b) - free.indexOf(a)) : free;
  const taken: number[] = [];
  const next = order.map(() => 0);
  const chunk = withDevices ? count : perTask;
  // A whole task on one socket while there is one with room for it; what is left over goes wherever a core is free.
  for (const size of chunk > 1 ? [chunk, 1] : [1]) {
    for (let again = true; again && taken.length < count; ) {
      again = false;
      for (const [at, socket] of order.entries()) {
        const wanted = Math.min(size, count - taken.length);
        const from = next[at] as number;
        if (wanted === 0 || socket.length - from < wanted) continue;
        for (let core = from; core < from + wanted; core++) taken.push(socket[core] as number);
        next[at] = from + wanted;
        again = true;
      }
    }
  }
  return taken.sort((a, b) => a - b);
}

/** Cores that the job may have, socket by socket: the least used first, then the lowest. */
function freeBySocket(node: NodeRecord, rows: number): readonly (readonly number[])[] {
  const { sockets, coresPerSocket } = node.spec;
  const free: number[][] = [];
  for (let socket = 0, core = 0; socket < sockets; socket++) {
    const cores: number[] = [];
    for (let end = core + coresPerSocket; core < end; core++) if ((node.coreUse[core] as number) < rows) cores.push(core);
    if (rows > 1) cores.sort((a, b) => (node.coreUse[a] as number) - (node.coreUse[b] as number) || a - b);
    free.push(cores);
  }
  return free;
}

function cpusOf(node: NodeRecord, cores: readonly number[]): readonly number[] {
  const { threadsPerCore } = node.spec;
  if (threadsPerCore === 1) return cores;
  const cpus: number[] = [];
  for (const core of cores) for (let thread = 0; thread < threadsPerCore; thread++) cpus.push(core * threadsPerCore + thread);
  return cpus;
}

function memoryFor(node: NodeRecord, demand: Demand, cores: number, gres: NodeGrant['gres']): number {
  const { memory } = demand;
  if (memory === null) return 0;
  if (memory.per === 'node') return memory.mib === 0 ? node.spec.memoryMiB : memory.mib;
  if (memory.per === 'gpu') return memory.mib * gres.reduce((sum, { name, indices }) => sum + (name === 'gpu' ? indices.length : 0), 0);
  const threads = Math.min(demand.threadsPerCore ?? node.spec.threadsPerCore, node.spec.threadsPerCore);
  return Math.min(memory.mib * cores * threads, node.spec.memoryMiB);
}

/** Devices asked for as a whole, shared out over the nodes: each gives what it has free, the last no more than is left. */
function sharesOfJob(chosen: readonly Chosen[], demand: Demand): readonly (readonly GresWish[])[] | undefined {
  const shares = chosen.map((): GresWish[] => []);
  for (const wish of demand.gresPerJob) {
    let left = wish.count;
    for (const [at, { node }] of chosen.entries()) {
      const free = node.devices.reduce(
        (sum, set) => sum + (set.name === wish.name && (wish.type ?? set.type) === set.type ? set.free : 0),
        0,
      );
      // One stays for each node that is to come, so that the job has some on each.
      const count = Math.min(free, left, Math.max(1, left - (chosen.length - at - 1)));
      if (count > 0) shares[at]?.push({ ...wish, count });
      left -= count;
    }
    if (left > 0) return undefined;
  }
  return shares;
}

function devicesFor(node: NodeRecord, wishes: readonly GresWish[]): NodeGrant['gres'] {
  const taken: { name: string; type: string | null; indices: number[] }[] = [];
  for (const wish of wishes) {
    let left = wish.count;
    for (const set of node.devices) {
      if (set.name !== wish.name || (wish.type ?? set.type) !== set.type) continue;
      let entry = taken.find(({ name, type }) => name === set.name && type === set.type);
      for (const [at, used] of set.inUse.entries()) {
        if (left === 0) break;
        const index = set.first + at;
        if (used || entry?.indices.includes(index)) continue;
        if (entry === undefined) {
          entry = { name: set.name, type: set.type, indices: [] };
          taken.push(entry);
        }
        entry.indices.push(index);
        left -= 1;
      }
    }
  }
  return taken;
}

/** The resources of grants, as AllocTRES has them. */
export function allocatedTres(
  grants: readonly NodeGrant[],
  { tracked, weights }: { readonly tracked: ReadonlySet<string>; readonly weights: Tres | null },
): Tres {
  const devices = new Map<string, number>();
  let cpu = 0;
  let mem = 0;
  for (const grant of grants) {
    cpu += grant.cpuIds.length;
    mem += grant.memoryMiB;
    for (const { name, type, indices } of grant.gres) {
      for (const key of type === null ? [`gres/${name}`] : [`gres/${name}`, `gres/${name}:${type}`]) {
        if (tracked.has(key)) devices.set(key, (devices.get(key) ?? 0) + indices.length);
      }
    }
  }
  const gres = Object.fromEntries([...devices].sort(([a], [b]) => (a < b ? -1 : 1)));
  const billing = billingOf({ cpu, mem, node: grants.length, ...gres }, weights);
  return { cpu, ...(mem > 0 ? { mem } : {}), node: grants.length, billing, ...gres };
}
