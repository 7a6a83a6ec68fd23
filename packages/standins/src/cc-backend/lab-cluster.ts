import type { Cluster, SubCluster, Topology } from './clusters.ts';

const [sockets, coresPerSocket, threadsPerCore] = [2, 4, 2];

/**
 * The cluster of the test lab as cc-backend would describe it: node[01-04] and gpu[01-02], two sockets of four cores of
 * two threads each, four GPUs on the gpu nodes. The kernel numbers the threads as most machines do: first the first
 * threads of all cores, then the second ones, so that they differ from Slurm's numbers.
 */
export function labCluster(name = 'labcluster'): Cluster {
  return {
    name,
    metricConfig: [
      {
        name: 'cpu_load',
        unit: { base: '' },
        peak: 16,
        normal: 8,
        caution: 4,
        alert: 1,
        energy: '',
        scope: 'node',
        aggregation: 'avg',
        timestep: 60,
        restrict: false,
        lowerIsBetter: false,
      },
    ],
    subClusters: [subCluster('cpu', 'node[01-04]'), subCluster('gpu', 'gpu[01-02]', labGpus)],
  };
}

/** PCI addresses of the lab's GPUs, in the order of Slurm's indices. */
export const labGpus: readonly string[] = ['00000000:10:00.0', '00000000:3F:00.0', '00000000:49:00.0', '00000000:81:00.0'];

function subCluster(name: string, nodes: string, gpus: readonly string[] = []): SubCluster {
  return {
    name,
    nodes,
    processorType: 'Pretended',
    socketsPerNode: sockets,
    coresPerSocket,
    threadsPerCore,
    topology: topology(gpus),
  };
}

function topology(gpus: readonly string[]): Topology {
  const cores = sockets * coresPerSocket;
  const core = Array.from({ length: cores }, (_, index) => [index, index + cores]);
  const socket = Array.from({ length: sockets }, (_, index) => core.slice(index * coresPerSocket, (index + 1) * coresPerSocket).flat());
  const node = Array.from({ length: cores * threadsPerCore }, (_, index) => index);
  const accelerators = gpus.map((id) => ({ id, type: 'Nvidia GPU', model: 'A100' }));
  return { node, socket, memoryDomain: socket, core, ...(gpus.length > 0 ? { accelerators } : {}) };
}
