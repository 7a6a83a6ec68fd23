import { expandHostlist, parseGres, parseNodeState, parseTime, parseTres } from '@sluice/slurm';
import type { EmulatedNode, EmulatedPartition } from '../model/slurmctld.ts';
import { pairsOf, recording } from './recorded-cluster.fixture.ts';

const nodeKeys = [
  ...['NodeName', 'Arch', 'CoresPerSocket', 'CPUAlloc', 'CPUEfctv', 'CPULoad', 'AvailableFeatures', 'ActiveFeatures', 'Gres', 'GresDrain'],
  ...['GresUsed', 'NodeAddr', 'NodeHostName', 'Port', 'Version', 'OS', 'RealMemory', 'AllocMem', 'FreeMem', 'Sockets', 'Boards', 'State'],
  ...[
    'ThreadsPerCore',
    'TmpDisk',
    'Weight',
    'Owner',
    'Partitions',
    'BootTime',
    'SlurmdStartTime',
    'LastBusyTime',
    'ResumeAfterTime',
    'SuspendTime',
  ],
  ...['CfgTRES', 'AllocTRES', 'CapWatts', 'CurrentWatts', 'Reason'],
] as const;

/** Nodes of a recorded `scontrol show node -d -o`. */
export function recordedNodes(release: string, name = 'scontrol-show-node-d-o'): readonly EmulatedNode[] {
  return recording(release, name)
    .split('\n')
    .filter((line) => line !== '')
    .map(recordedNode);
}

function recordedNode(line: string): EmulatedNode {
  const pairs = pairsOf(line, nodeKeys);
  const text = (key: string) => pairs.get(key) ?? '';
  const number = (key: string) => Number(text(key));
  const state = parseNodeState(text('State')) ?? { state: 'UNKNOWN', flags: [] };
  const [, reason = '', by = '', at = ''] = /^(.*) \[([^@]*)@(.*)\]$/.exec(text('Reason')) ?? [];
  const used = (parseGres(text('GresUsed').replace('(IDX:N/A)', '')) ?? []).map(
    ({ indices, name, type }) => [type === null ? name : `${name}:${type}`, indices ?? []] as const,
  );
  return {
    spec: {
      name: text('NodeName'),
      hostname: text('NodeHostName'),
      address: text('NodeAddr'),
      port: number('Port'),
      sockets: number('Sockets'),
      coresPerSocket: number('CoresPerSocket'),
      threadsPerCore: number('ThreadsPerCore'),
      memoryMiB: number('RealMemory'),
      features: [],
      gres: (parseGres(text('Gres')) ?? []).map(({ count, name, type }) => ({ name, type, count })),
      weight: number('Weight'),
    },
    state: state.state,
    flags: state.flags,
    reason,
    reasonBy: by,
    reasonAt: parseTime(at) ?? null,
    cpusAllocated: number('CPUAlloc'),
    memoryAllocatedMiB: number('AllocMem'),
    gresUsed: Object.fromEntries(used),
    comment: '',
    extra: '',
    bootAt: parseTime(text('BootTime')) ?? 0,
    slurmdStartAt: parseTime(text('SlurmdStartTime')) ?? 0,
    lastBusy: parseTime(text('LastBusyTime')) ?? 0,
    weight: number('Weight'),
    features: [],
  };
}

/** Partitions of a recorded `scontrol show partition -o`. */
export function recordedPartitions(release: string): readonly EmulatedPartition[] {
  return recording(release, 'scontrol-show-partition-o')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const text = (key: string) => new RegExp(`(?:^| )${key}=(\\S*)`).exec(line)?.[1] ?? '';
      return {
        name: text('PartitionName'),
        nodes: expandHostlist(text('Nodes')) ?? [],
        isDefault: text('Default') === 'YES',
        state: 'UP',
        maxTime: null,
        defaultTime: null,
        maxNodes: null,
        minNodes: 0,
        allowAccounts: null,
        allowQos: null,
        qos: null,
        oversubscribe: text('OverSubscribe'),
        priorityJobFactor: Number(text('PriorityJobFactor')),
        priorityTier: Number(text('PriorityTier')),
        defMemPerCpuMiB: null,
        billingWeights: null,
        totalCpus: Number(text('TotalCPUs')),
        tres: parseTres(text('TRES')) ?? {},
      };
    });
}
