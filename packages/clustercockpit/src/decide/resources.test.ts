import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeAllocation } from '@sluice/slurm';
import { hwthreadsOf, type NodeTopology, resourcesOf } from './resources.ts';
import type { Run } from '../run.ts';

/** Two sockets of four cores of two threads; second threads numbered after all first ones. */
const usual: NodeTopology = {
  coresPerSocket: 4,
  threadsPerCore: 2,
  cores: Array.from({ length: 8 }, (_, core) => [core, core + 8]),
  accelerators: ['00000000:10:00.0', '00000000:3F:00.0'],
};
/** The kernel counts cores across sockets alternately. */
const interleaved: NodeTopology = {
  ...usual,
  cores: [0, 2, 4, 6, 1, 3, 5, 7].map((first) => [first, first + 8]),
};
/** No hyper-threading, or CPUs= set to the number of cores in slurm.conf. */
const single: NodeTopology = { ...usual, threadsPerCore: 1, cores: Array.from({ length: 8 }, (_, core) => [core]) };

const held: NodeAllocation = { node: 'n1', cpus: 4, cpuIds: [0, 1, 8, 9], cores: null, memoryMiB: 100, gres: [] };

test('Slurm counts socket, core, thread; the kernel as it likes', () => {
  assert.deepEqual(hwthreadsOf(held, usual), [0, 4, 8, 12]);
  assert.deepEqual(hwthreadsOf(held, interleaved), [0, 1, 8, 9]);
  assert.deepEqual(hwthreadsOf({ ...held, cpuIds: [0, 7] }, single), [0, 7]);
});

test('one thread of two is one hwthread', () => {
  assert.deepEqual(hwthreadsOf({ ...held, cpuIds: [2] }, usual), [1]);
  assert.deepEqual(hwthreadsOf({ ...held, cpuIds: [3] }, usual), [9]);
});

test('cores by socket, when that is all that is known', () => {
  const cores = [
    { socket: 0, core: 1, threads: 2 },
    { socket: 1, core: 0, threads: null },
  ];
  assert.deepEqual(hwthreadsOf({ ...held, cpuIds: null, cores }, usual), [1, 4, 9, 12]);
  const half = [{ socket: 0, core: 1, threads: 1 }];
  assert.equal(hwthreadsOf({ ...held, cpuIds: null, cores: half }, usual), undefined, 'which of the two is not known');
});

test('numbers that do not fit the topology give none at all', () => {
  assert.equal(hwthreadsOf({ ...held, cpuIds: [0, 16] }, usual), undefined);
  assert.equal(hwthreadsOf({ ...held, cpuIds: null, cores: [{ socket: 0, core: 4, threads: 2 }] }, usual), undefined);
  assert.equal(hwthreadsOf({ ...held, cpuIds: null, cores: null }, usual), undefined);
});

function resources(node: NodeAllocation, topologies: ReadonlyMap<string, NodeTopology>, addresses: [RegExp, string[]][] = []) {
  const run = { nodes: ['n1'], allocation: { cluster: 'c', jobId: 1, start: 1, whole: null, nodes: [node] } } as unknown as Run;
  return resourcesOf(run, { topologies, gpuAddresses: addresses.map(([hosts, list]) => ({ hosts, addresses: list })) })[0];
}

const gpu = (type: string, indices: number[] | null) => ({ name: 'gpu', type, count: indices?.length ?? 1, indices });

test('GPUs by index: of the topology first, else of the first pattern that matches', () => {
  const node = { ...held, gres: [gpu('a100', [1]), { name: 'shard', type: null, count: 1, indices: [0] }] };
  const patterns: [RegExp, string[]][] = [
    [/^n1$/, ['A', 'B']],
    [/^n/, ['C', 'D']],
  ];
  assert.deepEqual(resources(node, new Map([['n1', usual]]), patterns)?.accelerators, ['00000000:3F:00.0']);
  assert.deepEqual(resources(node, new Map(), patterns)?.accelerators, ['B']);
  assert.equal(resources(node, new Map(), patterns)?.hwthreads, undefined, 'no topology, no hwthreads');
});

test('GPUs of two types share one count of indices; without indices or beyond the list nothing is said', () => {
  const patterns: [RegExp, string[]][] = [[/^n1$/, ['A', 'B', 'C']]];
  assert.deepEqual(resources({ ...held, gres: [gpu('a100', [0]), gpu('v100', [2])] }, new Map(), patterns)?.accelerators, ['A', 'C']);
  assert.equal(resources({ ...held, gres: [gpu('a100', null)] }, new Map(), patterns)?.accelerators, undefined);
  assert.equal(resources({ ...held, gres: [gpu('a100', [3])] }, new Map(), patterns)?.accelerators, undefined);
  assert.equal(resources(held, new Map(), patterns)?.accelerators, undefined, 'a job without GPUs');
});
