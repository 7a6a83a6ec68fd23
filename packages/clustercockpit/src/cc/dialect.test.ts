import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startForVersion, statesForVersion, stopForVersion } from './dialect.ts';
import type { EndState, Shared, StartPayload, StopPayload } from './payloads.ts';
import type { ServerProfile } from './server-profile.ts';

const profile = (version: ServerProfile['version'], text: string | null = null): ServerProfile => ({
  version,
  text,
  starts: 'rest',
  nodeStates: version === '1.5',
  jobCache: version === '1.5',
});
const start: StartPayload = {
  jobId: 7,
  cluster: 'c',
  user: 'u',
  project: 'p',
  partition: 'q',
  shared: 'none',
  startTime: 1000,
  submitTime: 900,
  walltime: 60,
  numNodes: 1,
  numHwthreads: 2,
  numAcc: 0,
  resources: [{ hostname: 'h' }],
  metaData: {},
  tags: [{ type: 'source', name: 'sluice', scope: 'global' }],
};
const stop: StopPayload = { jobId: 7, cluster: 'c', startTime: 1000, jobState: 'completed', stopTime: 1000 };

test('§5.2 before 1.5 `shared` is a number called `exclusive`, and 1.3 has no scopes of tags', () => {
  const table: Record<Shared, number> = { none: 1, multi_user: 0, single_user: 2 };
  for (const version of ['1.3', '1.4'] as const) {
    for (const [shared, exclusive] of Object.entries(table)) {
      const { shared: _, submitTime: __, ...rest } = version === '1.3' ? { ...start, tags: [{ type: 'source', name: 'sluice' }] } : start;
      assert.deepEqual(startForVersion(profile(version), { ...start, shared: shared as Shared }), { ...rest, exclusive });
    }
  }
});

test('1.5 gets a start as it is', () => {
  assert.equal(startForVersion(profile('1.5'), start), start);
});

test('W6: smt is a switch', () => {
  for (const [smt, sent] of [
    [0, 0],
    [1, 1],
    [2, 1],
    [4, 1],
  ] as const) {
    for (const version of ['1.3', '1.4', '1.5'] as const) assert.equal(startForVersion(profile(version), { ...start, smt }).smt, sent);
  }
  assert.ok(!('smt' in startForVersion(profile('1.5'), start)));
});

test('§5.1 states that only 1.5 knows are failures before', () => {
  const table: Partial<Record<EndState, EndState>> = { node_fail: 'failed', boot_fail: 'failed', deadline: 'failed' };
  const all: readonly EndState[] = [
    'boot_fail',
    'cancelled',
    'completed',
    'deadline',
    'failed',
    'node_fail',
    'out_of_memory',
    'preempted',
    'timeout',
  ];
  for (const jobState of all) {
    assert.equal(stopForVersion(profile('1.5'), { ...stop, jobState }).jobState, jobState);
    assert.equal(stopForVersion(profile('1.4'), { ...stop, jobState }).jobState, table[jobState] ?? jobState);
    assert.equal(stopForVersion(profile('1.3'), { ...stop, jobState }).jobState, table[jobState] ?? jobState);
  }
});

test('§10 up to 1.4.2 a job lasts a second at least', () => {
  assert.equal(stopForVersion(profile('1.5', '1.5.4'), stop).stopTime, 1000);
  assert.equal(stopForVersion(profile('1.4', '1.4.3'), stop).stopTime, 1000);
  assert.equal(stopForVersion(profile('1.4', '1.4.10'), stop).stopTime, 1000);
  for (const [version, text] of [
    ['1.4', '1.4.2'],
    ['1.4', null],
    ['1.3', '1.3.1'],
    ['1.3', null],
  ] as const) {
    assert.equal(stopForVersion(profile(version, text), stop).stopTime, 1001);
    assert.equal(stopForVersion(profile(version, text), { ...stop, stopTime: 1300 }).stopTime, 1300);
  }
});

test('§5.1 an old server is asked only for states that it has', () => {
  const states = ['running', 'node_fail', 'completed', 'suspended'];
  assert.deepEqual(statesForVersion(profile('1.5'), states), states);
  assert.deepEqual(statesForVersion(profile('1.4'), states), ['running', 'completed']);
});
