import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { labCluster } from '../index.ts';
import { type Bench, bench, now } from '../testing/backend.ts';

const path = '/api/nodestate/';

test('§4.9 200 and nothing, whatever became of it; 400 for what is no JSON of that kind', async () => {
  await using b = await bench();
  const nodes = [{ hostname: 'node01', states: ['IDLE'], cpusAllocated: 1, memoryAllocated: 2, gpusAllocated: 3, jobsRunning: 4 }];
  const cases: [body: unknown, status: number, rows: number][] = [
    [{ cluster: 'labcluster', nodes }, 200, 1],
    [{ cluster: 'nowhere', nodes }, 200, 1],
    [{ cluster: 'labcluster', nodes: [{ hostname: 'elsewhere', states: ['IDLE'] }] }, 200, 1],
    [{ cluster: 'labcluster', nodes: [] }, 200, 1],
    [{ cluster: 'labcluster' }, 200, 1],
    [{}, 200, 1],
    ['{"CLUSTER":"labcluster","Nodes":[{"HOSTNAME":"node02"}]}', 200, 2],
    [{ nodes: [{ cpusTotal: 1 }] }, 400, 2],
    [{ nodes: [{ cpusAllocated: 1.5 }] }, 400, 2],
    [{ nodes: {} }, 400, 2],
    ['', 400, 2],
  ];
  for (const [body, status, rows] of cases) {
    const answer = await b.ask('PUT', path, body);
    assert.deepEqual([answer.status, b.backend.nodeStates().length], [status, rows], JSON.stringify(body));
    if (status === 200) assert.deepEqual([answer.text, answer.headers['content-type']], ['', undefined]);
  }
  assert.deepEqual(
    { ...b.backend.nodeStates()[0] },
    {
      id: 1,
      node_id: 1,
      hostname: 'node01',
      cluster: 'labcluster',
      subcluster: 'cpu',
      time_stamp: now,
      node_state: 'idle',
      health_state: 'failed',
      cpus_allocated: 1,
      memory_allocated: 2,
      gpus_allocated: 3,
      jobs_running: 4,
    },
  );
});

test('§4.9 W10: the one state that is made of many', async () => {
  const cases: [states: string[], state: string][] = [
    [['ALLOCATED'], 'allocated'],
    [['down', 'Allocated'], 'allocated'],
    [['RESERVED', 'IDLE'], 'reserved'],
    [['DOWN', 'IDLE'], 'down'],
    [['IDLE', 'DRAIN'], 'idle'],
    [['down', 'mixed'], 'down'],
    [['MIXED', 'DRAIN'], 'mixed'],
    [['DRAINED'], 'unknown'],
    [['COMPLETING'], 'unknown'],
    [['PLANNED'], 'unknown'],
    [['FAIL'], 'unknown'],
    [['ERROR'], 'unknown'],
    [[], 'unknown'],
  ];
  await using b = await bench();
  for (const [states] of cases) await b.ask('POST', path, { cluster: 'labcluster', nodes: [{ hostname: 'node01', states }] });
  assert.deepEqual(
    b.backend.nodeStates().map(({ node_state, health_state }) => [node_state, health_state]),
    cases.map(([, state]) => [state, state === 'down' ? 'full' : 'failed']),
  );
});

test('§4.9 W10: a cluster whose first subcluster is * drops every node, one without a list takes the rest', async () => {
  const [cpu, gpu] = labCluster().subClusters;
  assert.ok(cpu && gpu);
  for (const [nodes, subclusters] of [
    ['*', []],
    ['', ['cpu', 'gpu']],
  ] as const) {
    await using b = await bench({ clusters: [{ ...labCluster(), subClusters: [{ ...cpu, nodes }, gpu] }] });
    const names = [{ hostname: 'any.host_name' }, { hostname: 'gpu01' }];
    assert.equal((await b.ask('POST', path, { cluster: 'labcluster', nodes: names })).status, 200);
    assert.deepEqual(
      b.backend.nodeStates().map(({ subcluster }) => subcluster),
      subclusters,
    );
  }
});

test('§4.9 §11 node_test: every state is kept, with the time it came; what retires leaves the newest of each node', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock });
  const send = (b: Bench, hostname: string) => b.ask('POST', path, { cluster: 'labcluster', nodes: [{ hostname, states: ['allocated'] }] });
  await send(b, 'node01');
  await clock.advance(10_000);
  await send(b, 'node01');
  await send(b, 'node02');
  assert.deepEqual(
    b.backend.nodeStates().map(({ time_stamp }) => time_stamp - now),
    [0, 10, 10],
  );
  assert.equal(b.backend.retireNodeStates(now + 100), 1);
  assert.deepEqual(
    b.backend.nodeStates().map(({ hostname, time_stamp }) => [hostname, time_stamp - now]),
    [
      ['node01', 10],
      ['node02', 10],
    ],
  );
});
