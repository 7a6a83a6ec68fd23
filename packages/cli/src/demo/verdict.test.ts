import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRow as SlurmRow } from '@sluice/emulator';
import type { JobRow as CcRow } from '@sluice/standins';
import { verdictOn } from './verdict.ts';

const run = (changes: object = {}) =>
  ({
    jobId: 7,
    start: 1000,
    end: 1060,
    state: 'COMPLETED',
    user: 'alice',
    account: 'chem',
    partition: 'gpu',
    name: 'train',
    nodes: 'gpu[01-02]',
    nodeCount: 2,
    allocatedTres: { cpu: 4, 'gres/gpu': 2 },
    ...changes,
  }) as unknown as SlurmRow;

const row = (changes: object = {}) =>
  ({
    job_id: 7,
    start_time: 1000,
    job_state: 'completed',
    duration: 60,
    hpc_user: 'alice',
    project: 'chem',
    cluster_partition: 'gpu',
    meta_data: '{"jobName":"train"}',
    resources: JSON.stringify(['gpu01', 'gpu02'].map((hostname) => ({ hostname, hwthreads: [0, 8], accelerators: ['00000000:10:00.0'] }))),
    ...changes,
  }) as CcRow;

test('a run that stands there as Slurm has it is right', () => {
  assert.deepEqual(verdictOn([run()], [row()]), { runs: 1, unnamed: 0, wrong: [] });
  assert.deepEqual(verdictOn([run({ end: null, state: 'RUNNING' })], [row({ job_state: 'running', duration: 0 })]).wrong, []);
});

test('a job that never began has to stand nowhere', () => {
  assert.deepEqual(verdictOn([run({ start: null, nodes: '', nodeCount: 0, state: 'CANCELLED' })], []), { runs: 0, unnamed: 0, wrong: [] });
});

test('what is missing, too much or twice is named', () => {
  assert.match(verdictOn([run()], []).wrong.join(), /job 7 \(COMPLETED\) is missing/);
  assert.match(verdictOn([], [row()]).wrong.join(), /job 7 stands there, and Slurm has no such run/);
  assert.match(verdictOn([run()], [row(), row()]).wrong.join(), /1 runs stand there twice/);
});

test('every thing that differs is named', () => {
  for (const [what, changes] of [
    ['state', { job_state: 'failed' }],
    ['duration', { duration: 61 }],
    ['user', { hpc_user: 'bob' }],
    ['account', { project: 'physics' }],
    ['partition', { cluster_partition: 'cpu' }],
    ['name', { meta_data: '{"jobName":"infer"}' }],
    ['hosts', { resources: '[{"hostname":"gpu01","hwthreads":[0,1,2,3],"accelerators":["a","b"]}]' }],
    ['number of hwthreads', { resources: '[{"hostname":"gpu01","accelerators":["a"]},{"hostname":"gpu02","accelerators":["a"]}]' }],
    ['number of GPUs', { resources: '[{"hostname":"gpu01","hwthreads":[0,1]},{"hostname":"gpu02","hwthreads":[0,1]}]' }],
  ] as const) {
    assert.match(verdictOn([run()], [row(changes)]).wrong.join(), new RegExp(`job 7: ${what} is `), what);
  }
});

test('devices that Slurm had forgotten are counted where the row says so', () => {
  const resources = JSON.stringify(['gpu01', 'gpu02'].map((hostname) => ({ hostname, hwthreads: [0, 8], accelerators: null })));
  const meta_data = JSON.stringify({ jobName: 'train', message: 'it is not known which devices it had' });
  assert.deepEqual(verdictOn([run()], [row({ resources, meta_data })]), { runs: 1, unnamed: 1, wrong: [] });
  assert.equal(verdictOn([run()], [row({ resources })]).wrong.length, 1);
});
