import type { Tres } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { allCpus, type Changes, grant, job, type Moments, step, tres } from './job-parts.fixture.ts';

/** Jobs of the recorded scenario, as slurmctld held them while the first recordings were made. */
export const recordedJobs: Readonly<Record<string, { readonly jobId: number; readonly make: (at: Moments) => EmulatedJob }>> = {
  'requeued, waiting for its two minutes': {
    jobId: 3,
    make: (at) =>
      job(3, 'alice', at, {
        request: { name: 'requeued', tasks: 1, requeue: true, requiredNodes: ['node04'] },
        state: 'PENDING',
        reason: 'BeginTime',
        restarts: 1,
      }),
  },
  'two whole nodes': {
    jobId: 4,
    make: (at) =>
      job(4, 'alice', at, {
        request: { partitions: ['cpu'], minNodes: 2, memoryPerNodeMiB: 0, sharing: 'exclusive', requiredNodes: ['node01', 'node02'] },
        requestedTres: tres(2, 128_000, 2),
        allocatedTres: tres(32, 128_000, 2),
        tasks: 2,
        grants: [grant('node01', allCpus, 64_000), grant('node02', allCpus, 64_000)],
        steps: [step('batch', at, ['node01']), step('0', at, ['node01', 'node02'], { tasks: 2 })],
      }),
  },
  'three tasks on a part of a node': {
    jobId: 5,
    make: (at) =>
      job(5, 'alice', at, {
        request: { name: 'part', partitions: ['cpu'], tasks: 3, memoryPerNodeMiB: 2048, requiredNodes: ['node03'] },
        requestedTres: tres(3, 2048, 1),
        allocatedTres: tres(4, 2048, 1),
        grants: [grant('node03', [0, 1, 8, 9], 2048)],
        steps: [step('batch', at, ['node03']), step('1', at, ['node03'], { tasks: 3 })],
      }),
  },
  'one thread per core': {
    jobId: 6,
    make: (at) =>
      job(6, 'bob', at, {
        request: { partitions: ['cpu'], tasks: 1, cpusPerTask: 2, threadsPerCore: 1, requiredNodes: ['node03'] },
        requestedTres: tres(2, 2000, 1),
        allocatedTres: tres(4, 2000, 1),
        grants: [grant('node03', [2, 3, 4, 5], 2000)],
      }),
  },
  'two GPUs with their indices': {
    jobId: 7,
    make: (at) =>
      job(7, 'alice', at, {
        request: { name: 'gpu_idx', partitions: ['gpu'], cpusPerTask: 4, gresPerNode: 'gpu:a100:2', requiredNodes: ['gpu01'] },
        requestedTres: tres(4, 4000, 1, { any: 2, a100: 2 }),
        allocatedTres: tres(4, 4000, 1, { any: 2, a100: 2 }),
        grants: [grant('gpu01', [0, 1, 2, 3], 4000, [1, 2])],
      }),
  },
  'GPUs on two nodes': {
    jobId: 8,
    make: (at) =>
      job(8, 'bob', at, {
        request: { name: 'gpu2n', partitions: ['gpu'], minNodes: 2, tasksPerNode: 1, gresPerNode: 'gpu:1' },
        requestedTres: tres(2, 2000, 2, { any: 2 }),
        allocatedTres: tres(4, 4000, 2, { any: 2, a100: 2 }),
        tasks: 2,
        grants: [grant('gpu01', [8, 9], 2000, [0]), grant('gpu02', [8, 9], 2000, [0])],
        steps: [step('0', at, ['gpu01', 'gpu02'], { tasks: 2 })],
      }),
  },
  'names and comments that break texts': {
    jobId: 11,
    make: (at) =>
      job(11, 'alice', at, {
        request: {
          name: 'we|ird "n\'ame" <&>\nline2\ttab ünï☃ \\ $\u007bx} %j=1',
          comment: 'a|b "c" \'d\'\nsecond ü☃',
          tasks: 1,
          requiredNodes: ['node04'],
        },
        allocatedTres: tres(2, 2000, 1),
        grants: [grant('node04', [0, 1], 2000)],
      }),
  },
  'a QOS and an account of its own': {
    jobId: 13,
    make: (at) =>
      job(13, 'alice', at, {
        request: { name: 'qos', partitions: ['gpu'], tasks: 1, account: 'chem', qos: 'high', nice: 100, requiredNodes: ['gpu02'] },
        account: 'chem',
        associationId: 5,
        qos: 'high',
        allocatedTres: tres(2, 2000, 1),
        grants: [grant('gpu02', [0, 1], 2000)],
      }),
  },
  suspended: {
    jobId: 14,
    make: (at) =>
      job(14, 'root', at, {
        request: { name: 'suspended', partitions: ['gpu'], account: 'root', tasks: 1, requiredNodes: ['gpu02'] },
        state: 'SUSPENDED',
        allocatedTres: tres(2, 2000, 1),
        grants: [grant('gpu02', [4, 5], 2000)],
      }),
  },
  'a component of a het job': {
    jobId: 16,
    make: (at) =>
      job(16, 'bob', at, {
        request: {
          name: 'hetjob',
          partitions: ['gpu'],
          tasks: 2,
          memoryPerNodeMiB: 2048,
          gresPerJob: 'gpu:1',
          stdout: `${at.lab}/work/het.%j.out`,
          command: `${at.lab}/work/het.sh`,
          excludedNodes: ['node04'],
        },
        het: { jobId: 15, offset: 1, size: 2 },
        requestedTres: tres(2, 2048, 1, { any: 1 }),
        allocatedTres: hetTres(at),
        grants: [grant(at.node, at.cpuIds, 2048, at.gpus)],
        steps: [step('0', at, [at.node])],
      }),
  },
  'a task of an array': {
    jobId: 36,
    make: (at) =>
      job(36, 'alice', at, {
        ...array(at, 4),
        allocatedTres: tres(2, 2000, 1),
        grants: [grant('node03', at.cpuIds, 2000)],
      }),
  },
  'the rest of an array': {
    jobId: 17,
    make: (at) => job(17, 'alice', at, { ...array(at, null), pendingTasks: [7, 8, 9, 10], state: 'PENDING', reason: 'JobArrayTaskLimit' }),
  },
  'pending, held by its user': {
    jobId: 18,
    make: (at) => job(18, 'bob', at, { request: { name: 'held', tasks: 1 }, state: 'PENDING', reason: 'JobHeldUser', held: 'user' }),
  },
  'pending on a dependency': {
    jobId: 19,
    make: (at) =>
      job(19, 'bob', at, {
        request: { name: 'dep', tasks: 1, dependency: 'afterok:5' },
        state: 'PENDING',
        reason: 'Dependency',
        dependency: 'afterok:5(unfulfilled)',
      }),
  },
  'an array with gaps, held': {
    jobId: 21,
    make: (at) =>
      job(21, 'bob', at, {
        request: { name: 'parr', tasks: 1, array: '1-5,9,20-30:2%2' },
        array: { jobId: 21, taskId: null, maxRunning: 2 },
        pendingTasks: [1, 2, 3, 4, 5, 9, 20, 22, 24, 26, 28, 30],
        state: 'PENDING',
        reason: 'JobHeldUser',
        held: 'user',
      }),
  },
  'pending in two partitions': {
    jobId: 22,
    make: (at) =>
      job(22, 'bob', at, {
        request: {
          name: 'multi_part',
          partitions: ['cpu', 'shared'],
          minNodes: 1,
          maxNodes: 3,
          tasks: 4,
          cpusPerTask: 2,
          memoryPerCpuMiB: 500,
        },
        requestedTres: tres(8, 4000, 1),
        state: 'PENDING',
        reason: 'JobHeldUser',
        held: 'user',
      }),
  },
  'cancelled before it began': {
    jobId: 24,
    make: (at) =>
      job(24, 'bob', at, {
        request: { name: 'cancelled_pending', tasks: 1 },
        state: 'CANCELLED',
        start: null,
        reason: 'JobHeldUser',
        held: 'user',
        cancelledBy: 1002,
      }),
  },
  completed: {
    jobId: 25,
    make: (at) => job(25, 'alice', at, { ...ended(at, 'completed', [6, 7]), state: 'COMPLETED' }),
  },
  'failed with a code': {
    jobId: 26,
    make: (at) =>
      job(26, 'alice', at, { ...ended(at, 'failed', [8, 9]), state: 'FAILED', reason: 'NonZeroExitCode', exit: { code: 3, signal: 0 } }),
  },
  'failed by a signal': {
    jobId: 27,
    make: (at) =>
      job(27, 'alice', at, {
        ...ended(at, 'failed_sig', [10, 11]),
        state: 'FAILED',
        reason: 'RaisedSignal',
        reasonText: 'RaisedSignal:11(Segmentation fault)',
        exit: { code: 0, signal: 11 },
      }),
  },
  'cancelled while it ran': {
    jobId: 30,
    make: (at) =>
      job(30, 'bob', at, {
        ...ended(at, 'cancelled_running', at.cpuIds),
        state: 'CANCELLED',
        cancelledBy: 1002,
        exit: { code: 0, signal: 15 },
      }),
  },
};

function hetTres(at: Moments): Tres {
  const { billing = 0, ...rest } = tres(2, 2048, 1, { any: 1, a100: 1 });
  return at.release < '26' ? { ...rest, billing } : rest;
}

function array(at: Moments, taskId: number | null): Changes {
  return {
    request: {
      name: 'array',
      partitions: ['cpu'],
      tasks: 1,
      array: '0-10%4',
      stdout: `${at.lab}/work/arr.%A_%a.out`,
      command: `${at.lab}/work/arr.sh`,
      requiredNodes: ['node03'],
    },
    array: { jobId: 17, taskId, maxRunning: 4 },
  };
}

function ended(at: Moments, name: string, cpuIds: readonly number[]): Changes {
  return {
    request: { name, tasks: 1, requiredNodes: ['node04'] },
    end: at.end,
    allocatedTres: tres(2, 2000, 1),
    grants: [grant('node04', cpuIds, 2000)],
    nodes: ['node04'],
  };
}
