import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '@sluice/slurm';
import { type CcCluster, topologiesOf } from './topology.ts';

const node = (name: string, sockets = 2): Node => ({ name, sockets, coresPerSocket: 2, threadsPerCore: 2 }) as unknown as Node;

/** Two sockets of two cores; the kernel counts cores across the sockets alternately. */
const cluster: CcCluster = {
  name: 'c',
  subClusters: [
    {
      name: 'main',
      nodes: 'n[1-2]',
      socketsPerNode: 2,
      coresPerSocket: 2,
      threadsPerCore: 2,
      topology: {
        socket: [
          [0, 2, 4, 6],
          [1, 3, 5, 7],
        ],
        core: [
          [0, 4],
          [1, 5],
          [2, 6],
          [3, 7],
        ],
        accelerators: [{ id: 'A' }],
      },
    },
  ],
};

test('cores are ordered by socket, as Slurm counts them', () => {
  const { topologies, without } = topologiesOf(cluster, [node('n1')]);
  assert.equal(without.size, 0);
  assert.deepEqual(topologies.get('n1'), {
    coresPerSocket: 2,
    threadsPerCore: 2,
    cores: [
      [0, 4],
      [2, 6],
      [1, 5],
      [3, 7],
    ],
    accelerators: ['A'],
  });
});

test('a node that the two sides describe differently, or that cc-backend does not know, has none and says why', () => {
  const { topologies, without } = topologiesOf(cluster, [node('n2', 1), node('n3')]);
  assert.equal(topologies.size, 0);
  assert.equal(without.get('n2'), 'Slurm has 1:2:2 sockets:cores:threads, subcluster main has 2:2:2');
  assert.equal(without.get('n3'), 'no subcluster of cc-backend names it');
  assert.equal(topologiesOf(undefined, [node('n1')]).without.size, 1);
});

test('§5.7 a first subcluster of * takes the hosts that no other names', () => {
  const [main] = cluster.subClusters;
  assert.ok(main);
  const { topologies } = topologiesOf({ name: 'c', subClusters: [{ ...main, nodes: '*' }] }, [node('host.with.dots')]);
  assert.equal(topologies.size, 1);
});

test('a topology that contradicts its own numbers is not used', () => {
  const [main] = cluster.subClusters;
  assert.ok(main);
  const broken = { ...main, topology: { ...main.topology, core: main.topology.core.slice(1) } };
  assert.match(topologiesOf({ name: 'c', subClusters: [broken] }, [node('n1')]).without.get('n1') ?? '', /does not have the 2:2:2/);
});
