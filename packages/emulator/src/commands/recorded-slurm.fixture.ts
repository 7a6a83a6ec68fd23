import type { Epoch } from '@sluice/slurm';
import { type EmulatedSlurm, noFaults } from '../model/emulated-slurm.ts';
import type { EmulatedJob } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Command, CommandCall } from './command.ts';

const refuse = (): never => {
  throw new Error('the recorded cluster only answers');
};

export interface RecordedParts {
  readonly release: string;
  readonly now: Epoch;
  readonly jobs?: readonly EmulatedJob[];
  readonly controller?: Partial<Slurmctld>;
  readonly database?: Partial<Slurmdbd>;
  readonly spec?: Partial<ClusterSpec>;
}

/** A Slurm that holds what it was given and lets nothing be changed, unless a part of it is put in its place. */
export function recordedSlurm(parts: RecordedParts): EmulatedSlurm {
  const jobs = parts.jobs ?? [];
  const spec: ClusterSpec = {
    name: 'labcluster',
    release: parts.release,
    controllers: [{ host: 'vm', address: '127.0.0.1' }],
    controllerPort: 17_000,
    databaseHost: '127.0.0.1',
    databasePort: 17_001,
    nodes: [],
    partitions: [],
    tres: ['gres/gpu', 'gres/gpu:a100'],
    settings: {},
    users: [
      { name: 'alice', uid: 1001, group: 'alice', gid: 1001, home: '/home/alice', admin: 'None', accounts: ['physics'] },
      { name: 'bob', uid: 1002, group: 'bob', gid: 1002, home: '/home/bob', admin: 'None', accounts: ['chem'] },
    ],
    accounts: [],
    qos: [],
    ...parts.spec,
  };
  const byId = new Map(jobs.map((job) => [job.jobId, job]));
  const reading: Partial<Slurmctld> = {
    spec,
    config: () => ({ DefMemPerCPU: '1000', GresTypes: 'gpu' }),
    now: () => parts.now,
    jobs: () => [...jobs].sort((a, b) => a.jobId - b.jobId),
    job: (jobId) => byId.get(jobId),
    select: (selector) => {
      const [, id = '', task, offset] = /^(\d+)(?:_(\d+))?(?:\+(\d+))?$/.exec(selector) ?? [];
      const ofId = jobs.filter(({ array, het, jobId }) => [jobId, array?.jobId, het?.jobId].includes(Number(id)));
      return ofId.filter(
        ({ array, het, pendingTasks }) =>
          (task === undefined || array?.taskId === Number(task) || pendingTasks?.includes(Number(task)) === true) &&
          (offset === undefined || het?.offset === Number(offset)),
      );
    },
    nodes: () => [],
    node: (name) => parts.controller?.nodes?.().find(({ spec: { name: one } }) => one === name),
    partitions: () => [],
    reservations: () => [],
    controllers: () => [{ host: 'vm', up: true }],
    ...parts.controller,
  };
  const controller = new Proxy(reading, {
    get: (target, key) => (key === 'then' ? undefined : (Reflect.get(target, key) ?? refuse)),
  }) as Slurmctld;
  const database = new Proxy(parts.database ?? {}, {
    get: (target, key) => (key === 'then' ? undefined : (Reflect.get(target, key) ?? refuse)),
  }) as Slurmdbd;
  return {
    spec,
    controller,
    database,
    time: { now: () => parts.now, rate: 1, setRate: refuse, advance: refuse, set: refuse },
    faults: noFaults,
    setFaults: refuse,
    onChange: refuse,
    injectUsage: refuse,
    keep: refuse,
    close: async () => {},
  };
}

export interface Answered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls a command on it. */
export async function run(
  command: Command,
  slurm: EmulatedSlurm,
  argv: readonly string[],
  more: Partial<Pick<CommandCall, 'as' | 'controller' | 'env' | 'jwtKey' | 'stdin'>> = {},
): Promise<Answered> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  const code = await command({
    slurm,
    argv,
    env: { TZ: 'UTC' },
    cwd: '/',
    as: { uid: 0, gid: 0, user: 'root', group: 'root' },
    stdin: nothing(),
    signal: new AbortController().signal,
    out: (text) => void stdout.push(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')),
    err: (text) => void stderr.push(text),
    controller: async () => slurm.controller,
    database: async () => slurm.database,
    ...more,
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
