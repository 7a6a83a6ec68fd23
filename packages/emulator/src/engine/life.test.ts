import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRequest } from '../model/job.ts';
import { stillCluster, testStart } from './testing/history.ts';
import { alice, bob, root, wrapped } from './testing/lab-cluster.ts';

function submit(slurm: EmulatedSlurm, text: string, request: Partial<JobRequest> = {}, who = alice): string {
  return `${slurm.controller.submit([wrapped(text, { tasks: 1, ...request })], who).jobId}`;
}

const end = { batchOnly: false, full: false };

/** State, exit code and reason, as slurmctld has them. */
function stands(slurm: EmulatedSlurm, id: string): string {
  const job = slurm.controller.select(id)[0];
  return job === undefined ? 'gone' : `${job.state} ${job.exit.code}:${job.exit.signal} ${job.reason}`;
}

/** All rows of a job, as sacct -D has them. */
function rows(slurm: EmulatedSlurm, id: string): readonly string[] {
  return [...slurm.database.jobRows({ jobIds: [id], duplicates: true })].map(
    ({ state, exit, reason }) => `${state} ${exit.code}:${exit.signal} ${reason}`,
  );
}

test('jobs end with the states, codes and reasons of the recordings', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const done = submit(slurm, 'srun -J stepname true; srun true; exit 0');
  const failed = submit(slurm, 'exit 3');
  const signalled = submit(slurm, 'kill -SEGV $$');
  const timeout = submit(slurm, 'sleep 900', { timeLimit: 1 });
  const cancelled = submit(slurm, 'sleep 900');
  const suspended = submit(slurm, 'sleep 900');
  const neverRan = submit(slurm, 'sleep 1', { hold: true });
  controller.signal(neverRan, null, end, alice);
  assert.equal(stands(slurm, neverRan), 'CANCELLED 0:0 JobHeldUser');
  assert.deepEqual([controller.select(neverRan)[0]?.start, controller.select(neverRan)[0]?.end], [testStart, testStart]);
  slurm.time.advance(2);
  assert.equal(stands(slurm, done), 'COMPLETED 0:0 None');
  assert.equal(stands(slurm, failed), 'FAILED 3:0 NonZeroExitCode');
  assert.equal(stands(slurm, signalled), 'FAILED 0:11 RaisedSignal:11(Segmentation fault)');
  controller.signal(cancelled, null, end, alice);
  controller.suspend(suspended, root);
  controller.signal(suspended, null, end, root);
  assert.equal(stands(slurm, cancelled), 'CANCELLED 0:15 None');
  assert.equal(stands(slurm, suspended), 'CANCELLED 0:9 None');
  slurm.time.advance(60);
  assert.equal(stands(slurm, timeout), 'TIMEOUT 0:15 TimeLimit');
  assert.deepEqual(rows(slurm, timeout), ['TIMEOUT 0:0 None']);
  assert.deepEqual(rows(slurm, cancelled), ['CANCELLED 0:0 None']);
  assert.deepEqual(rows(slurm, signalled), ['FAILED 0:11 None']);
  const [row] = [...slurm.database.jobRows({ jobIds: [done] })];
  assert.deepEqual(
    row?.steps.map(({ id, name, state }) => `${id} ${name} ${state}`),
    ['batch batch COMPLETED', '0 stepname COMPLETED', '1 true COMPLETED'],
  );
  assert.throws(() => controller.signal(done, null, end, alice), { name: 'ESLURM_ALREADY_DONE', number: 2021 });
});

