import type { EmulatedNode, EmulatedPartition } from '../model/slurmctld.ts';
import { cpuTotal, freeMemoryMiB, gresText, gresUsedText, loadText, partitionSharing } from './node-facts.ts';
import type { Scene } from './scene.ts';
import { nodeListText, type SinfoRow } from './sinfo-rows.ts';
import { compactNodeState, completeNodeState, nodeStateWord } from './state-words.ts';
import { shortSpanText } from './time-text.ts';

export interface SinfoScene extends Scene {
  readonly fullRelease: string;
  readonly hasClusters: boolean;
}

export interface SinfoColumn {
  /** Of `--Format`; null: none. */
  readonly name: string | null;
  readonly letter: string | null;
  readonly header: string;
  readonly since: number;
  readonly text: (row: SinfoRow, scene: SinfoScene) => string | null;
  /** What must be equal of nodes or of partitions for one line to speak for all of them. */
  readonly nodeKey: ((node: EmulatedNode) => string) | null;
  readonly partitionKey: ((partition: EmulatedPartition) => string) | null;
}

type Text = SinfoColumn['text'];

function column(
  names: string,
  header: string,
  text: Text,
  keys: Partial<Pick<SinfoColumn, 'nodeKey' | 'partitionKey' | 'since'>> = {},
): SinfoColumn {
  const [name = null, letter = null] = names.split(' ');
  return { name, letter, header, text, since: 0, nodeKey: null, partitionKey: null, ...keys };
}

/** Smallest and largest: `16`, `8+`, with `isRange` `1-4`. */
function span(least: number, most: number, isRange = false): string {
  if (least === most) return `${least}`;
  return isRange ? `${least}-${most === Number.POSITIVE_INFINITY ? 'infinite' : most}` : `${least}+`;
}

function ofNodes(of: (node: EmulatedNode) => number): Text {
  return ({ nodes }) => {
    const values = nodes.map(of);
    return values.length === 0 ? '0' : span(Math.min(...values), Math.max(...values));
  };
}

function counts(row: SinfoRow, of: (node: EmulatedNode) => number): { allocated: number; idle: number; other: number; total: number } {
  const sums = { allocated: 0, idle: 0, other: 0, total: 0 };
  for (const node of row.nodes) {
    const amount = of(node);
    const isAway = node.state === 'DOWN' || (node.flags.includes('DRAIN') && node.cpusAllocated === 0);
    sums.total += amount;
    if (isAway) sums.other += amount;
    else if (node.cpusAllocated > 0) sums.allocated += amount;
    else sums.idle += amount;
  }
  return sums;
}

const cpuStates: Text = ({ nodes }) => {
  const sums = { allocated: 0, idle: 0, other: 0, total: 0 };
  for (const node of nodes) {
    const total = cpuTotal(node);
    const isAway = node.state === 'DOWN' || node.flags.includes('DRAIN') || node.flags.includes('FAIL');
    sums.allocated += node.cpusAllocated;
    sums[isAway ? 'other' : 'idle'] += total - node.cpusAllocated;
    sums.total += total;
  }
  return `${sums.allocated}/${sums.idle}/${sums.other}/${sums.total}`;
};

const first =
  <T>(of: (node: EmulatedNode) => T, none: T) =>
  ({ nodes }: SinfoRow): T =>
    nodes[0] === undefined ? none : of(nodes[0]);

const lower = (word: (node: EmulatedNode) => string) => first((node) => word(node).toLowerCase(), 'n/a');

const words = (list: readonly string[]) => (list.length === 0 ? null : list.join(','));

const timeLimit = (minutes: number | null, none: string) => (minutes === null ? none : shortSpanText(minutes * 60));

const jobSize: Text = ({ partition }) => span(Math.max(1, partition.minNodes), partition.maxNodes ?? Number.POSITIVE_INFINITY, true);

const inReservation: Text = () => '';

