import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '@sluice/slurm';
import type { CcCluster, CcSubCluster } from './cc-cluster.ts';
import { decideContext, defaultSettings, placeOf } from './context.ts';
import { cluster, gpu, node, subCluster, usual } from './decide.fixture.ts';

function place(clusters: readonly CcCluster[] | null, changes: Partial<Node> = {}) {
  return placeOf(decideContext(defaultSettings, clusters, [node('n1', changes)]), 'c', 'n1');
}
const main = (changes: Partial<CcSubCluster>, also: Partial<Node> = {}) => place([cluster(subCluster('n[1-2]', changes))], also);

test('cores are ordered by socket, as Slurm counts them', () => {
  const interleaved = {
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
  };
  const { topology, withoutTopology } = main(
    { coresPerSocket: 2, topology: interleaved },
    { coresPerSocket: 2, cpus: { total: 8, allocated: 0 } },
  );
  assert.equal(withoutTopology, null);
  assert.deepEqual(topology?.cores, [
    [0, 4],
    [2, 6],
    [1, 5],
    [3, 7],
  ]);
  assert.equal(topology?.cpusAreCores, false);
});

test('a node that the two sides describe differently, or that cc-backend does not know, has none and says why', () => {
  assert.equal(main({}, { sockets: 1 }).withoutTopology, 'Slurm has 1:4:2 sockets:cores:threads, subcluster main has 2:4:2');
  assert.equal(main({}, { threadsPerCore: 1 }).topology, null);
  assert.equal(place([cluster(subCluster('m[1-2]'))]).withoutTopology, 'no subcluster of cc-backend names it');
  assert.equal(place([]).withoutTopology, 'cc-backend has no cluster c');
  assert.match(place(null).withoutTopology ?? '', /could not be asked/);
  const context = decideContext(defaultSettings, [cluster(subCluster('n[1-2]'))], []);
  assert.equal(placeOf(context, 'c', 'n2').withoutTopology, 'Slurm does not list the node');
});

test('a topology that contradicts its own numbers or itself is not used', () => {
  for (const core of [usual.core.slice(1), usual.core.map(() => [0, 8]), usual.core.map(([id = 0]) => [id])]) {
    assert.match(main({ topology: { ...usual, core } }).withoutTopology ?? '', /does not have the 2:4:2/);
  }
  assert.match(main({ topology: { ...usual, socket: [usual.socket.flat(), []] } }).withoutTopology ?? '', /does not have the 2:4:2/);
});

test('what the server leaves out or fills with nonsense costs a topology, never more', () => {
  const nonsense = [null, undefined, {}, { socket: null, core: null }, { socket: [[null]], core: [['0']] }, { socket: 'x', core: [[1.5]] }];
  for (const topology of nonsense) {
    const { subCluster: found, topology: mapped, withoutTopology } = main({ topology: topology as unknown as CcSubCluster['topology'] });
    assert.deepEqual([found?.name, mapped, withoutTopology], ['main', null, 'subcluster main has no topology of sockets and cores']);
  }
  const odd = [null, 7, { name: 'c', subClusters: null }, { name: 'c', subClusters: [null, 'x', { name: 3 }] }] as unknown as CcCluster[];
  assert.equal(place(odd).subCluster, null);
  const unnumbered = { socketsPerNode: null, coresPerSocket: undefined, threadsPerCore: 'x' } as unknown as Partial<CcSubCluster>;
  assert.equal(main(unnumbered).withoutTopology, null, 'the lists say it as well');
});

test('accelerators without ids are none', () => {
  const two = { gres: { total: [gpu('a100', null, 2)], used: [] } };
  const accelerators = [{ id: 'A' }, { type: 'Nvidia GPU' }] as unknown as { id: string }[];
  const { devices, withoutDevices, topology } = main({ topology: { ...usual, accelerators } }, two);
  assert.deepEqual([devices, withoutDevices], [null, "Slurm has 2 GPUs, cc-backend's topology 0 accelerators"]);
  assert.notEqual(topology, null);
  assert.deepEqual(main({ topology: { ...usual, accelerators: null } }).withoutDevices, null, 'neither side has any');
});

test('nodes of one kind share one topology', () => {
  const context = decideContext(defaultSettings, [cluster(subCluster('n[1-2]'))], [node('n1'), node('n2')]);
  assert.equal(placeOf(context, 'c', 'n1').topology, placeOf(context, 'c', 'n2').topology);
});
