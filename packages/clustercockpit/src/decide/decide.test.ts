import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideStart, decideStop, endStateOf } from './decide.ts';
import type { Numbering } from './resources.ts';
import type { Run } from '../run.ts';

const unknown: Numbering = { topologies: new Map(), gpuAddresses: [] };
const everything = { script: true, description: true };

const run: Run = {
  cluster: 'fritz',
  jobId: 42,
  start: 1_795_000_000,
  ended: null,
  submit: 1_794_999_000,
  user: 'alice',
  account: 'chem',
  partition: 'cpu',
  name: 'we|ird "n\'ame"\nline 2',
  arrayJobId: null,
  nodes: ['node01', 'node02'],
  cpus: 32,
  gpus: 0,
  walltime: 7200,
  whole: true,
  allocation: null,
  script: null,
  description: null,
};

function payload(changes: Partial<Run>) {
  const decided = decideStart({ ...run, ...changes }, unknown, everything);
  assert.ok('payload' in decided, JSON.stringify(decided));
  return decided.payload;
}

test('§3.1 a start holds exactly what is known, and metadata is never null', () => {
  assert.deepEqual(payload({}), {
    jobId: 42,
    cluster: 'fritz',
    user: 'alice',
    project: 'chem',
    partition: 'cpu',
    shared: 'none',
    startTime: 1_795_000_000,
    submitTime: 1_794_999_000,
    walltime: 7200,
    numNodes: 2,
    numHwthreads: 32,
    numAcc: 0,
    resources: [{ hostname: 'node01' }, { hostname: 'node02' }],
    metaData: { jobName: 'we|ird "n\'ame"\nline 2', submitTime: '1794999000' },
  });
  const bare = payload({ submit: null, walltime: null, name: '' });
  assert.deepEqual(bare.metaData, { jobName: '' });
  assert.ok(!('walltime' in bare) && !('submitTime' in bare) && !('arrayJobId' in bare));
});

test('§5.2 none only for a job that owns its nodes', () => {
  assert.equal(payload({ whole: true }).shared, 'none');
  assert.equal(payload({ whole: false }).shared, 'multi_user');
  assert.equal(payload({ whole: null }).shared, 'multi_user');
});

test('§5.3 array tasks name their array, with ids of their own', () => {
  assert.equal(payload({ arrayJobId: 17 }).arrayJobId, 17);
});

test('§5.5 script and description leave the cluster only if they may', () => {
  const told = { script: '#!/bin/sh\n', description: 'JobId=42' };
  assert.deepEqual(Object.keys(payload(told).metaData), ['jobName', 'jobScript', 'slurmInfo', 'submitTime']);
  const decided = decideStart({ ...run, ...told }, unknown, { script: false, description: false });
  assert.deepEqual('payload' in decided && Object.keys(decided.payload.metaData), ['jobName', 'submitTime']);
});

test('§9.1 W11 what cc-backend would take and then suffer from is refused here', () => {
  const refusal = (changes: Partial<Run>) => {
    const decided = decideStart({ ...run, ...changes }, unknown, everything);
    return 'refused' in decided ? decided.refused : 'sent';
  };
  assert.equal(refusal({ start: 0 }), 'its start 0 is no time');
  assert.equal(refusal({ jobId: 0 }), 'its id 0 is no job id');
  assert.equal(refusal({ user: '' }), 'its user is not known');
  assert.equal(refusal({ nodes: [] }), 'its nodes are not known');
  assert.deepEqual(decideStop(run), { refused: 'it has not ended' });
});

test('§4.2 a stop names cluster and start, and never ends before it starts', () => {
  const stop = (time: number, state: string) => decideStop({ ...run, ended: { time, state } });
  const payload = { jobId: 42, cluster: 'fritz', startTime: 1_795_000_000, jobState: 'failed', stopTime: 1_795_000_060 };
  assert.deepEqual(stop(1_795_000_060, 'FAILED'), { payload });
  assert.deepEqual(stop(1_794_999_999, 'FAILED'), { payload: { ...payload, stopTime: 1_795_000_000 } });
});

test('§5.1 every state in which Slurm ends a job has a word', () => {
  const words = ['BOOT_FAIL', 'CANCELLED', 'COMPLETED', 'DEADLINE', 'FAILED', 'NODE_FAIL', 'OUT_OF_MEMORY', 'PREEMPTED', 'TIMEOUT'];
  for (const word of words) assert.equal(endStateOf(word), word.toLowerCase());
  assert.equal(endStateOf('REQUEUED'), 'cancelled');
  assert.equal(endStateOf('SOMETHING_NEW'), 'failed');
});

test('§5.4 a shared job whose allocation nobody knows any more says so', () => {
  assert.match(payload({ whole: false }).metaData['message'] ?? '', /no longer knows/);
  assert.equal(payload({ whole: true }).metaData['message'], undefined);
  const allocation = { cluster: 'fritz', jobId: 42, start: run.start, whole: false, nodes: [] };
  assert.equal(payload({ whole: false, allocation }).metaData['message'], undefined);
});
