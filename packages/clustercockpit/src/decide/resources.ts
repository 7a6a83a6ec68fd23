import type { NodeAllocation } from '@sluice/slurm';
import type { ResourcePayload } from '../cc/payloads.ts';
import type { Run } from '../run.ts';

/** How one node numbers its hwthreads and accelerators, as cc-backend and the metric collectors do. */
export interface NodeTopology {
  readonly threadsPerCore: number;
  readonly coresPerSocket: number;
  /** Hwthread ids by core, cores numbered through all sockets (`topology.core` of cc-backend). */
  readonly cores: readonly (readonly number[])[];
  /** Accelerator ids by Slurm's device index. */
  readonly accelerators: readonly string[];
}

/** GPU addresses of the hosts that a pattern matches, as in `gpuPciAddrs`; the first match counts. */
export interface GpuAddresses {
  readonly hosts: { test(host: string): boolean };
  readonly addresses: readonly string[];
}

/** What is known of how nodes number their parts. Where nothing is known, nothing is said. */
export interface Numbering {
  /** By Slurm's node name. */
  readonly topologies: ReadonlyMap<string, NodeTopology>;
  readonly gpuAddresses: readonly GpuAddresses[];
}

/** One entry per node of the run, in Slurm's order. */
export function resourcesOf(run: Run, numbering: Numbering): readonly ResourcePayload[] {
  const held = new Map(run.allocation?.nodes.map((node) => [node.node, node]));
  return run.nodes.map((hostname) => {
    const node = held.get(hostname);
    if (!node) return { hostname };
    const topology = numbering.topologies.get(hostname);
    const hwthreads = topology && hwthreadsOf(node, topology);
    const accelerators = acceleratorsOf(node, topology, numbering.gpuAddresses);
    return { hostname, ...(hwthreads ? { hwthreads } : {}), ...(accelerators ? { accelerators } : {}) };
  });
}

/**
 * The kernel's ids of what a job holds on a node. Slurm counts abstractly: socket, then core, then thread (slurm.md §9.10).
 * Undefined when Slurm's numbers do not fit the topology: a wrong id shows another job's load, none shows the node's.
 */
export function hwthreadsOf(node: NodeAllocation, topology: NodeTopology): readonly number[] | undefined {
  const ids = node.cpuIds ? fromCpuIds(node.cpuIds, topology) : fromCores(node, topology);
  return ids.length > 0 && ids.every((id) => id !== undefined) ? ids.toSorted((a, b) => a - b) : undefined;
}

function fromCpuIds(cpuIds: readonly number[], { cores, threadsPerCore }: NodeTopology): (number | undefined)[] {
  return cpuIds.map((id) => cores[Math.floor(id / threadsPerCore)]?.[id % threadsPerCore]);
}

function fromCores(node: NodeAllocation, topology: NodeTopology): (number | undefined)[] {
  return (node.cores ?? []).flatMap(({ socket, core, threads }): (number | undefined)[] => {
    const all = core < topology.coresPerSocket ? topology.cores[socket * topology.coresPerSocket + core] : undefined;
    // Which of a core's threads are held is not said; only all of them is certain.
    if (!all || (threads !== null && threads !== all.length)) return [undefined];
    return [...all];
  });
}

/** Accelerator ids of a node, or undefined when its GPUs have no indices or their ids are not known. */
function acceleratorsOf(
  node: NodeAllocation,
  topology: NodeTopology | undefined,
  addresses: readonly GpuAddresses[],
): readonly string[] | undefined {
  const gpus = node.gres.filter(({ name }) => name === 'gpu');
  const known =
    topology && topology.accelerators.length > 0 ? topology.accelerators : addresses.find(({ hosts }) => hosts.test(node.node))?.addresses;
  if (gpus.length === 0 || !known) return undefined;
  const ids = gpus.flatMap(({ indices }): (string | undefined)[] => indices?.map((index) => known[index]) ?? [undefined]);
  return ids.every((id) => id !== undefined) ? ids : undefined;
}
