import type { SlurmReader } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import {
  type AccountedJob,
  type ActiveJob,
  type Allocation,
  type Answer,
  isEnded,
  type JobDetails,
  type Node,
  type Piece,
} from '@sluice/slurm';

/** A run as a test tells of it; what it leaves out is a plain job of two CPUs on node01. */
export interface ScriptedJob {
  readonly jobId: number;
  readonly start: number;
  readonly end?: number;
  readonly state?: string;
  readonly flags?: readonly string[];
  readonly nodes?: string;
  readonly user?: string;
  readonly restarts?: number;
}

/** A Slurm whose answers a test sets: what the controller and accounting hold, and which of the two answers at all. */
export interface ScriptedSlurm extends SlurmReader {
  /** What slurmctld has in memory, by job id. */
  readonly controllerJobs: Map<number, ActiveJob>;
  /** The rows of slurmdbd. */
  readonly rows: AccountedJob[];
  /** What was asked, e.g. `details 7`; `bare 7` for a job whose record was enough. */
  readonly asked: string[];
  controllerDown: boolean;
  accountingDown: boolean;
  /** Questions to accounting do not end before this promise does. */
  accountingStall: Promise<void> | undefined;
  /** The listing of the controller breaks off after so many jobs. */
  breaksAfter: number | undefined;
  /** The answer about many jobs breaks off after so many. */
  manyBreaksAfter: number | undefined;
  dbdAgentQueue: number;
  /** Controllers as ping says; the first is the primary. */
  controllers: readonly { readonly host: string; readonly up: boolean }[];
  /** Puts a job into the controller's memory, in whatever state it is in. */
  begin(job: ScriptedJob): void;
  /** Ends a run at the controller and in accounting. */
  end(job: ScriptedJob & { readonly end: number }): void;
  /** Ends a run in accounting only; the controller has forgotten it. */
  onlyAccounted(job: ScriptedJob & { readonly end: number }): void;
}

export function scriptedSlurm(cluster = 'labcluster'): ScriptedSlurm {
  const controllerJobs = new Map<number, ActiveJob>();
  const rows: AccountedJob[] = [];
  const asked: string[] = [];
  const ofController = (what: string) => {
    asked.push(what);
    if (self.controllerDown) throw new SluiceError('slurm.unreachable', 'slurmctld does not answer');
  };
  const ofAccounting = async (what: string) => {
    asked.push(what);
    await self.accountingStall;
    if (self.accountingDown) throw new SluiceError('slurm.unreachable', 'slurmdbd does not answer');
  };
  const unused = (): never => {
    throw new Error('the engine does not ask this');
  };
  const release = { text: '24.11.5', major: 2411, micro: 5 };

  const self: ScriptedSlurm = {
    controllerJobs,
    rows,
    asked,
    controllerDown: false,
    accountingDown: false,
    accountingStall: undefined,
    breaksAfter: undefined,
    manyBreaksAfter: undefined,
    dbdAgentQueue: 0,
    controllers: [{ host: 'head', up: true }],
    begin: (job) => void controllerJobs.set(job.jobId, activeJob(cluster, job)),
    end(job) {
      controllerJobs.set(job.jobId, activeJob(cluster, { state: 'COMPLETED', ...job }));
      rows.push(accountedJob(cluster, job));
    },
    onlyAccounted(job) {
      controllerJobs.delete(job.jobId);
      rows.push(accountedJob(cluster, job));
    },
    controller: {
      offers: async () => {
        ofController('offers');
        return { release, allocations: true };
      },
      config: async () => {
        ofController('config');
        return { ClusterName: cluster };
      },
      nodes: async () => {
        ofController('nodes');
        return { records: labNodes(cluster), rejects: [] };
      },
      async *activeStates(): AsyncGenerator<Piece<ActiveJob>> {
        ofController('activeStates');
        const jobs = [...controllerJobs.values()].filter(({ state }) => state.base !== 'PENDING');
        yield { kind: 'records', records: jobs.slice(0, self.breaksAfter) };
        if (self.breaksAfter !== undefined) throw new SluiceError('slurm.incomplete', 'the answer of squeue is not whole');
      },
      async details(ids, { bare, script }) {
        ofController(`details ${ids.join(' ')}`);
        const answers = new Map<number, Answer<JobDetails>>();
        for (const id of ids) {
          const job = controllerJobs.get(id);
          if (!job) answers.set(id, { kind: 'gone' });
          else if (bare?.(job)) {
            asked.push(`bare ${id}`);
            answers.set(id, { kind: 'known', value: { job, allocation: null, script: null, description: null } });
          } else answers.set(id, { kind: 'known', value: detailsOf(job, script) });
        }
        return answers;
      },
      async *detailsOfMany(ids, { script }) {
        ofController(`many ${ids.size}`);
        const known = [...controllerJobs.values()].filter(({ jobId, state }) => ids.has(jobId) && state.base !== 'PENDING');
        const whole = known.slice(0, self.manyBreaksAfter);
        if (whole.length > 0) yield new Map(whole.map((job) => [job.jobId, detailsOf(job, script)]));
        if (self.manyBreaksAfter !== undefined) throw new SluiceError('slurm.incomplete', 'the answer of scontrol is not whole');
      },
      async ping() {
        asked.push('ping');
        if (self.controllers.length === 0) throw new SluiceError('slurm.unreachable', 'no controller answers');
        return self.controllers.map((one, index) => ({ ...one, role: index === 0 ? 'primary' : 'backup' }));
      },
      diagnostics: async () => {
        ofController('diagnostics');
        const { dbdAgentQueue } = self;
        return { cluster, time: null, jobsPending: null, jobsRunning: null, serverThreads: null, dbdAgentQueue, rpcs: [] };
      },
      activeJobs: unused,
      activeJobStream: unused,
      jobsById: unused,
      allocations: unused,
      allAllocations: unused,
      partitions: unused,
      batchScript: unused,
      describe: unused,
    },
    accounting: {
      async *endedJobs({ from, to, overlapped }): AsyncGenerator<Piece<AccountedJob>> {
        await ofAccounting(`endedJobs ${from} ${to}${overlapped ? ' overlapped' : ''}`);
        const records = rows.filter(({ end }) => end !== null && end >= from && end <= to);
        yield { kind: 'records', records };
        yield { kind: 'slice', from, to, rows: records.length, rejected: 0 };
      },
      async *jobsById(ids): AsyncGenerator<Piece<AccountedJob>> {
        await ofAccounting(`jobsById ${ids.join(' ')}`);
        yield { kind: 'records', records: rows.filter(({ jobId }) => ids.includes(jobId)) };
      },
      clusters: async () => {
        await ofAccounting('clusters');
        return { records: [{ name: cluster, controlHost: 'head', controlPort: 6817 }], rejects: [] };
      },
      offers: unused,
      privileges: unused,
      usage: unused,
      shares: unused,
      accounts: unused,
      users: unused,
      associations: unused,
      qos: unused,
      tres: unused,
      batchScript: unused,
      environment: unused,
      runawayJobs: unused,
      ping: unused,
    },
  };
  return self;
}

