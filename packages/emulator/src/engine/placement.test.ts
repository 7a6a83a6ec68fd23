import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedJob, JobRequest } from '../model/job.ts';
import { stillCluster } from './testing/history.ts';
import { alice, bob, root, wrapped } from './testing/lab-cluster.ts';

function submit(slurm: EmulatedSlurm, who: typeof alice, request: Partial<JobRequest>, text = 'sleep 900'): number {
  return slurm.controller.submit([wrapped(text, request)], who).jobId;
}

/** What a job holds, in the words of `scontrol -d show job`. */
function held(job: EmulatedJob | undefined): readonly string[] {
  return (job?.grants ?? []).map(({ node, cpuIds, memoryMiB, gres }) => {
    const devices = gres.map(({ name, type, indices }) => `${name}:${type}:${indices.join('+')}`).join(',');
    return `${node} ${cpuIds.join(',')} ${memoryMiB} ${devices}`.trim();
  });
}

test('cores, memory and devices are given as recorded on 24.11', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const on = (name: string) => ({ requiredNodes: [name] });
  const ids = {
    exclusive: submit(slurm, alice, {
      requiredNodes: ['node01', 'node02'],
      minNodes: 2,
      maxNodes: 2,
      sharing: 'exclusive',
      memoryPerNodeMiB: 0,
      timeLimit: 120,
    }),
    part: submit(slurm, alice, { ...on('node03'), tasks: 3, memoryPerNodeMiB: 2048, timeLimit: 1440 }),
    nomultithread: submit(slurm, bob, { ...on('node03'), tasks: 1, cpusPerTask: 2, threadsPerCore: 1, timeLimit: 30 }),
    gpuIdx: submit(slurm, alice, { partitions: ['gpu'], ...on('gpu01'), tasks: 1, cpusPerTask: 4, gresPerNode: 'gpu:a100:2' }),
    gpu2: submit(slurm, bob, { partitions: ['gpu'], minNodes: 2, maxNodes: 2, tasksPerNode: 1, gresPerNode: 'gpu:1' }),
    gpuTotal: submit(slurm, alice, { partitions: ['gpu'], ...on('gpu02'), tasks: 1, gresPerJob: 'gpu:a100:1', memoryPerGpuMiB: 3072 }),
    unlimited: submit(slurm, alice, { partitions: ['gpu'], ...on('gpu02'), tasks: 1, timeLimit: 'unlimited' }),
    high: submit(slurm, alice, { partitions: ['gpu'], ...on('gpu02'), tasks: 1, name: 'high' }),
    suspended: submit(slurm, bob, { partitions: ['gpu'], ...on('gpu02'), tasks: 1, timeLimit: 60 }),
  };
  const { controller } = slurm;
  controller.updateJob(`${ids.high}`, { priority: 12_988 }, root);
  slurm.time.advance(1);
  const all = '0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15';
  assert.deepEqual(held(controller.job(ids.exclusive)), [`node01 ${all} 64000`, `node02 ${all} 64000`]);
  assert.deepEqual(held(controller.job(ids.part)), ['node03 0,1,8,9 2048']);
  assert.deepEqual(held(controller.job(ids.nomultithread)), ['node03 2,3,4,5 2000']);
  assert.deepEqual(held(controller.job(ids.gpuIdx)), ['gpu01 0,1,2,3 4000 gpu:a100:1+2']);
  assert.deepEqual(held(controller.job(ids.gpu2)), ['gpu01 8,9 2000 gpu:a100:0', 'gpu02 8,9 2000 gpu:a100:0']);
  assert.deepEqual(held(controller.job(ids.high)), ['gpu02 0,1 2000']);
  assert.deepEqual(held(controller.job(ids.gpuTotal)), ['gpu02 10,11 3072 gpu:a100:1']);
  assert.deepEqual(held(controller.job(ids.unlimited)), ['gpu02 2,3 2000']);
  assert.deepEqual(held(controller.job(ids.suspended)), ['gpu02 4,5 2000']);
  assert.deepEqual(controller.job(ids.gpu2)?.requestedTres, { cpu: 2, mem: 2000, node: 2, billing: 2, 'gres/gpu': 2 });
  assert.deepEqual(controller.job(ids.gpu2)?.allocatedTres, { cpu: 4, mem: 4000, node: 2, billing: 4, 'gres/gpu': 2, 'gres/gpu:a100': 2 });
  assert.deepEqual(controller.job(ids.exclusive)?.requestedTres, { cpu: 2, mem: 128_000, node: 2, billing: 2 });
  controller.suspend(`${ids.suspended}`, root);
  // A suspended job gives its CPUs back and keeps its memory (recorded: CPUAlloc=8, AllocMem=11072).
  const gpu02 = controller.node('gpu02');
  assert.deepEqual([gpu02?.cpusAllocated, gpu02?.memoryAllocatedMiB, gpu02?.state], [8, 11_072, 'MIXED']);
  assert.equal(controller.job(ids.suspended)?.priority, 0);
});

