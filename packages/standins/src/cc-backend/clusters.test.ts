import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeListMatches, subClusterOf } from './clusters.ts';
import { labCluster } from './lab-cluster.ts';

test('§11 node lists: what they hold and what not', () => {
  const cases: [expression: string, inside: string, outside: string][] = [
    [
      'hallo,wel123t,emmy[01-99],fritz[005-500],woody[100-200]',
      'hallo wel123t emmy01 emmy42 emmy99 woody100 woody199',
      'hello woody fritz1 fritz9 fritz004 woody201',
    ],
    ['a[1000-2000,2010-2090,3000-5000]', 'a1000 a2000 a2042 a3000 a4321', 'a0 a0000 a2005 a5001'],
    ['cn-0010,cn0011,cn-00[13-18,22-24]', 'cn-0010 cn0011 cn-0013 cn-0015 cn-0018 cn-0022', 'cn-0011 cn-0019'],
  ];
  for (const [expression, inside, outside] of cases) {
    for (const host of inside.split(' ')) assert.ok(nodeListMatches(expression, host), host);
    for (const host of outside.split(' ')) assert.ok(!nodeListMatches(expression, host), host);
  }
});

test('§5.7 a first subcluster of * takes the hosts that no other names', () => {
  const [cpu, gpu] = labCluster().subClusters;
  assert.ok(cpu && gpu);
  const cluster = { ...labCluster(), subClusters: [{ ...cpu, nodes: '*' }, gpu] };
  assert.deepEqual(subClusterOf(cluster, 'gpu01'), gpu);
  assert.equal((subClusterOf(cluster, 'host.with.dots') as { name: string }).name, 'cpu');
});
