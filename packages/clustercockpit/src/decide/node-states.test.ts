import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNodeState } from '@sluice/slurm';
import { type DecideSettings, decideContext, defaultSettings } from './context.ts';
import { cluster, gpu, node, subCluster } from './decide.fixture.ts';
import { changedNodeStates, nodeStatesOf, nodeStateWord } from './node-states.ts';

const word = (text: string, cpus = { total: 16, allocated: 0 }) => {
  const state = parseNodeState(text);
  assert.ok(state, text);
  return nodeStateWord({ ...state, cpus });
};

test('§4.9 W10 each state of Slurm is the true one of the six words', () => {
  const table: Readonly<Record<string, readonly string[]>> = {
    allocated: [
      'ALLOCATED',
      'ALLOCATED+DRAIN',
      'ALLOCATED*',
      'ALLOCATED+COMPLETING',
      'IDLE+COMPLETING',
      'IDLE+COMPLETING+DRAIN',
      'draining',
    ],
    mixed: ['MIXED', 'MIXED+DRAIN', 'MIXED+PLANNED', 'mix-'],
    down: ['DOWN', 'DOWN*+DRAIN', 'ERROR', 'IDLE+DRAIN', 'drained', 'IDLE+FAIL', 'idle*', 'idle~', 'IDLE+POWERING_DOWN', 'inval', 'IDLE^'],
    reserved: ['IDLE+RESERVED', 'IDLE+MAINTENANCE', 'IDLE+PLANNED', 'planned', 'maint'],
    idle: ['IDLE', 'IDLE+CLOUD', 'IDLE+POWERING_UP', 'IDLE+REBOOT_REQUESTED', 'IDLE+DYNAMIC_NORM'],
    unknown: ['UNKNOWN', 'SOMETHING_NEW'],
  };
  for (const [expected, texts] of Object.entries(table)) for (const text of texts) assert.equal(word(text), expected, text);
});

test('a state of a later release is judged by the CPUs', () => {
  assert.deepEqual([word('LATER', { total: 4, allocated: 4 }), word('LATER', { total: 4, allocated: 1 })], ['allocated', 'mixed']);
});

const clusters = [cluster(subCluster('n[1-4]'))];
const context = (settings: Partial<DecideSettings> = {}, nodes = [node('n1'), node('n9')]) =>
  decideContext({ ...defaultSettings, ...settings }, clusters, nodes);

test('§4.9 what is sent of a node', () => {
  const used = node('n1', {
    state: 'MIXED',
    cpus: { total: 16, allocated: 6 },
    memoryMiB: { total: 64_000, allocated: 1000, free: null },
    gres: { total: [], used: [gpu('a100', [0, 1]), gpu('v100', [2]), { name: 'shard', type: null, count: 5, indices: null }] },
  });
  const payloads = nodeStatesOf([used], context());
  const sent = { hostname: 'n1', states: ['mixed'], cpusAllocated: 6, memoryAllocated: 1000, gpusAllocated: 3 };
  assert.deepEqual(payloads, [{ cluster: 'c', nodes: [sent] }]);
});

test('GPUs without GRES of the node are those of its resources', () => {
  const [payload] = nodeStatesOf([node('n1', { tres: { total: {}, allocated: { 'gres/gpu': 2 } } })], context());
  assert.equal(payload?.nodes[0]?.gpusAllocated, 2);
});

test('W10 nodes that cc-backend would drop, that are ignored, or that do not exist yet are left out', () => {
  const names = (payloads: ReturnType<typeof nodeStatesOf>) =>
    payloads.flatMap(({ nodes }) => nodes.map(({ hostname }) => hostname)).join();
  const nodes = [node('n1'), node('n2'), node('n3', { state: 'FUTURE' }), node('x1')];
  assert.equal(names(nodeStatesOf(nodes, context())), 'n1,n2');
  assert.equal(names(nodeStatesOf(nodes, context({ ignoreHosts: (host) => host === 'n1' }))), 'n2');
  const at = (expression: string) => nodeStatesOf(nodes, decideContext(defaultSettings, [cluster(subCluster(expression))], nodes));
  assert.equal(names(at('*')), '', 'not as for jobs');
  assert.equal(names(at('')), 'n1,n2,x1');
  assert.equal(names(nodeStatesOf(nodes, decideContext(defaultSettings, null, nodes))), 'n1,n2,x1', 'cc-backend could not be asked');
  assert.deepEqual(nodeStatesOf(nodes, decideContext(defaultSettings, [], nodes)), [], 'an unknown cluster');
});

test('hosts and clusters are called as for jobs', () => {
  const settings: DecideSettings = { ...defaultSettings, hostnames: 'hostname', clusterNames: new Map([['c', 'alex']]) };
  const renamed = nodeStatesOf([node('n1')], decideContext(settings, null, [node('n1')]));
  assert.deepEqual([renamed[0]?.cluster, renamed[0]?.nodes[0]?.hostname], ['alex', 'n1.site']);
});

test('on change only what changed is sent, and what is new', () => {
  const of = (...nodes: Parameters<typeof nodeStatesOf>[0]) => nodeStatesOf(nodes, context());
  const before = of(node('n1'), node('n2'), node('n3'));
  const after = of(node('n1'), node('n2', { state: 'DOWN' }), node('n4'));
  assert.deepEqual(changedNodeStates(before, before), []);
  assert.deepEqual(
    changedNodeStates(before, after).map(({ nodes }) => nodes.map(({ hostname }) => hostname)),
    [['n2', 'n4']],
  );
  assert.deepEqual(changedNodeStates([], after), after);
});
