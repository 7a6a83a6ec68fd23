import type { Epoch, TresKind } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';
import type { ClusterSpec, NodeSpec, PartitionSpec } from '../model/spec.ts';

/** The cluster that was recorded, in every release the same but for ports and directories. */
export function labSpec(release: string, port: number): ClusterSpec {
  const cpuNodes = ['node01', 'node02', 'node03', 'node04'].map((name, index) => labNode(name, port + 11 + index, []));
  const gpus = [{ name: 'gpu', type: 'a100', count: 4 }];
  const gpuNodes = ['gpu01', 'gpu02'].map((name, index) => labNode(name, port + 15 + index, gpus));
  return {
    name: 'labcluster',
    release,
    controllers: [{ host: 'vm', address: '127.0.0.1' }],
    controllerPort: port,
    databaseHost: '127.0.0.1',
    databasePort: port + 1,
    nodes: [...cpuNodes, ...gpuNodes],
    partitions: [
      labPartition('cpu', ['node01', 'node02', 'node03', 'node04'], { isDefault: true }),
      labPartition('gpu', ['gpu01', 'gpu02'], {}),
      labPartition('shared', ['node01', 'node02', 'node03', 'node04', 'gpu01', 'gpu02'], { oversubscribe: 'YES:4' }),
    ],
    tres: ['gres/gpu', 'gres/gpu:a100'],
    settings: {},
    users: [
      { name: 'alice', uid: 1001, group: 'alice', gid: 1001, home: '/home/alice', admin: 'None', accounts: ['physics', 'chem'] },
      { name: 'bob', uid: 1002, group: 'bob', gid: 1002, home: '/home/bob', admin: 'None', accounts: ['chem'] },
    ],
    accounts: [],
    qos: [],
  };
}

function labNode(name: string, port: number, gres: NodeSpec['gres']): NodeSpec {
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

function labPartition(name: string, nodes: readonly string[], changes: Partial<PartitionSpec>): PartitionSpec {
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

/** Resources that slurmdbd knew; gpumem and gpuutil came with 23.02 and stand before what the cluster adds only in ids. */
export function labTres(release: string): readonly TresKind[] {
  const own = ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages'];
  const added = release < '23' ? ['gres/gpu', 'gres/gpu:a100'] : ['gres/gpu', 'gres/gpu:a100', 'gres/gpumem', 'gres/gpuutil'];
  return [...own.map((name, index) => kind(name, index + 1)), ...added.map((name, index) => kind(name, 1001 + index))];
}

function kind(text: string, id: number): TresKind {
  const [type = text, name = ''] = text.split('/', 2);
  return { id, type, name };
}

/** As much of an emulated cluster as writing JSON asks: the rest is refused. */
export function labSlurm(
  spec: ClusterSpec,
  now: Epoch,
  parts: { readonly controller?: Partial<Slurmctld>; readonly database?: Partial<Slurmdbd> } = {},
): EmulatedSlurm {
  const controller: Partial<Slurmctld> = {
    spec,
    config: () => ({ DefMemPerCPU: '1000' }),
    now: () => now,
    reservations: () => [],
    ...parts.controller,
  };
  const database: Partial<Slurmdbd> = { now: () => now, tres: () => labTres(spec.release), ...parts.database };
  return {
    spec,
    controller: refusing(controller),
    database: refusing(database),
    time: { now: () => now, rate: 1, setRate() {}, advance() {}, set() {} },
    faults: {
      slurmctld: 'up',
      primary: 'up',
      slurmdbd: 'up',
      slurmrestd: 'up',
      slowMs: 0,
      truncateAfter: null,
      emptyShare: 0,
      accountingLagSeconds: 0,
    },
    setFaults() {},
    onChange: () => () => {},
    injectUsage() {},
    close: async () => {},
  };
}

function refusing<T extends object>(part: Partial<T>): T {
  return new Proxy(part, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (member === undefined) throw new Error(`the fixture has no ${String(key)}`);
      return member;
    },
  }) as T;
}
