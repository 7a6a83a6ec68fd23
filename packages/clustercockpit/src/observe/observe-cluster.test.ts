import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '@sluice/io';
import { type Allocation, type Answer, parseState } from '@sluice/slurm';
import { type ObserveOptions, observeCluster, type SlurmReader } from './observe-cluster.ts';

const start = 1_795_000_000;
const options: ObserveOptions = { from: start, to: start + 100, privacy: { script: true, slurmInfo: true } };
const down = () => Promise.reject(new SluiceError('slurm.unreachable', 'nobody answers'));
const unasked: Answer<never> = { kind: 'unasked', error: new SluiceError('slurm.unreachable', 'nobody answers') };
const allocation: Allocation = { cluster: 'c', jobId: 7, start, whole: false, nodes: [] };

function job(jobId: number, state: string, end: number | null) {
  const common = { cluster: 'c', array: null, name: 'n', user: 'alice', account: 'a', partition: 'p', submit: start, timeLimit: null };
  return { ...common, jobId, state: parseState(state), start, end, nodes: 'n1', cpus: 2, allocated: { cpu: 2 }, sharing: null };
}

/** A cluster with job 7 running and job 8 ended; `changes` take the place of single questions. */
function slurm(changes: { controller?: object; accounting?: object } = {}): SlurmReader {
  const controller = {
    offers: async () => ({ allocations: true }),
    allAllocations: async () => ({ records: [allocation], rejects: [] }),
    allocations: async () => new Map([[7, { kind: 'known', value: allocation }]]),
    nodes: async () => ({ records: [], rejects: [] }),
    activeJobs: async () => ({ records: [job(7, 'RUNNING', null)], rejects: [] }),
    batchScript: async () => ({ kind: 'known', value: '#!/bin/sh' }),
    describe: async () => ({ kind: 'known', value: 'JobId=7' }),
    ...changes.controller,
  };
  const accounting = {
    offers: async () => ({ batchScript: true }),
    batchScript: async () => ({ kind: 'known', value: '#!/stored' }),
    async *endedJobs() {
      yield { kind: 'records', records: [job(8, 'FAILED', start + 50)] };
    },
    ...changes.accounting,
  };
  return { controller, accounting } as unknown as SlurmReader;
}

const ids = (runs: readonly { readonly jobId: number }[]) => runs.map(({ jobId }) => jobId);

test('controller and accounting fail by themselves', async () => {
  const both = await observeCluster(slurm(), options);
  assert.deepEqual([ids(both.runs), both.problems.length, both.held.length], [[7, 8], 0, 0]);

  const asked: string[] = [];
  const note = (what: string) => async () => {
    asked.push(what);
    return unasked;
  };
  const noController = { allAllocations: down, batchScript: note('script'), describe: note('text') };
  const historyOnly = await observeCluster(slurm({ controller: noController }), options);
  assert.deepEqual([ids(historyOnly.runs), historyOnly.problems.length], [[8], 1]);
  assert.equal(historyOnly.runs[0]?.script, '#!/stored');
  assert.deepEqual(asked, [], 'a controller that is down is not asked about each job');

  const noAccounting = {
    endedJobs: () => ({ [Symbol.asyncIterator]: () => ({ next: down }) }),
  };
  const activeOnly = await observeCluster(slurm({ accounting: noAccounting }), options);
  assert.deepEqual([ids(activeOnly.runs), activeOnly.problems.length], [[7], 1]);
});

test('a job that started between the questions is asked about by itself; unknown, it is held', async () => {
  const late = { allAllocations: async () => ({ records: [], rejects: [] }) };
  const answered = await observeCluster(slurm({ controller: late }), options);
  assert.deepEqual(answered.runs[0]?.allocation, allocation);
  for (const answer of [{ kind: 'gone' }, unasked, { kind: 'known', value: { ...allocation, start: start + 1 } }]) {
    const { runs, held } = await observeCluster(
      slurm({ controller: { ...late, allocations: async () => new Map([[7, answer]]) } }),
      options,
    );
    assert.deepEqual([ids(runs), ids(held.map(({ run }) => run))], [[8], [7]]);
  }
  const none = { ...late, offers: async () => ({ allocations: false }) };
  assert.deepEqual(ids((await observeCluster(slurm({ controller: none }), options)).runs), [7, 8]);
});

test('a script that is gone is none, one that could not be asked for holds the run', async () => {
  const gone = await observeCluster(slurm({ controller: { batchScript: async () => ({ kind: 'gone' }) } }), options);
  assert.deepEqual(
    gone.runs.map(({ script }) => script),
    [null, '#!/stored'],
  );
  const { runs, held } = await observeCluster(slurm({ controller: { batchScript: async () => unasked } }), options);
  assert.deepEqual([runs.length, held.length], [0, 2]);
  assert.match(held[0]?.reason ?? '', /nobody answers/);
  const mute = await observeCluster(
    slurm({ controller: { batchScript: async () => ({ kind: 'gone' }) }, accounting: { offers: down } }),
    options,
  );
  assert.deepEqual([ids(mute.runs), ids(mute.held.map(({ run }) => run))], [[7], [8]]);
});

test('nothing more is asked about what stands already, or about what may not be told', async () => {
  const never = { batchScript: down, describe: down, allocations: down };
  const accounting = { batchScript: down };
  const standing = await observeCluster(slurm({ controller: never, accounting }), { ...options, standing: () => true });
  assert.equal(standing.runs.length, 2);
  const silent = await observeCluster(slurm({ controller: never, accounting }), {
    ...options,
    privacy: { script: false, slurmInfo: false },
  });
  assert.equal(silent.runs.length, 2);
});