test('slurmdbd is told which tasks of an array are left, and which QOS was asked for by name', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const wide = submit(slurm, 'sleep 100', { array: '0-11', tasks: 16, sharing: 'exclusive', minNodes: 1 });
  const [leader] = slurm.database.jobRows({ jobIds: [wide] });
  assert.equal(leader?.array?.pending, '0-11');
  slurm.time.advance(10);
  const told = () =>
    [...slurm.database.jobRows({ jobIds: [wide] })].map(({ array, state }) => `${array?.pending ?? array?.taskId} ${state}`);
  assert.deepEqual(told(), ['0 RUNNING', '1 RUNNING', '2 RUNNING', '3 RUNNING', '4-11 PENDING']);
  // A task that pends has no row of its own (measured).
  assert.deepEqual([...slurm.database.jobRows({ jobIds: [`${wide}_8`] })], []);
  slurm.controller.signal(wide, null, end, root);
  assert.deepEqual(told().at(-1), '4-11 CANCELLED');
  const byName = submit(slurm, 'sleep 1', { qos: 'normal' });
  const byDefault = submit(slurm, 'sleep 1');
  const qos = (id: string) => [...slurm.database.jobRows({ jobIds: [id] })].map((row) => [row.qos, row.requestedQos]);
  assert.deepEqual([qos(byName), qos(byDefault)], [[['normal', 'normal']], [['normal', undefined]]]);
});

test('finished jobs are forgotten by a sweep after MinJobAge', async (t) => {
  const slurm = stillCluster({ settings: { MinJobAge: '20' } });
  t.after(() => slurm.close());
  const id = submit(slurm, 'exit 0');
  slurm.time.advance(21);
  assert.equal(stands(slurm, id), 'COMPLETED 0:0 None');
  slurm.time.advance(19);
  assert.equal(stands(slurm, id), 'gone');
  assert.deepEqual(rows(slurm, id), ['COMPLETED 0:0 None']);
});

test('a job that can no longer meet its deadline is given up', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  submit(slurm, 'sleep 900', { requiredNodes: ['node01'], sharing: 'exclusive' });
  slurm.time.advance(1);
  const late = submit(slurm, 'sleep 1', { requiredNodes: ['node01'], timeLimit: 1, deadline: testStart + 101 });
  slurm.time.advance(41);
  assert.equal(stands(slurm, late), 'DEADLINE 0:1 DeadLine');
  assert.deepEqual(rows(slurm, late), ['DEADLINE 1:0 None']);
  assert.throws(() => submit(slurm, 'true', { timeLimit: 10, deadline: testStart + 100 }), { number: 2051 });
});

test('a requeued job waits two minutes and is a run of its own', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const id = submit(slurm, 'echo run $SLURM_RESTART_COUNT; sleep 25');
  slurm.time.advance(4);
  controller.requeue(id, { hold: false, specialExit: false }, root);
  const [job] = controller.select(id);
  assert.equal(stands(slurm, id), 'PENDING 0:0 BeginTime');
  assert.deepEqual([job?.submit, job?.eligible, job?.expectedStart, job?.restarts], [testStart + 4, testStart + 125, testStart + 125, 1]);
  slurm.time.advance(200);
  assert.equal(stands(slurm, id), 'COMPLETED 0:0 None');
  assert.deepEqual(rows(slurm, id), ['REQUEUED 0:0 None', 'COMPLETED 0:0 BeginTime']);
  controller.requeue(id, { hold: true, specialExit: false }, root);
  assert.deepEqual([stands(slurm, id), controller.select(id)[0]?.flags], ['PENDING 0:0 JobHeldUser', []]);
});

test('jobs of a node that fails end as NODE_FAIL, or begin again', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const lost = submit(slurm, 'sleep 900', { requiredNodes: ['node04'], requeue: false });
  const again = submit(slurm, 'sleep 20', { requiredNodes: ['node04'], requeue: true });
  slurm.time.advance(3);
  controller.updateNode(['node04'], { state: 'down', reason: 'lab' }, root);
  assert.equal(stands(slurm, lost), 'NODE_FAIL 0:1 NodeDown');
  assert.equal(controller.select(lost)[0]?.failedNode, 'node04');
  assert.equal(stands(slurm, again), 'PENDING 0:0 BeginTime');
  const node = controller.node('node04');
  assert.deepEqual([node?.state, node?.reason, node?.reasonBy, node?.cpusAllocated], ['DOWN', 'lab', 'root', 0]);
  controller.updateNode(['node04'], { state: 'resume' }, root);
  slurm.time.advance(300);
  assert.deepEqual(rows(slurm, lost), ['NODE_FAIL 1:0 None']);
  assert.deepEqual(rows(slurm, again), ['NODE_FAIL 1:0 None', 'COMPLETED 0:0 BeginTime']);
});