test('priorities are computed as recorded: job size, partition, QOS and nice, cut to whole numbers', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const priority = (request: Partial<JobRequest>) => slurm.controller.job(submit(slurm, alice, request))?.priority;
  assert.equal(priority({ tasks: 1 }), 11_088);
  assert.equal(priority({ tasks: 2 }), 11_093);
  assert.equal(priority({ tasks: 3 }), 11_098);
  assert.equal(priority({ tasks: 1, cpusPerTask: 4 }), 11_104);
  assert.equal(priority({ minNodes: 2, maxNodes: 2 }), 11_177);
  assert.equal(priority({ tasks: 16 }), 11_166);
  assert.equal(priority({ minNodes: 4, maxNodes: 4, nice: 100_000 }), 1);
  assert.equal(priority({ tasks: 1, hold: true }), 0);
});

test('jobs that let others onto their CPUs share them with their like alone', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const shared = {
    partitions: ['shared'],
    requiredNodes: ['node04'],
    tasks: 16,
    sharing: 'oversubscribe' as const,
    memoryPerNodeMiB: 1024,
    timeLimit: 45,
  };
  const ids = [1, 2, 3, 4, 5].map(() => submit(slurm, bob, shared));
  const plain = submit(slurm, alice, { requiredNodes: ['node04'], tasks: 1 });
  slurm.time.advance(1);
  const states = (list: readonly number[]) => list.map((id) => slurm.controller.job(id)?.state);
  assert.deepEqual(states([...ids, plain]), ['RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
  // The fifth waits for the node, which is kept for it.
  assert.equal(slurm.controller.job(plain)?.reason, 'ReqNodeNotAvail');
  assert.equal(slurm.controller.node('node04')?.cpusAllocated, 16);
});

test('a job that fits is backfilled before one that waits, unless it would delay that one', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const running = submit(slurm, alice, {
    requiredNodes: ['node01', 'node02', 'node03'],
    minNodes: 3,
    maxNodes: 3,
    sharing: 'exclusive',
    timeLimit: 60,
  });
  slurm.time.advance(2);
  const wide = submit(slurm, alice, { minNodes: 4, maxNodes: 4, sharing: 'exclusive', timeLimit: 60 });
  const long = submit(slurm, bob, { tasks: 1, timeLimit: 120 });
  const short = submit(slurm, bob, { tasks: 1, timeLimit: 10 });
  slurm.time.advance(20);
  const { controller } = slurm;
  assert.equal(controller.job(running)?.state, 'RUNNING');
  assert.deepEqual([controller.job(wide)?.state, controller.job(wide)?.reason], ['PENDING', 'Resources']);
  assert.equal(controller.job(wide)?.expectedStart, controller.job(running)?.end);
  assert.deepEqual([controller.job(long)?.state, controller.job(long)?.reason], ['PENDING', 'Priority']);
  assert.deepEqual([controller.job(short)?.state, controller.job(short)?.scheduler], ['RUNNING', 'Backfill']);
});

test('a start is planned on nodes that are promised to others before, or on which a job still completes', async (t) => {
  const slurm = stillCluster({ settings: { EmulatedEpilogSeconds: '1000' } });
  t.after(() => slurm.close());
  const { controller } = slurm;
  const alone = (name: string, timeLimit: number): number =>
    submit(slurm, alice, { requiredNodes: [name], sharing: 'exclusive', timeLimit });
  const first = alone('node01', 60);
  const longest = alone('node02', 120);
  const next = alone('node01', 10);
  const brief = submit(slurm, alice, { requiredNodes: ['node03'], tasks: 1 }, 'sleep 1');
  slurm.time.advance(10);
  assert.deepEqual(controller.job(brief)?.flags, ['COMPLETING']);
  const wide = submit(slurm, bob, { minNodes: 4, maxNodes: 4, sharing: 'exclusive', timeLimit: 10 });
  const after = submit(slurm, bob, { requiredNodes: ['node02'], sharing: 'exclusive', timeLimit: 10 });
  slurm.time.advance(100);
  const end = controller.job(longest)?.end ?? 0;
  assert.equal(controller.job(next)?.expectedStart, controller.job(first)?.end);
  assert.equal(controller.job(wide)?.expectedStart, end);
  assert.equal(controller.job(after)?.expectedStart, end + 10 * 60);
});

