import { noLimits } from '../accounting/books.ts';
import type { ControllerStatistics, EmulatedNode, EmulatedPartition, Reservation } from '../model/slurmctld.ts';
import type { EmulatedAccount, EmulatedAssociation, EmulatedQos, EmulatedUser, ShareFigures } from '../model/slurmdbd.ts';
import type { ClusterSpec } from '../model/spec.ts';

/** Two nodes of the recorded cluster: one with GPUs in use, one full. `at` are moments of the recording. */
export function labNodes(
  spec: ClusterSpec,
  at: { readonly boot: number; readonly start: number; readonly busy: (node: string) => number },
): readonly EmulatedNode[] {
  const held: Readonly<Record<string, readonly [state: string, cpus: number, memory: number, gpus: readonly number[]]>> =
    spec.release < '23'
      ? { gpu01: ['MIXED', 6, 6000, [0, 1, 2]], node01: ['ALLOCATED', 16, 64_000, []] }
      : { gpu01: ['MIXED', 8, 8048, [0, 1, 2, 3]], node01: ['ALLOCATED', 16, 64_000, []] };
  return spec.nodes.flatMap((node) => {
    const [state, cpus, memory, gpus] = held[node.name] ?? [];
    if (state === undefined) return [];
    return [
      {
        spec: node,
        state,
        flags: [],
        reason: '',
        reasonBy: '',
        reasonAt: null,
        cpusAllocated: cpus ?? 0,
        memoryAllocatedMiB: memory ?? 0,
        gresUsed: node.gres.length === 0 ? {} : { 'gpu:a100': gpus ?? [] },
        comment: '',
        extra: '',
        bootAt: at.boot,
        slurmdStartAt: at.start,
        lastBusy: at.busy(node.name),
        weight: 1,
        features: [],
      },
    ];
  });
}

export function labPartitions(spec: ClusterSpec): readonly EmulatedPartition[] {
  const gpus = { 'gres/gpu': 8, 'gres/gpu:a100': 8 };
  return spec.partitions.map((partition) => {
    const cpus = partition.nodes.length * 16;
    const tres = { cpu: cpus, mem: partition.nodes.length * 64_000, node: partition.nodes.length, billing: cpus };
    return { ...partition, totalCpus: cpus, tres: partition.name === 'cpu' ? tres : { ...tres, ...gpus } };
  });
}

export function labReservation(start: number): Reservation {
  return {
    name: 'maint',
    start,
    end: start + 3600,
    nodes: ['gpu02'],
    users: ['root'],
    accounts: [],
    partition: null,
    flags: ['MAINT', 'IGNORE_JOBS', 'SPEC_NODES'],
  };
}

/** The tree of the recorded cluster: root with chem and physics, alice in both, bob in chem. */
export function labAssociations(): readonly EmulatedAssociation[] {
  const both = ['high', 'normal'];
  return [
    association(1, 'root', '', { lineage: '/', fairshare: 1 }),
    association(2, 'root', 'root', { lineage: '/0-root/', fairshare: 1, isDefault: true }),
    association(4, 'chem', '', { lineage: '/chem/', fairshare: 10, parent: 'root' }),
    association(5, 'chem', 'alice', { lineage: '/chem/0-alice/', qos: both }),
    association(7, 'chem', 'bob', { lineage: '/chem/0-bob/', isDefault: true }),
    association(3, 'physics', '', { lineage: '/physics/', fairshare: 10, parent: 'root' }),
    association(6, 'physics', 'alice', { lineage: '/physics/0-alice/', isDefault: true, qos: both }),
  ];
}

function association(id: number, account: string, user: string, changes: Partial<EmulatedAssociation>): EmulatedAssociation {
  const own = {
    ...noLimits,
    id,
    parentId: 0,
    account,
    user,
    partition: '',
    fairshare: changes.fairshare ?? 1,
    qos: [],
    defaultQos: '',
    isDefault: changes.isDefault ?? false,
    comment: '',
    priority: null,
  };
  return {
    ...noLimits,
    own,
    id,
    parentId: 0,
    cluster: 'labcluster',
    account,
    user,
    partition: '',
    parent: '',
    fairshare: 1,
    qos: ['normal'],
    defaultQos: '',
    ownQos: [],
    lineage: '',
    isDefault: false,
    comment: '',
    priority: null,
    ...changes,
  };
}

export const labAccounts: readonly EmulatedAccount[] = [
  { name: 'chem', description: 'chem', organization: 'lab' },
  { name: 'physics', description: 'physics', organization: 'lab' },
  { name: 'root', description: 'default root account', organization: 'root' },
];

export const labUsers: readonly EmulatedUser[] = [
  { name: 'alice', defaultAccount: 'physics', adminLevel: 'None', defaultWckey: '', coordinates: [] },
  { name: 'bob', defaultAccount: 'chem', adminLevel: 'None', defaultWckey: '', coordinates: [] },
  { name: 'root', defaultAccount: 'root', adminLevel: 'Administrator', defaultWckey: '', coordinates: [] },
];

export const labQos: readonly EmulatedQos[] = [qos(1, 'normal', 'Normal QOS default', 0), qos(2, 'high', 'high', 100)];

function qos(id: number, name: string, description: string, priority: number): EmulatedQos {
  return {
    ...noLimits,
    id,
    name,
    description,
    priority,
    flags: [],
    preempt: [],
    usageFactor: 1,
    maxTresPerUser: {},
    maxTresPerAccount: {},
    maxJobsPerUser: null,
    maxSubmitJobsPerUser: null,
    usageThreshold: null,
    graceTime: 0,
    minTresPerJob: {},
    maxJobsPerAccount: null,
    maxSubmitJobsPerAccount: null,
    preemptMode: 'cluster',
  };
}

/** Rows of sshare for root, a user who has used nothing, and an account. */
export function labShares(used: (id: number) => Pick<ShareFigures, 'rawUsage' | 'runMins' | 'usedMins'>): readonly ShareFigures[] {
  const [root, rootUser, chem] = labAssociations();
  if (root === undefined || rootUser === undefined || chem === undefined) throw new Error('the tree is too small');
  const none = { rawUsage: 0, normUsage: 0, effectiveUsage: 0, fairshare: 1, levelFs: Number.POSITIVE_INFINITY, usedMins: {}, runMins: {} };
  return [
    { ...none, ...used(1), association: root, normShares: null, effectiveUsage: 1, fairshare: null, levelFs: null },
    { ...none, association: rootUser, normShares: 0.047619047619047616, runMins: { cpu: 120, mem: 120_000, node: 60, billing: 120 } },
    { ...none, ...used(chem.id), association: chem, normShares: 0.47619047619047616 },
  ];
}

export function labStatistics(startedAt: number): ControllerStatistics {
  return {
    startedAt,
    submitted: 54,
    started: 30,
    completed: 9,
    cancelled: 4,
    failed: 0,
    pending: 24,
    running: 17,
    dbdAgentQueue: 0,
    scheduleCycles: 14,
    backfillCycles: 3,
    backfilled: 9,
  };
}
