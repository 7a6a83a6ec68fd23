import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { openEmulator } from '../open-emulator.ts';
import { stillCluster, testStart } from './testing/history.ts';
import { alice, bob, labCluster, wrapped } from './testing/lab-cluster.ts';
import { scratch } from './testing/machine.ts';

const job = (text: string) => [wrapped(text, { tasks: 1 })];

test('time goes with the machine, at a pace, or stands still', async (t) => {
  const clock = manualClock(testStart * 1000);
  const slurm = openEmulator({ spec: labCluster(), file: ':memory:', clock });
  t.after(() => slurm.close());
  const { jobId } = slurm.controller.submit(job('sleep 100'), alice);
  let told = 0;
  slurm.onChange(() => {
    told += 1;
  });
  await clock.advance(2000);
  // Nobody asked: it happened by itself.
  assert.ok(told > 0);
  assert.equal(slurm.controller.job(jobId)?.state, 'RUNNING');
  slurm.time.setRate(60);
  await clock.advance(2000);
  assert.equal(slurm.time.now(), testStart + 122);
  assert.equal(slurm.controller.job(jobId)?.state, 'COMPLETED');
  assert.equal(slurm.controller.job(jobId)?.end, testStart + 101);
  slurm.time.setRate(0);
  await clock.advance(10_000);
  assert.equal(slurm.time.now(), testStart + 122);
  slurm.time.set(testStart + 1000);
  assert.equal(slurm.time.now(), testStart + 1000);
  slurm.time.set(testStart);
  assert.equal(slurm.controller.now(), testStart);
});

test('accounting lags, and what it is not told while it is down is delivered later with its old times', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const rows = () =>
    [...slurm.database.jobRows({})].map(({ jobId, state, end }) => `${jobId} ${state} ${end === null ? '' : end - testStart}`.trim());
  slurm.setFaults({ accountingLagSeconds: 30 });
  slurm.controller.submit(job('sleep 10'), alice);
  slurm.time.advance(20);
  assert.deepEqual(rows(), []);
  assert.equal(slurm.controller.statistics().dbdAgentQueue, 3);
  slurm.time.advance(15);
  assert.deepEqual(rows(), ['1 RUNNING']);
  slurm.setFaults({ accountingLagSeconds: 0, slurmdbd: 'down' });
  slurm.controller.submit(job('exit 1'), alice);
  slurm.time.advance(3600);
  assert.deepEqual(rows(), ['1 RUNNING']);
  slurm.setFaults({ slurmdbd: 'up' });
  assert.deepEqual(rows(), ['1 COMPLETED 11', '2 FAILED 36']);
});

test('what slurmdbd has not been told survives the controller', async (t) => {
  const file = join(scratch(t), 'state.db');
  const first = stillCluster({ file });
  first.setFaults({ slurmdbd: 'down' });
  first.controller.submit(job('exit 1'), alice);
  first.time.advance(100);
  await first.close();
  const second = stillCluster({ file });
  t.after(() => second.close());
  assert.equal(second.time.now(), testStart + 100);
  second.time.advance(1);
  assert.deepEqual(
    [...second.database.jobRows({})].map(({ state }) => state),
    ['FAILED'],
  );
});

test('of two controllers the second answers while the first is down', async (t) => {
  const spec = {
    ...labCluster(),
    controllers: [
      { host: 'one', address: '127.0.0.1' },
      { host: 'two', address: '127.0.0.2' },
    ],
  };
  const slurm = openEmulator({ spec, file: ':memory:', clock: manualClock(testStart * 1000), rate: 0 });
  t.after(() => slurm.close());
  const up = () => slurm.controller.controllers().map((each) => `${each.host} ${each.up}`);
  assert.deepEqual(up(), ['one true', 'two true']);
  slurm.setFaults({ primary: 'down' });
  assert.deepEqual(up(), ['one false', 'two true']);
  slurm.setFaults({ slurmctld: 'down' });
  assert.deepEqual(up(), ['one false', 'two false']);
});

test('sbatch --test-only tells when and where a job would start', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const whole = wrapped('sleep 10', { minNodes: 4, maxNodes: 4, sharing: 'exclusive', timeLimit: 10 });
  assert.deepEqual(slurm.controller.test([whole], bob), {
    jobId: 1,
    start: testStart,
    cpus: 64,
    nodes: ['node01', 'node02', 'node03', 'node04'],
    partition: 'cpu',
  });
  slurm.controller.submit([wrapped('sleep 3000', { tasks: 1, timeLimit: 60 })], alice);
  slurm.time.advance(1);
  assert.equal(slurm.controller.test([whole], bob).start, testStart + 1 + 3600);
  assert.equal([...slurm.controller.jobs()].length, 1);
});