test('a het job comes after what was submitted before it, whatever its priority, and before what comes later', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const on = (name: string, nice: number): Partial<JobRequest> => ({ requiredNodes: [name], tasks: 1, nice });
  const before = submit(slurm, alice, on('node04', 100));
  const het = slurm.controller.submit([wrapped('sleep 900', on('node04', 0)), wrapped('sleep 900', on('node03', 0))], alice).jobId;
  const later = submit(slurm, alice, on('node04', 100));
  slurm.time.advance(40);
  const cpus = [before, het, later].map((id) => slurm.controller.job(id)?.grants[0]?.cpuIds.join());
  assert.deepEqual(cpus, ['0,1', '2,3', '4,5']);
});

test('whoever asked for nodes that are down or reserved is told so', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  controller.updateNode(['node04'], { state: 'drain', reason: 'test' }, root);
  const required = submit(slurm, alice, { requiredNodes: ['node04'], tasks: 1 });
  const wide = submit(slurm, alice, { minNodes: 4, maxNodes: 4 });
  slurm.time.advance(1);
  assert.deepEqual(
    [controller.job(required)?.reason, controller.job(required)?.reasonText],
    ['ReqNodeNotAvail', 'ReqNodeNotAvail, UnavailableNodes:node04'],
  );
  assert.equal(
    controller.job(wide)?.reasonText,
    'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions',
  );
  const now = controller.now();
  const maint = {
    start: now + 600,
    end: now + 4200,
    nodes: ['gpu01', 'gpu02'],
    users: ['root'],
    accounts: [],
    partition: null,
    flags: ['MAINT', 'IGNORE_JOBS'],
  };
  assert.deepEqual(controller.createReservation({ ...maint, name: 'maint' }, root), { name: 'maint' });
  const long = submit(slurm, alice, { partitions: ['gpu'], tasks: 1, timeLimit: 30 });
  const short = submit(slurm, alice, { partitions: ['gpu'], tasks: 1, timeLimit: 5 }, 'sleep 60');
  slurm.time.advance(30);
  assert.deepEqual([controller.job(long)?.state, controller.job(short)?.state], ['PENDING', 'RUNNING']);
  slurm.time.advance(600);
  assert.ok(controller.node('gpu01')?.flags.includes('MAINTENANCE'));
  slurm.time.advance(4000);
  assert.deepEqual(controller.reservations(), []);
  assert.equal(controller.job(long)?.state, 'RUNNING');
});

test('a job may name several partitions and starts in the first that has room', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const { controller } = slurm;
  controller.updatePartition('cpu', { state: 'DOWN' }, root);
  const one = submit(slurm, alice, { tasks: 1 });
  const two = submit(slurm, alice, { tasks: 1, partitions: ['cpu', 'shared'] });
  slurm.time.advance(1);
  assert.equal(controller.job(one)?.reason, 'PartitionDown');
  assert.equal(controller.job(two)?.partition, 'shared');
  controller.updateJob(`${one}`, { timeLimit: 20 }, root);
  controller.updatePartition('cpu', { state: 'UP', maxTime: 10 }, root);
  slurm.time.advance(1);
  assert.equal(controller.job(one)?.reason, 'PartitionTimeLimit');
});

test('a node that comes back takes jobs once it has answered', async (t) => {
  for (const state of ['down', 'drain']) {
    const slurm = stillCluster();
    t.after(() => slurm.close());
    const { controller } = slurm;
    controller.updateNode(['node04'], { state, reason: 'test' }, root);
    controller.updateNode(['node04'], { state: 'resume' }, root);
    const shown = () => [controller.node('node04')?.state, ...(controller.node('node04')?.flags ?? [])].join('+');
    const { jobId } = controller.submit([wrapped('sleep 60', { tasks: 1, requiredNodes: ['node04'] })], alice);
    slurm.time.advance(1);
    const job = () => controller.job(jobId);
    assert.equal(shown(), 'IDLE+NOT_RESPONDING');
    assert.deepEqual([job()?.reason, job()?.reasonText], ['ReqNodeNotAvail', 'ReqNodeNotAvail, UnavailableNodes:node04']);
    slurm.time.advance(4);
    assert.deepEqual([shown(), job()?.state], ['MIXED', 'RUNNING']);
    controller.updateNode(['node03'], { state: 'drain', reason: 'test' }, root);
    controller.updateNode(['node03'], { state: 'resume' }, root);
    controller.updateNode(['node03'], { state: 'down', reason: 'again' }, root);
    slurm.time.advance(10);
    assert.equal([controller.node('node03')?.state, ...(controller.node('node03')?.flags ?? [])].join('+'), 'DOWN');
  }
});
