import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideContext, defaultSettings } from './context.ts';
import { cluster, gpu, node, subCluster, usual } from './decide.fixture.ts';
import { topologyReport } from './topology-report.ts';

const accelerators = ['A', 'B'].map((id) => ({ id, type: 'Nvidia GPU', model: 'A100' }));
const twoGpus = { gres: { total: [gpu('a100', null, 2)], used: [] } };
const fourGpus = { gres: { total: [gpu('a100', null, 4)], used: [] } };

test('nodes that are alike are one finding: fitting, other cores, other GPUs, unknown, ignored', () => {
  const clusters = [
    cluster(
      subCluster('n[1-9]', { name: 'cpu' }),
      subCluster('g[1-9]', { name: 'gpu', topology: { ...usual, accelerators } }),
      subCluster('g9', { name: 'old' }),
    ),
  ];
  const nodes = [
    ...['n1', 'n2', 'n3'].map((name) => node(name)),
    node('n4', { sockets: 1 }),
    node('g1', twoGpus),
    node('g2', fourGpus),
    node('x1'),
    node('x2'),
    node('t1'),
    node('g9', twoGpus),
    node('n5', { cpus: { total: 8, allocated: 0 } }),
  ];
  const gpuAddresses = [{ hosts: /^g2$/, addresses: ['P', 'Q', 'R', 'S'] }];
  const report = topologyReport(
    decideContext({ ...defaultSettings, gpuAddresses, ignoreHosts: (host) => host === 't1' }, clusters, nodes),
    'c',
  );
  assert.deepEqual(
    report.map((finding) => [finding.nodes, finding.count, finding.subCluster, finding.state, finding.devices.join(), finding.devicesFrom]),
    [
      ['n[1-3]', 3, 'cpu', 'ok', '', null],
      ['n4', 1, 'cpu', 'topology', '', null],
      ['g1', 1, 'gpu', 'ok', 'A,B', 'topology'],
      ['g2', 1, 'gpu', 'ok', 'P,Q,R,S', 'gpuPciAddrs'],
      ['x[1-2]', 2, null, 'unknown-host', '', null],
      ['t1', 1, null, 'ignored', '', null],
      ['g9', 1, 'gpu', 'ok', 'A,B', 'topology'],
      ['n5', 1, 'cpu', 'ok', '', null],
    ],
  );
  assert.deepEqual(report[1]?.reasons, ['Slurm has 1:4:2 sockets:cores:threads, subcluster cpu has 2:4:2']);
  assert.deepEqual(report[3]?.reasons, ["Slurm has 4 GPUs, cc-backend's topology 2 accelerators"]);
  assert.match(report[6]?.reasons.join() ?? '', /several subclusters/);
  assert.match(report[7]?.reasons.join() ?? '', /number of cores/);
});

test('a cluster that cc-backend has not, GPUs that nothing maps, states that it drops', () => {
  const states = (clusters: Parameters<typeof decideContext>[1], changes = {}) =>
    topologyReport(decideContext(defaultSettings, clusters, [node('n1', changes)]), 'c').map(({ state, reasons }) => [state, ...reasons]);
  assert.deepEqual(states([]), [['unknown-cluster', 'cc-backend has no cluster c']]);
  assert.deepEqual(states([cluster(subCluster('n[1-9]'))], twoGpus), [
    ['devices', "Slurm has 2 GPUs, cc-backend's topology 0 accelerators"],
  ]);
  assert.deepEqual(states([cluster(subCluster('*'))]), [['ok', 'cc-backend drops states of nodes that only a subcluster of * has']]);
  assert.deepEqual(states(null), [['topology', 'cc-backend could not be asked for its topology']]);
});
