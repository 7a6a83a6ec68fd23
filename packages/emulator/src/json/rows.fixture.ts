import type { Epoch, ExitCode, Tres } from '@sluice/slurm';
import type { EmulatedStep } from '../model/job.ts';
import type { JobRow } from '../model/slurmdbd.ts';

/** What differs from recording to recording of a row, and of its steps in their order. */
export interface RowMoments {
  readonly lab: string;
  readonly release: string;
  readonly submit: Epoch;
  readonly eligible: Epoch | null;
  readonly start: Epoch | null;
  readonly end: Epoch | null;
  readonly suspendedSeconds: number;
  readonly timeLimit: number | 'unlimited' | null;
  readonly priority: number;
  readonly reason: string;
  readonly submitLine: string;
  readonly started: 'SchedMain' | 'SchedBackfill' | null;
  readonly steps: readonly {
    readonly start: Epoch;
    readonly end: Epoch | null;
    readonly exit: ExitCode;
    readonly submitLine: string;
    readonly state: EmulatedStep['state'];
  }[];
  readonly dbIndex: string;
  readonly killedBy: number | null;
  readonly derived: ExitCode;
}

type Role = (at: RowMoments) => JobRow;
const people = {
  alice: { user: 'alice', group: 'alice', uid: 1001, gid: 1001, account: 'physics', associationId: 6 },
  bob: { user: 'bob', group: 'bob', uid: 1002, gid: 1002, account: 'chem', associationId: 7 },
  root: { user: 'root', group: 'root', uid: 0, gid: 0, account: 'root', associationId: 2 },
};
const none: ExitCode = { code: 0, signal: 0 };
const perCpu = { mib: 1000, per: 'cpu' } as const;

function tres(cpu: number, mem: number, node: number, more: Tres = {}): Tres {
  return { cpu, mem, node, billing: cpu, ...more };
}

function row(jobId: number, user: keyof typeof people, at: RowMoments, changes: Partial<JobRow>): JobRow {
  const flags = [...(at.started === null ? [] : [at.started]), 'StartReceived'];
  return {
    dbIndex: at.dbIndex,
    cluster: 'labcluster',
    jobId,
    array: null,
    het: null,
    name: 'wrap',
    ...people[user],
    qos: 'normal',
    partition: 'cpu',
    state: 'RUNNING',
    cancelledBy: at.killedBy,
    reason: at.reason,
    exit: none,
    derivedExit: at.derived,
    submit: at.submit,
    eligible: at.eligible,
    start: at.start,
    end: at.end,
    suspendedSeconds: at.suspendedSeconds,
    timeLimit: at.timeLimit,
    priority: at.priority,
    nodes: 'node04',
    nodeCount: 1,
    requestedCpus: 1,
    requestedTres: tres(1, 1000, 1),
    allocatedTres: tres(2, 2000, 1),
    requestedMemory: perCpu,
    flags,
    constraints: '',
    reservation: '',
    restarts: 0,
    comment: '',
    adminComment: '',
    systemComment: '',
    extra: '',
    workDir: `${at.lab}/work`,
    submitLine: at.submitLine,
    stdout: `${at.lab}/work/%j.%N.out`,
    stderr: '',
    stdin: '/dev/null',
    failedNode: '',
    wckey: '',
    script: null,
    environment: null,
    steps: [step(at, 0, 'batch', ['node04'], { cpu: 2, mem: 2000, node: 1 })],
    ...changes,
  };
}

function step(
  at: RowMoments,
  index: number,
  id: string,
  nodes: readonly string[],
  allocated: Tres,
  changes: Partial<EmulatedStep> = {},
): EmulatedStep {
  const { start = 0, end = null, exit = none, submitLine = '', state = 'RUNNING' } = at.steps[index] ?? {};
  return {
    id,
    name: id === 'batch' ? 'batch' : 'sleep',
    state,
    start,
    end,
    exit,
    nodes,
    cpus: allocated['cpu'] ?? 0,
    tasks: 1,
    tres: allocated,
    used: null,
    submitLine,
    ...changes,
  };
}

const gpu = (count: number) => ({ 'gres/gpu': count, 'gres/gpu:a100': count });

/** Rows of the recorded scenario by recording and position. */
export const recordedRows: Readonly<
  Record<string, { readonly file: string; readonly jobId: number; readonly run?: number; readonly make: Role }>
