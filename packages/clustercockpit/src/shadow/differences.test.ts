import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDetails } from '../cc/listed-job.ts';
import { type ComparedStart, startDifferences, stopDifferences } from './differences.ts';

const ours: ComparedStart = {
  jobId: 7,
  cluster: 'c',
  user: 'alice',
  project: 'chem',
  partition: 'cpu',
  shared: 'none',
  startTime: 1_795_000_000,
  walltime: 3600,
  numNodes: 2,
  numHwthreads: 4,
  numAcc: 1,
  resources: [
    { hostname: 'n1', hwthreads: [0, 8], accelerators: ['a'] },
    { hostname: 'n2', hwthreads: [10, 2] },
  ],
};

/** As `GET /api/jobs/` answers: what is 0 or empty is left out. */
const row = {
  ...ours,
  jobState: 'running',
  duration: 60,
  subCluster: 'main',
  id: 3,
  resources: [
    { hostname: 'n2', hwthreads: [2, 10] },
    { hostname: 'n1', hwthreads: [8, 0], accelerators: ['a'] },
  ],
};
const details = (changes: object = {}) => {
  const [job] = readDetails([{ ...row, ...changes }], 'a listing');
  assert.ok(job);
  return job;
};

test('the order of hosts, threads and devices means nothing, nor does a subcluster that we leave to the server', () => {
  assert.deepEqual(startDifferences(ours, details(), true), {});
});

test('§5.2: a server that says exclusive is understood', () => {
  const { shared: _, ...old } = row;
  const [job] = readDetails([{ ...old, exclusive: 1 }], 'a listing');
  assert.deepEqual(job && startDifferences(ours, job, true), {});
  assert.deepEqual(Object.keys(startDifferences(ours, details({ shared: 'multi_user' }), true)), ['shared']);
});

test('what a job holds is not compared where nobody could say it', () => {
  const other = details({ resources: [{ hostname: 'n1' }, { hostname: 'n2' }], numHwthreads: 2, numAcc: undefined, shared: 'multi_user' });
  assert.deepEqual(startDifferences(ours, other, false), {});
  assert.deepEqual(Object.keys(startDifferences(ours, other, true)), ['shared', 'numHwthreads', 'numAcc', 'hwthreads', 'accelerators']);
  assert.deepEqual(Object.keys(startDifferences(ours, details({ resources: [{ hostname: 'n1' }], numNodes: 1 }), false)), [
    'numNodes',
    'hosts',
  ]);
});

test('ends: state and duration, to a second', () => {
  const stop = { jobId: 7, cluster: 'c', startTime: ours.startTime, jobState: 'completed' as const, stopTime: ours.startTime + 100 };
  assert.deepEqual(stopDifferences(stop, details({ jobState: 'completed', duration: 101 })), {});
  assert.deepEqual(stopDifferences(stop, details({ jobState: 'timeout', duration: 90 })), {
    jobState: { ours: 'completed', theirs: 'timeout' },
    duration: { ours: 100, theirs: 90 },
  });
  assert.deepEqual(Object.keys(stopDifferences(stop, details())), ['jobState'], 'of a running job the duration grows');
});

test('a resource that is none of the server’s words does no harm', () => {
  assert.deepEqual(details({ resources: [null, { hostname: 'n1' }, 7] }).resources, [{ hostname: 'n1' }]);
});