test('a suspended job does not run on, and its limit counts what it ran', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const id = submit(slurm, 'sleep 100', { timeLimit: 2 });
  slurm.time.advance(11);
  controller.suspend(id, root);
  slurm.time.advance(1000);
  assert.equal(stands(slurm, id), 'SUSPENDED 0:0 None');
  controller.resume(id, root);
  slurm.time.advance(89);
  assert.equal(stands(slurm, id), 'RUNNING 0:0 None');
  slurm.time.advance(1);
  assert.equal(stands(slurm, id), 'COMPLETED 0:0 None');
  const [row] = [...slurm.database.jobRows({ jobIds: [id] })];
  assert.deepEqual([row?.suspendedSeconds, (row?.end ?? 0) - (row?.start ?? 0)], [1000, 1100]);
  assert.throws(() => controller.suspend(id, alice), { number: 2002 });
});

test('a shrunk job goes on under a new row', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const id = submit(slurm, 'sleep 100', { minNodes: 2, maxNodes: 2, tasks: 2 });
  slurm.time.advance(11);
  slurm.controller.updateJob(id, { numNodes: 1 }, alice);
  assert.deepEqual(slurm.controller.select(id)[0]?.nodes, ['node01']);
  slurm.time.advance(100);
  const both = [...slurm.database.jobRows({ jobIds: [id], duplicates: true })];
  assert.deepEqual(
    both.map(({ state, start, end, nodeCount }) => [state, (start ?? 0) - testStart, (end ?? 0) - testStart, nodeCount]),
    [
      ['RESIZING', 1, 11, 2],
      ['COMPLETED', 1, 101, 1],
    ],
  );
});

test("tasks of an array get ids of their own, the last keeps the array's", async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const script = 'case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1) exit 4;; 2) kill -9 $$;; *) sleep 900;; esac';
  const id = submit(slurm, script, { array: '0-11%4', name: 'array', timeLimit: 90 });
  slurm.time.advance(2);
  const of = (selector: string) =>
    controller.select(selector).map(({ jobId, array, state, pendingTasks }) => [jobId, array?.taskId ?? pendingTasks?.join(','), state]);
  assert.deepEqual(of(`${id}_1`), [[3, 1, 'FAILED']]);
  assert.equal(stands(slurm, `${id}_2`), 'FAILED 0:9 RaisedSignal:9(Killed)');
  assert.deepEqual(of(`${id}_7`), [[1, '7,8,9,10,11', 'PENDING']]);
  assert.equal(controller.job(1)?.reason, 'JobArrayTaskLimit');
  controller.signal(`${id}_11`, null, end, alice);
  controller.signal(`${id}_[3-6]`, null, end, alice);
  slurm.time.advance(1000);
  const last = controller.job(1);
  assert.deepEqual([last?.array?.taskId, last?.state], [10, 'COMPLETED']);
  assert.throws(() => submit(slurm, 'true', { array: '1-30000' }), { number: 2081, message: 'Invalid job array specification' });
});

test('what is done to an array is done to those of its tasks that take it', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const id = submit(slurm, 'sleep 50', { array: '0-3%2' });
  slurm.time.advance(2);
  controller.hold(id, 'user', alice);
  slurm.time.advance(100);
  const states = () => controller.select(id).map(({ state, reason }) => `${state} ${reason}`);
  assert.deepEqual(states(), ['PENDING JobHeldUser', 'COMPLETED None', 'COMPLETED None']);
  assert.throws(() => controller.suspend(id, root), { number: 2024 });
  controller.release(id, alice);
  slurm.time.advance(100);
  assert.deepEqual(states(), ['COMPLETED None', 'COMPLETED None', 'COMPLETED None', 'COMPLETED None']);
});