> = {
  'GPUs on two nodes, running': { file: 'live-sacct-gpu_2nodes', jobId: 8, make: (at) => gpuTwoNodes(at) },
  'GPUs on two nodes, cancelled': {
    file: 'final-sacct-gpu_2nodes',
    jobId: 8,
    make: (at) => gpuTwoNodes(at, 'CANCELLED'),
  },
  'two whole nodes': {
    file: 'live-sacct-exclusive',
    jobId: 4,
    make: (at) =>
      row(4, 'alice', at, {
        nodes: 'node[01-02]',
        nodeCount: 2,
        requestedCpus: 2,
        requestedMemory: { mib: 0, per: 'node' },
        requestedTres: tres(2, 128_000, 2),
        allocatedTres: tres(32, 128_000, 2),
        flags: [...row(4, 'alice', at, {}).flags, 'Exclusive'],
        steps: [
          step(at, 0, 'batch', ['node01'], { cpu: 16, mem: 64_000, node: 1 }),
          step(at, 1, '0', ['node01', 'node02'], { cpu: 32, mem: 128_000, node: 2 }, { tasks: 2 }),
        ],
      }),
  },
  'three tasks in three steps': {
    file: 'live-sacct-part_of_node',
    jobId: 5,
    make: (at) => {
      const held = { cpu: 4, mem: 2048, node: 1 };
      return row(5, 'alice', at, {
        name: 'part',
        nodes: 'node03',
        requestedCpus: 3,
        requestedMemory: { mib: 2048, per: 'node' },
        requestedTres: tres(3, 2048, 1),
        allocatedTres: tres(4, 2048, 1),
        steps: [
          step(at, 0, 'batch', ['node03'], held),
          step(at, 1, '0', ['node03'], held),
          step(at, 2, '1', ['node03'], held, { tasks: 3 }),
        ],
      });
    },
  },
  'failed by a signal': {
    file: 'final-sacct-failed_sig',
    jobId: 27,
    make: (at) =>
      row(27, 'alice', at, {
        name: 'failed_sig',
        state: 'FAILED',
        exit: { code: 0, signal: 11 },
        steps: [step(at, 0, 'batch', ['node04'], { cpu: 2, mem: 2000, node: 1 })],
      }),
  },
  'cancelled before it began': {
    file: 'final-sacct-cancel_pend',
    jobId: 24,
    make: (at) =>
      row(24, 'bob', at, {
        name: 'cancelled_pending',
        state: 'CANCELLED',
        start: null,
        nodes: '',
        nodeCount: 0,
        allocatedTres: {},
        flags: at.release < '23' ? [] : ['StartReceived'],
        steps: [],
      }),
  },
  'a component of a het job': {
    file: 'live-sacct-het',
    jobId: 16,
    make: (at) => {
      const node = at.release === '22.05' ? 'gpu02' : 'gpu01';
      return row(16, 'bob', at, {
        name: 'hetjob',
        het: { jobId: 15, offset: 1 },
        partition: 'gpu',
        nodes: node,
        requestedCpus: 2,
        requestedMemory: { mib: 2048, per: 'node' },
        requestedTres: tres(2, 2048, 1, { 'gres/gpu': 1 }),
        allocatedTres: at.release < '26' ? tres(2, 2048, 1, gpu(1)) : { cpu: 2, mem: 2048, node: 1, ...gpu(1) },
        stdout: `${at.lab}/work/het.%j.out`,
        steps: [step(at, 0, '0', [node], { cpu: 2, mem: 2048, node: 1, ...gpu(1) }, { tasks: 2 })],
      });
    },
  },
  'the rest of an array': {
    file: 'live-sacct-array',
    jobId: 17,
    make: (at) =>
      row(17, 'alice', at, {
        name: 'array',
        array: { jobId: 17, taskId: null, pending: '7-10%4', maxRunning: 4 },
        state: 'PENDING',
        nodes: '',
        nodeCount: 0,
        allocatedTres: {},
        stdout: `${at.lab}/work/arr.%A_%a.out`,
        steps: [],
      }),
  },
  'a job that a comment and a name make hard': {
    file: 'final-sacct-weird',
    jobId: 11,
    make: (at) =>
      row(11, 'alice', at, {
        name: 'we|ird "n\'ame" <&>\nline2\ttab ünï☃ \\ $\u007bx} %j=1',
        comment: 'a|b "c" \'d\'\nsecond ü☃',
        state: 'CANCELLED',
        steps: [step(at, 0, 'batch', ['node04'], { cpu: 2, mem: 2000, node: 1 })],
      }),
  },
  'suspended for a while': {
    file: 'live-sacct-suspended',
    jobId: 14,
    make: (at) =>
      row(14, 'root', at, {
        name: 'suspended',
        partition: 'gpu',
        nodes: 'gpu02',
        state: 'SUSPENDED',
        steps: [step(at, 0, 'batch', ['gpu02'], { cpu: 2, mem: 2000, node: 1 })],
      }),
  },
  'the run that a requeue ended': {
    file: 'final-sacct-requeued',
    jobId: 3,
    make: (at) => requeued(at, 'REQUEUED'),
  },
  'the run after the requeue': { file: 'final-sacct-requeued', jobId: 3, run: 1, make: (at) => requeued(at, 'COMPLETED') },
  timeout: {
    file: 'final-sacct-timeout',
    jobId: 29,
    make: (at) =>
      row(29, 'bob', at, {
        name: 'timeout',
        state: 'TIMEOUT',
        steps: [step(at, 0, 'batch', ['node04'], { cpu: 2, mem: 2000, node: 1 })],
      }),
  },
};

function gpuTwoNodes(at: RowMoments, state: 'RUNNING' | 'CANCELLED' = 'RUNNING'): JobRow {
  const onOne = { cpu: 2, mem: 2000, node: 1, ...gpu(1) };
  return row(8, 'bob', at, {
    name: 'gpu2n',
    partition: 'gpu',
    state,
    nodes: 'gpu[01-02]',
    nodeCount: 2,
    requestedCpus: 2,
    requestedTres: tres(2, 2000, 2, { 'gres/gpu': 2 }),
    allocatedTres: tres(4, 4000, 2, gpu(2)),
    steps: [
      step(at, 0, 'batch', ['gpu01'], onOne),
      step(at, 1, '0', ['gpu01', 'gpu02'], { cpu: 4, mem: 4000, node: 2, ...gpu(2) }, { tasks: 2 }),
    ],
  });
}

function requeued(at: RowMoments, state: 'REQUEUED' | 'COMPLETED'): JobRow {
  const held = { cpu: 2, mem: 2000, node: 1 };
  return row(3, 'alice', at, {
    name: 'requeued',
    state,
    restarts: state === 'COMPLETED' ? 1 : 0,
    steps: [step(at, 0, 'batch', ['node04'], held)],
  });
}