const stateWord = { nodeKey: nodeStateWord };
const byReason = { nodeKey: ({ reason }: EmulatedNode) => reason };
const byPartition = { partitionKey: ({ name }: EmulatedPartition) => name };
const reasonUser = first(({ reason, reasonBy }) => (reason === '' ? 'Unknown' : reasonBy), 'Unknown');

/** Columns by name and letter (sinfo(1)), compared with the answers of 22.05 to 26.05. */
export const sinfoColumns: readonly SinfoColumn[] = [
  column('AllocMem', 'ALLOCMEM', ({ nodes }) => `${nodes.reduce((sum, node) => sum + node.memoryAllocatedMiB, 0)}`, {
    nodeKey: ({ memoryAllocatedMiB }) => `${memoryAllocatedMiB}`,
  }),
  column('AllocNodes S', 'ALLOCNODES', () => 'all'),
  column('Available a', 'AVAIL', ({ partition }) => availability(partition), { partitionKey: availability }),
  column('Cluster V', 'CLUSTER', (_, { cluster, hasClusters }) => (hasClusters ? cluster : 'N/A')),
  column(
    'Comment',
    'COMMENT',
    first(({ comment }) => comment || null, null),
    { nodeKey: ({ comment }) => comment },
  ),
  column(
    'Cores Y',
    'CORES',
    ofNodes(({ spec }) => spec.coresPerSocket),
  ),
  column('CPUs c', 'CPUS', ofNodes(cpuTotal)),
  column('CPUsLoad O', 'CPU_LOAD', first(loadText, 'N/A')),
  column('CPUsState C', 'CPUS(A/I/O/T)', cpuStates),
  column('DefaultTime L', 'DEFAULTTIME', ({ partition }) => timeLimit(partition.defaultTime, 'n/a'), {
    partitionKey: ({ defaultTime }) => `${defaultTime}`,
  }),
  column('Disk d', 'TMP_DISK', () => '0'),
  column(
    'Extra',
    'EXTRA',
    first(({ extra }) => extra || null, null),
    { nodeKey: ({ extra }) => extra },
  ),
  column(
    'Features f',
    'AVAIL_FEATURES',
    first(({ features }) => words(features), null),
    { nodeKey: ({ features }) => features.join(',') },
  ),
  column(
    'features_act b',
    'ACTIVE_FEATURES',
    first(({ features }) => words(features), null),
    { nodeKey: ({ features }) => features.join(',') },
  ),
  column('FreeMem e', 'FREE_MEM', ofNodes(freeMemoryMiB)),
  column('Gres G', 'GRES', first(gresText, null), { nodeKey: (node) => gresText(node) ?? '' }),
  column('GresUsed', 'GRES_USED', ({ nodes }, scene) => (nodes[0] === undefined ? null : gresUsedText(nodes[0], scene)), {
    nodeKey: ({ gresUsed }) => JSON.stringify(gresUsed),
  }),
  column('Groups g', 'GROUPS', () => 'all'),
  column('MaxCPUsPerNode B', 'MAX_CPUS_PER_NODE', () => 'UNLIMITED'),
  column(
    'Memory m',
    'MEMORY',
    ofNodes(({ spec }) => spec.memoryMiB),
  ),
  column(
    'NodeAddr o',
    'NODE_ADDR',
    first(({ spec }) => spec.address, ''),
    { nodeKey: ({ spec }) => spec.address },
  ),
  column('NodeAI A', 'NODES(A/I)', (row) => {
    const { allocated, idle } = counts(row, () => 1);
    return `${allocated}/${idle}`;
  }),
  column('NodeAIOT F', 'NODES(A/I/O/T)', (row) => {
    const { allocated, idle, other, total } = counts(row, () => 1);
    return `${allocated}/${idle}/${other}/${total}`;
  }),
  column(
    'NodeHost n',
    'HOSTNAMES',
    first(({ spec }) => spec.hostname, ''),
    { nodeKey: ({ spec }) => spec.hostname },
  ),
  column('NodeList N', 'NODELIST', nodeListText),
  column('Nodes D', 'NODES', ({ nodes }) => `${nodes.length}`),
  column('OverSubscribe h', 'OVERSUBSCRIBE', ({ partition }) => partitionSharing(partition.oversubscribe), {
    partitionKey: ({ oversubscribe }) => oversubscribe,
  }),
  column('Partition P', 'PARTITION', ({ partition }) => partition.name + (partition.isDefault ? '*' : ''), byPartition),
  column('PartitionName R', 'PARTITION', ({ partition }) => partition.name, byPartition),
  column(
    'Port',
    'PORT',
    ofNodes(({ spec }) => spec.port),
    { nodeKey: ({ spec }) => `${spec.port}` },
  ),
  column('PreemptMode M', 'PREEMPT_MODE', (_, { setting }) => setting('PreemptMode') ?? 'OFF'),
  column('PriorityJobFactor I', 'PRIO_JOB_FACTOR', ({ partition }) => `${partition.priorityJobFactor}`, {
    partitionKey: ({ priorityJobFactor }) => `${priorityJobFactor}`,
  }),
  column('PriorityTier p', 'PRIO_TIER', ({ partition }) => `${partition.priorityTier}`, {
    partitionKey: ({ priorityTier }) => `${priorityTier}`,
  }),
  column(
    'Reason E',
    'REASON',
    first(({ reason }) => reason || 'none', 'none'),
    byReason,
  ),
  column('Reservation i', 'RESERVATION', inReservation, { since: 2302 }),
  column('Root r', 'ROOT', () => 'no'),
  column('Size s', 'JOB_SIZE', jobSize, { partitionKey: ({ maxNodes, minNodes }) => `${minNodes} ${maxNodes}` }),
  column(
    'Sockets X',
    'SOCKETS',
    ofNodes(({ spec }) => spec.sockets),
  ),
  column('SocketCoreThread z', 'S:C:T', (row, scene) => {
    const parts: ((node: EmulatedNode) => number)[] = [
      (node) => node.spec.sockets,
      (node) => node.spec.coresPerSocket,
      (node) => node.spec.threadsPerCore,
    ];
    return parts.map((of) => ofNodes(of)(row, scene)).join(':');
  }),
  column('StateCompact t', 'STATE', lower(compactNodeState), stateWord),
  column('StateComplete', 'STATECOMPLETE', lower(completeNodeState), { nodeKey: completeNodeState }),
  column('StateLong T', 'STATE', lower(nodeStateWord), stateWord),
  column(
    'Threads Z',
    'THREADS',
    ofNodes(({ spec }) => spec.threadsPerCore),
  ),
  column('Time l', 'TIMELIMIT', ({ partition }) => timeLimit(partition.maxTime, 'infinite'), {
    partitionKey: ({ maxTime }) => `${maxTime}`,
  }),
  column(
    'TimeStamp H',
    'TIMESTAMP',
    (row, { times }) => first(({ reason, reasonAt }) => (reason === '' ? 'Unknown' : times.time(reasonAt)), 'Unknown')(row),
    {
      nodeKey: ({ reasonAt }) => `${reasonAt}`,
    },
  ),
  column('User u', 'USER', reasonUser, { nodeKey: ({ reasonBy }) => reasonBy }),
  column('UserLong U', 'USER', reasonUser, { nodeKey: ({ reasonBy }) => reasonBy }),
  column('Version v', 'VERSION', (_, { fullRelease }) => fullRelease),
  column(
    'Weight w',
    'WEIGHT',
    ofNodes(({ weight }) => weight),
  ),
];

function availability({ state }: EmulatedPartition): string {
  return { UP: 'up', DOWN: 'down', DRAIN: 'drain', INACTIVE: 'inact' }[state];
}
