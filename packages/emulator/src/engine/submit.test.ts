import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRequest } from '../model/job.ts';
import { stillCluster, testStart } from './testing/history.ts';
import { alice, bob, root, wrapped } from './testing/lab-cluster.ts';

const refused: readonly (readonly [string, Partial<JobRequest>, string, number])[] = [
  ['an account that does not exist', { account: 'nosuch' }, 'Invalid account or account/partition combination specified', 2045],
  ['a partition that does not exist', { partitions: ['nosuch'] }, 'Invalid partition name specified', 2000],
  ['a QOS that does not exist', { qos: 'nosuch' }, 'Invalid qos specification', 2066],
  ["a QOS that is not the user's", { qos: 'high' }, 'Invalid qos specification', 2066],
  ['more than any node has', { tasks: 1, cpusPerTask: 17 }, 'Requested node configuration is not available', 2014],
  ['more nodes than there are', { minNodes: 5, maxNodes: 5 }, 'Requested node configuration is not available', 2014],
  ['more memory than a node has', { memoryPerNodeMiB: 70_000 }, 'Requested node configuration is not available', 2014],
  ['devices that the partition does not have', { gresPerNode: 'gpu:1' }, 'Requested node configuration is not available', 2014],
  ['devices of no kind', { gresPerNode: 'fpga:1' }, 'Invalid generic resource (gres) specification', 2072],
  ['a node that does not exist', { requiredNodes: ['node99'] }, 'Invalid node name specified', 2018],
  ['a node of another partition', { requiredNodes: ['gpu01'] }, 'Requested nodes not in this partition', 2004],
  ['a feature of no node', { constraint: 'avx1024' }, 'Invalid feature specification', 2029],
  ['fewer nodes at most than at least', { minNodes: 3, maxNodes: 2 }, 'Node count specification invalid', 2006],
  ['a dependency that is none', { dependency: 'whenever:1' }, 'Job dependency problem', 2038],
  ['a reservation that does not exist', { reservation: 'nosuch' }, 'Requested reservation is invalid', 2053],
  ['a deadline that is over', { deadline: testStart - 1 }, 'Requested time limit is invalid (missing or exceeds some limit)', 2051],
  ['a higher priority than others', { nice: -5 }, 'Invalid --nice value', 2123],
];

for (const [what, request, message, number] of refused) {
  test(`a submission is refused for ${what}`, async (t) => {
    const slurm = stillCluster();
    t.after(() => slurm.close());
    assert.throws(() => slurm.controller.submit([wrapped('true', request)], bob), { message, number });
    assert.deepEqual([...slurm.controller.jobs()], []);
  });
}

test('what was not asked for is filled in', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { jobId } = slurm.controller.submit([wrapped('sleep 1', { stdout: '/x/%j.%N.out' })], alice);
  const job = slurm.controller.job(jobId);
  assert.deepEqual(
    [job?.name, job?.account, job?.qos, job?.partition, job?.timeLimit, job?.stdout, job?.stderr, job?.requeue],
    ['wrap', 'physics', 'normal', 'cpu', 'unlimited', `/x/${jobId}.%N.out`, `/x/${jobId}.%N.out`, true],
  );
  const array = slurm.controller.submit([wrapped('sleep 1', { array: '3-9:3', workDir: '/w', command: '/w/run.sh' })], alice);
  slurm.time.advance(1);
  const [task] = slurm.controller.select(`${array.jobId}_6`);
  assert.deepEqual([task?.name, task?.stdout], ['run.sh', `/w/slurm-${array.jobId}_6.out`]);
});

test('a job may use a reservation of its user', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const reservation = {
    start: testStart,
    end: testStart + 600,
    nodes: ['node02'],
    users: ['alice'],
    accounts: [],
    partition: null,
    flags: [],
  };
  const { name } = slurm.controller.createReservation(reservation, root);
  assert.throws(() => slurm.controller.submit([wrapped('true', { reservation: name })], bob), { number: 2052 });
  const inside = slurm.controller.submit([wrapped('sleep 60', { reservation: name, timeLimit: 5 })], alice).jobId;
  const outside = slurm.controller.submit([wrapped('sleep 60', { minNodes: 4, maxNodes: 4, timeLimit: 5 })], alice).jobId;
  slurm.time.advance(1);
  assert.deepEqual(slurm.controller.job(inside)?.nodes, ['node02']);
  assert.equal(slurm.controller.job(outside)?.state, 'PENDING');
  assert.throws(() => slurm.controller.deleteReservation(name, root), { number: 2055 });
  assert.throws(() => slurm.controller.createReservation({ ...reservation, users: [] }, root), { number: 2080 });
});

test('a job cannot wait for itself', (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const problem = { message: 'Job dependency problem' };
  assert.throws(() => slurm.controller.submit([wrapped('true', { dependency: 'afterok:1' })], alice), problem);
  const { jobId } = slurm.controller.submit([wrapped('true')], alice);
  assert.throws(() => slurm.controller.updateJob(`${jobId}`, { dependency: `afterany:${jobId}` }, alice), problem);
});

test('there are no arrays of het jobs', (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const requests = [wrapped('sleep 5'), wrapped('sleep 5', { array: '1-3' })];
  assert.throws(() => slurm.controller.submit(requests, alice), { message: 'Invalid job array specification' });
  slurm.time.advance(60);
  assert.deepEqual([...slurm.controller.jobs()], []);
});
