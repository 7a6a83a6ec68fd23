/** A site of the size that issues speak of: its nodes, its users, and the jobs that they submit. */
import type { ClusterSpec, Identity, JobRequest } from '@sluice/emulator';

/** mulberry32: the same numbers for the same seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const users = Array.from({ length: 200 }, (_, at) => ({ name: `user${at}`, account: `project${at % 40}` }));

/** A cluster of nodes of 64 CPUs, a fifth of them with four GPUs each. */
export function siteCluster(nodeCount: number): ClusterSpec {
  const names = Array.from({ length: nodeCount }, (_, at) => `n${`${at + 1}`.padStart(4, '0')}`);
  const gpuNodes = names.slice(-Math.floor(nodeCount / 5));
  const isGpu = new Set(gpuNodes);
  const partition = (name: string, nodes: readonly string[], isDefault: boolean) => ({
    name,
    nodes,
    isDefault,
    state: 'UP' as const,
    maxTime: 2880,
    defaultTime: 60,
    maxNodes: null,
    minNodes: 1,
    allowAccounts: null,
    allowQos: null,
    qos: null,
    oversubscribe: 'NO',
    priorityJobFactor: 1,
    priorityTier: 1,
    defMemPerCpuMiB: null,
    billingWeights: null,
  });
  return {
    name: 'month',
    release: '24.11.5',
    controllers: [{ host: 'ctl', address: '127.0.0.1' }],
    controllerPort: 6817,
    databaseHost: '127.0.0.1',
    databasePort: 6819,
    nodes: names.map((name, at) => ({
      name,
      hostname: name,
      address: '127.0.0.1',
      port: 20_000 + at,
      sockets: 2,
      coresPerSocket: 32,
      threadsPerCore: 1,
      memoryMiB: 256_000,
      features: [],
      gres: isGpu.has(name) ? [{ name: 'gpu', type: 'a100', count: 4 }] : [],
      weight: 1,
    })),
    partitions: [partition('cpu', names.slice(0, nodeCount - gpuNodes.length), true), partition('gpu', gpuNodes, false)],
    tres: ['gres/gpu', 'gres/gpu:a100'],
    settings: {
      AccountingStorageEnforce: 'associations,limits,qos',
      DefMemPerCPU: '2000',
      MaxJobCount: '200000',
      PriorityWeightAge: '1000',
      PriorityWeightFairshare: '10000',
      PriorityWeightJobSize: '1000',
      PriorityWeightPartition: '1000',
      PriorityWeightQOS: '2000',
    },
    users: users.map(({ name, account }, at) => ({
      name,
      uid: 2000 + at,
      group: name,
      gid: 2000 + at,
      home: `/home/${name}`,
      admin: 'None' as const,
      accounts: [account],
    })),
    accounts: [...new Set(users.map(({ account }) => account))].map((name) => ({
      name,
      description: name,
      organization: name,
      parent: 'root',
      fairshare: 1,
    })),
    qos: [{ name: 'normal', priority: 0 }],
  };
}

/** Jobs as a site has them: most small and short, some on many nodes, some with GPUs; about four fifths of the cluster in all. */
export function siteRequest(random: () => number): { readonly as: Identity; readonly request: JobRequest } {
  const who = Math.floor(random() ** 2 * users.length);
  const user = users[who] ?? { name: 'user0', account: 'project0' };
  const kind = random();
  const limit = [30, 60, 240, 720, 1440, 2880][Math.floor(random() * 6)] ?? 60;
  const seconds = Math.max(10, Math.floor(limit * 60 * random() * random()));
  const exit = random() < 0.05 ? { code: 1, signal: 0 } : { code: 0, signal: 0 };
  const size: Partial<JobRequest> =
    kind < 0.25
      ? { partitions: ['gpu'], tasks: 1, cpusPerTask: 8, gresPerNode: `gpu:a100:${1 + Math.floor(random() * 4)}` }
      : kind < 0.35
        ? { minNodes: 2 ** (1 + Math.floor(random() * 5)), sharing: 'exclusive' }
        : kind < 0.7
          ? { tasks: 1, cpusPerTask: [1, 2, 4, 8][Math.floor(random() * 4)] ?? 1 }
          : { tasks: [16, 32, 64, 128][Math.floor(random() * 4)] ?? 16 };
  const nodes = size.minNodes === undefined ? {} : { maxNodes: size.minNodes, tasks: size.minNodes };
  return {
    as: { uid: 2000 + who, gid: 2000 + who, user: user.name, group: user.name },
    request: {
      ...size,
      ...nodes,
      name: 'job',
      timeLimit: limit,
      workDir: `/home/${user.name}`,
      script: '#!/bin/sh\n',
      command: 'job.sh',
      environment: {},
      submitLine: 'sbatch job.sh',
      submitHost: 'login',
      play: { kind: 'simulated', seconds, exit },
    },
  };
}
