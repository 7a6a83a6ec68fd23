import type { Identity, JobRequest } from '../../model/job.ts';
import type { ClusterSpec, NodeSpec, PartitionSpec } from '../../model/spec.ts';

const names = ['node01', 'node02', 'node03', 'node04', 'gpu01', 'gpu02'];

/** The cluster of the recordings: six nodes, two of them with GPUs, two users. Its ports count up from the first. */
export function labCluster(settings: Readonly<Record<string, string>> = {}, release = '24.11.7', port = 18_300): ClusterSpec {
  return {
    name: 'labcluster',
    release,
    controllers: [{ host: 'vm', address: '127.0.0.1' }],
    controllerPort: port,
    databaseHost: '127.0.0.1',
    databasePort: port + 1,
    nodes: names.map((name, at) => labNode(name, port + 11 + at)),
    partitions: [
      labPartition('cpu', names.slice(0, 4), { isDefault: true }),
      labPartition('gpu', names.slice(4)),
      labPartition('shared', names, { oversubscribe: 'YES:4' }),
    ],
    tres: ['gres/gpu', 'gres/gpu:a100'],
    settings: {
      SchedulerParameters: 'bf_interval=5,bf_continue,sched_min_interval=100000',
      PriorityType: 'priority/multifactor',
      PriorityWeightAge: '1000',
      PriorityWeightFairshare: '10000',
      PriorityWeightJobSize: '1000',
      PriorityWeightPartition: '1000',
      PriorityWeightQOS: '2000',
      AccountingStoreFlags: 'job_script,job_env,job_comment',
      MinJobAge: '300',
      MaxArraySize: '20001',
      KillWait: '3',
      DefMemPerCPU: '1000',
      AccountingStorageEnforce: 'associations,limits,qos',
      ...settings,
    },
    users: [
      { name: 'alice', uid: 1001, group: 'alice', gid: 1001, home: '/home/alice', admin: 'None', accounts: ['physics', 'chem'] },
      { name: 'bob', uid: 1002, group: 'bob', gid: 1002, home: '/home/bob', admin: 'None', accounts: ['chem'] },
    ],
    accounts: [
      { name: 'physics', description: 'physics', organization: 'physics', parent: 'root', fairshare: 10 },
      { name: 'chem', description: 'chem', organization: 'chem', parent: 'root', fairshare: 10 },
    ],
    qos: [
      { name: 'normal', priority: 0 },
      { name: 'high', priority: 100 },
    ],
  };
}

function labNode(name: string, port: number): NodeSpec {
  const gres = name.startsWith('gpu') ? [{ name: 'gpu', type: 'a100', count: 4 }] : [];
  return {
    name,
    hostname: name,
    address: '127.0.0.1',
    port,
    sockets: 2,
    coresPerSocket: 4,
    threadsPerCore: 2,
    memoryMiB: 64_000,
    features: [],
    gres,
    weight: 1,
  };
}

function labPartition(name: string, nodes: readonly string[], changes: Partial<PartitionSpec> = {}): PartitionSpec {
  return {
    name,
    nodes,
    isDefault: false,
    state: 'UP',
    maxTime: null,
    defaultTime: null,
    maxNodes: null,
    minNodes: 0,
    allowAccounts: null,
    allowQos: null,
    qos: null,
    oversubscribe: 'NO',
    priorityJobFactor: 1,
    priorityTier: 1,
    defMemPerCpuMiB: null,
    billingWeights: null,
    ...changes,
  };
}

export const root: Identity = { uid: 0, gid: 0, user: 'root', group: 'root' };
export const alice: Identity = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };
export const bob: Identity = { uid: 1002, gid: 1002, user: 'bob', group: 'bob' };

/** A request as `sbatch --wrap` makes it. */
export function wrapped(text: string, more: Partial<JobRequest> = {}): JobRequest {
  return {
    workDir: '/tmp/lab/work',
    script: `#!/bin/sh\n# This script was created by sbatch --wrap.\n\n${text}\n`,
    command: '',
    environment: { HOME: '/home/alice' },
    submitLine: `sbatch --wrap ${text}`,
    submitHost: 'vm',
    ...more,
  };
}