function jobOf(cluster: string, job: ScriptedJob) {
  const { jobId, start, end = null, state = end === null ? 'RUNNING' : 'COMPLETED', flags = [], nodes = 'node01', user = 'alice' } = job;
  const { restarts = 0 } = job;
  return {
    cluster,
    jobId,
    array: null,
    het: null,
    name: `job ${jobId}`,
    user,
    uid: 1000,
    group: 'users',
    gid: 100,
    account: 'chem',
    partition: 'cpu',
    qos: 'normal',
    state: { base: state, flags, cancelledBy: null },
    reason: null,
    exitCode: null,
    submit: start - 10,
    eligible: start - 10,
    start,
    end,
    timeLimit: 60,
    nodes,
    nodeCount: 1,
    cpus: 2,
    requested: { cpu: 2 },
    allocated: { cpu: 2 },
    comment: '',
    adminComment: '',
    workDir: '/home/alice',
    restarts,
  };
}

function activeJob(cluster: string, job: ScriptedJob): ActiveJob {
  return {
    ...jobOf(cluster, job),
    priority: 1,
    expectedStart: null,
    dependency: '',
    batchHost: 'node01',
    sharing: 'shared',
    stdout: '',
    stderr: '',
    stdin: '',
    command: '',
  };
}

function accountedJob(cluster: string, job: ScriptedJob & { readonly end: number }): AccountedJob {
  return {
    ...jobOf(cluster, job),
    elapsed: job.end - job.start,
    suspended: 0,
    derivedExitCode: null,
    reservation: '',
    constraints: '',
    systemComment: '',
    submitLine: '',
    flags: [],
    dbIndex: `${job.jobId}${job.start}`,
  };
}

function detailsOf(job: ActiveJob, script = false): JobDetails {
  const holds = job.end === null && job.state.base === 'RUNNING';
  const node = { node: job.nodes, cpus: 2, cpuIds: [0, 1], cores: [{ socket: 0, core: 0, threads: 2 }], memoryMiB: 1024, gres: [] };
  const held: Allocation = { cluster: job.cluster, jobId: job.jobId, start: job.start, whole: false, nodes: [node] };
  const allocation = holds ? held : isEnded(job.state) ? { ...held, devicesLost: true as const } : null;
  return { job, allocation, script: script ? '#!/bin/sh\n' : null, description: null };
}

function labNodes(cluster: string): readonly Node[] {
  return ['node01', 'node02', 'node03', 'node04'].map((name) => ({
    cluster,
    name,
    hostname: name,
    address: name,
    state: 'IDLE',
    flags: [],
    reason: '',
    partitions: ['cpu'],
    features: [],
    sockets: 2,
    coresPerSocket: 4,
    threadsPerCore: 2,
    cpus: { total: 16, allocated: 0 },
    memoryMiB: { total: 64_000, allocated: 0, free: null },
    gres: { total: [], used: [] },
    tres: { total: { cpu: 16 }, allocated: {} },
    version: '24.11.5',
  }));
}
