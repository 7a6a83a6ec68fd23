import type { GresAllocation, Node, NodeAllocation } from '@sluice/slurm';
import type { Run } from '../run.ts';
import type { CcCluster, CcSubCluster, CcTopology } from './cc-cluster.ts';

export const start = 1_795_000_000;

/** A node of two sockets, four cores each, two threads, without GPUs. */
export function node(name: string, changes: Partial<Node> = {}): Node {
  return {
    cluster: 'c',
    name,
    hostname: `${name}.site`,
    address: name,
    state: 'IDLE',
    flags: [],
    reason: '',
    partitions: ['cpu'],
    features: [],
    sockets: 2,
    coresPerSocket: 4,
    threadsPerCore: 2,
    cpus: { total: 16, allocated: 0 },
    memoryMiB: { total: 64_000, allocated: 0, free: null },
    gres: { total: [], used: [] },
    tres: { total: {}, allocated: {} },
    version: '24.11.1',
    ...changes,
  };
}

/** Cores of two sockets, four each; `hwthreads` gives the kernel's ids of a core counted through both sockets. */
export function topology(hwthreads: (core: number) => readonly number[], more: Partial<CcTopology> = {}): CcTopology {
  const cores = Array.from({ length: 8 }, (_, core) => hwthreads(core));
  const socket = [cores.slice(0, 4).flat(), cores.slice(4).flat()];
  // cc-backend lists cores by their first hwthread, whatever socket they are on.
  return { socket, core: cores.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0)), memoryDomain: socket, ...more };
}

/** Second threads numbered after all first ones. */
export const usual = topology((core) => [core, core + 8]);

export function subCluster(nodes: string, changes: Partial<CcSubCluster> = {}): CcSubCluster {
  return { name: 'main', nodes, socketsPerNode: 2, coresPerSocket: 4, threadsPerCore: 2, topology: usual, ...changes };
}

export function cluster(...subClusters: readonly CcSubCluster[]): CcCluster {
  return { name: 'c', subClusters };
}

export function gpu(type: string | null, indices: readonly number[] | null, count = indices?.length ?? 1): GresAllocation {
  return { name: 'gpu', type, count, indices };
}

export function held(name: string, changes: Partial<NodeAllocation> = {}): NodeAllocation {
  return { node: name, cpus: 4, cpuIds: [0, 1, 8, 9], cores: null, memoryMiB: 100, gres: [], ...changes };
}

/** A job that runs, with an allocation of what is given. */
export function run(nodes: readonly NodeAllocation[], changes: Partial<Run> = {}): Run {
  return {
    cluster: 'c',
    jobId: 7,
    start,
    ended: null,
    submit: start - 10,
    user: 'alice',
    account: 'chem',
    partition: 'cpu',
    name: 'n',
    arrayJobId: null,
    nodes: nodes.map((entry) => entry.node),
    cpus: nodes.reduce((sum, { cpuIds }) => sum + (cpuIds?.length ?? 0), 0),
    gpus: 0,
    walltime: 3600,
    whole: false,
    allocation: { cluster: 'c', jobId: 7, start, whole: false, nodes },
    script: '#!/bin/sh\n',
    description: 'JobId=7',
    ...changes,
  };
}