test('a het job starts as one, and ends as one', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const parts = [
    wrapped('srun --het-group=0,1 sleep 900', { requiredNodes: ['node04'], tasks: 1, memoryPerNodeMiB: 1024, timeLimit: 60 }),
    wrapped('srun --het-group=0,1 sleep 900', {
      partitions: ['gpu'],
      gresPerJob: 'gpu:1',
      tasks: 2,
      memoryPerNodeMiB: 2048,
      timeLimit: 60,
    }),
  ];
  const { jobId } = controller.submit(parts, bob);
  slurm.time.advance(2);
  const both = controller.select(`${jobId}`);
  assert.deepEqual(
    both.map(({ het, nodes, steps }) => [het?.offset, nodes.join(), steps.map(({ id }) => id).join()]),
    [
      [0, 'node04', 'batch,0'],
      [1, 'gpu01', '0'],
    ],
  );
  assert.equal(both[0]?.start, both[1]?.start);
  controller.signal(`${jobId}`, null, end, bob);
  assert.deepEqual(
    controller.select(`${jobId}`).map(({ state }) => state),
    ['CANCELLED', 'CANCELLED'],
  );
});

test('dependencies hold jobs back until they are fulfilled, or for ever', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const first = submit(slurm, 'sleep 100');
  const bad = submit(slurm, 'sleep 100; exit 1');
  const afterOk = submit(slurm, 'sleep 1', { dependency: `afterok:${first}` });
  const afterBad = submit(slurm, 'sleep 1', { dependency: `afterok:${bad}` });
  const notOk = submit(slurm, 'sleep 1', { dependency: `afternotok:${bad}` });
  const either = submit(slurm, 'sleep 1', { dependency: `afterok:${bad}?afterok:${first}` });
  const after = submit(slurm, 'sleep 500', { dependency: `after:${first}+1`, name: 'one' });
  const single = submit(slurm, 'sleep 1', { dependency: 'singleton', name: 'one' });
  const array = submit(slurm, 'sleep 10', { array: '1-2' });
  const corresponding = submit(slurm, 'sleep 10', { array: '1-2', dependency: `aftercorr:${array}` });
  assert.equal(controller.select(afterOk)[0]?.dependency, `afterok:${first}(unfulfilled)`);
  slurm.time.advance(50);
  assert.equal(stands(slurm, afterOk), 'PENDING 0:0 Dependency');
  assert.equal(stands(slurm, `${corresponding}_1`), 'COMPLETED 0:0 None');
  assert.equal(stands(slurm, after), 'PENDING 0:0 Dependency');
  slurm.time.advance(20);
  assert.equal(stands(slurm, after), 'RUNNING 0:0 None');
  assert.equal(stands(slurm, single), 'PENDING 0:0 Dependency');
  slurm.time.advance(60);
  assert.equal(stands(slurm, afterOk), 'COMPLETED 0:0 None');
  assert.equal(stands(slurm, afterBad), 'PENDING 0:0 DependencyNeverSatisfied');
  assert.equal(stands(slurm, notOk), 'COMPLETED 0:0 None');
  assert.equal(stands(slurm, either), 'COMPLETED 0:0 None');
  slurm.time.advance(600);
  assert.equal(stands(slurm, single), 'COMPLETED 0:0 None');
});

test('holds, begin times and releases', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  const own = submit(slurm, 'sleep 1', { hold: true });
  const byRoot = submit(slurm, 'sleep 1', { begin: testStart + 7200 });
  assert.equal(stands(slurm, byRoot), 'PENDING 0:0 BeginTime');
  assert.equal(controller.select(byRoot)[0]?.expectedStart, testStart + 7200);
  controller.hold(byRoot, 'admin', root);
  assert.deepEqual([stands(slurm, byRoot), controller.select(byRoot)[0]?.priority], ['PENDING 0:0 JobHeldAdmin', 0]);
  assert.throws(() => controller.release(byRoot, alice), { number: 2002 });
  assert.throws(() => controller.release(own, bob), { number: 2010, message: 'Invalid user id' });
  controller.release(own, alice);
  slurm.time.advance(3);
  assert.equal(stands(slurm, own), 'COMPLETED 0:0 None');
  assert.deepEqual(rows(slurm, own), ['COMPLETED 0:0 JobHeldUser']);
});
