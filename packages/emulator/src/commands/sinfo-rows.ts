import { foldHostlist, sortHosts } from '@sluice/slurm';
import type { EmulatedNode, EmulatedPartition } from '../model/slurmctld.ts';
import { byBytes } from './amounts.ts';

/** One line of sinfo: nodes of a partition that are alike in what is shown. */
export interface SinfoRow {
  readonly partition: EmulatedPartition;
  /** Place of the partition in slurm.conf. */
  readonly place: number;
  /** Not one for a partition that has none. */
  readonly nodes: readonly EmulatedNode[];
}

export interface Grouping {
  /** A line per node and partition (`--Node`). */
  readonly isPerNode: boolean;
  /** Every partition has a line, with nodes or without. */
  readonly isByPartition: boolean;
  /** What must be equal of partitions, and of nodes, to stand in one line. */
  readonly partitionKey: (partition: EmulatedPartition) => string;
  readonly nodeKey: (node: EmulatedNode) => string;
}

export function sinfoRows(
  partitions: readonly EmulatedPartition[],
  nodes: readonly EmulatedNode[],
  grouping: Grouping,
): readonly SinfoRow[] {
  const byName = new Map(nodes.map((node) => [node.spec.name, node]));
  const rows: SinfoRow[] = [];
  const groups = new Map<string, { row: SinfoRow; readonly nodes: EmulatedNode[]; readonly seen: Set<string> }>();
  const empty: SinfoRow[] = [];
  for (const [place, partition] of partitions.entries()) {
    const there = partition.nodes.flatMap((name) => byName.get(name) ?? []);
    if (there.length === 0 && grouping.isByPartition && !grouping.isPerNode) empty.push({ partition, place, nodes: [] });
    for (const node of there) {
      if (grouping.isPerNode) {
        rows.push({ partition, place, nodes: [node] });
        continue;
      }
      const key = `${grouping.partitionKey(partition)}\u0000${grouping.nodeKey(node)}`;
      const group = groups.get(key);
      if (group === undefined) {
        const members = [node];
        groups.set(key, { row: { partition, place, nodes: members }, nodes: members, seen: new Set([node.spec.name]) });
      } else if (!group.seen.has(node.spec.name)) {
        group.seen.add(node.spec.name);
        group.nodes.push(node);
      }
    }
  }
  return [...empty, ...[...groups.values()].map(({ row }) => row), ...rows];
}

export function nodeListText({ nodes }: Pick<SinfoRow, 'nodes'>): string {
  return foldHostlist(sortHosts(nodes.map(({ spec }) => spec.name)));
}

const bases: readonly string[] = ['UNKNOWN', 'DOWN', 'IDLE', 'ALLOCATED', 'ERROR', 'MIXED', 'FUTURE'];
/** Flags in the order of their bits, from 0x20 on. */
const flagBits: readonly string[] = [
  ...[
    'RESERVED',
    'UNDRAIN',
    'CLOUD',
    'RESUME',
    'DRAIN',
    'COMPLETING',
    'NOT_RESPONDING',
    'POWERED_DOWN',
    'FAIL',
    'POWERING_UP',
    'MAINTENANCE',
  ],
  ...['REBOOT_REQUESTED', 'REBOOT_CANCEL', 'POWERING_DOWN', 'DYNAMIC_FUTURE', 'REBOOT_ISSUED', 'PLANNED', 'INVALID_REG', 'POWER_DOWN'],
];

/** The number that Slurm has for a node's state. */
function stateNumber({ flags, state }: EmulatedNode): number {
  return flags.reduce((sum, flag) => sum + (flagBits.includes(flag) ? 2 ** (5 + flagBits.indexOf(flag)) : 0), bases.indexOf(state));
}

type Key = (row: SinfoRow) => number | string;

const sum = (row: SinfoRow, of: (node: EmulatedNode) => number) => row.nodes.reduce((total, node) => total + of(node), 0);

const keys: Readonly<Record<string, Key>> = {
  a: ({ partition }) => partition.state,
  A: (row) => sum(row, ({ cpusAllocated }) => (cpusAllocated > 0 ? 1 : 0)),
  c: ({ nodes }) => nodes[0]?.spec.sockets ?? 0,
  D: ({ nodes }) => nodes.length,
  E: ({ nodes }) => nodes[0]?.reason ?? '',
  f: ({ nodes }) => `${nodes[0]?.features ?? ''}`,
  h: ({ partition }) => partition.oversubscribe,
  H: ({ nodes }) => nodes[0]?.reasonAt ?? 0,
  l: ({ partition }) => partition.maxTime ?? Number.MAX_SAFE_INTEGER,
  m: ({ nodes }) => nodes[0]?.spec.memoryMiB ?? 0,
  n: nodeListText,
  N: nodeListText,
  p: ({ partition }) => partition.priorityTier,
  P: ({ partition }) => partition.name,
  R: ({ partition }) => partition.name,
  s: ({ partition }) => partition.maxNodes ?? Number.MAX_SAFE_INTEGER,
  S: ({ partition }) => partition.priorityJobFactor,
  t: ({ nodes }) => (nodes[0] === undefined ? 0 : stateNumber(nodes[0])),
  T: ({ nodes }) => (nodes[0] === undefined ? 0 : stateNumber(nodes[0])),
  u: ({ nodes }) => nodes[0]?.reasonBy ?? '',
  U: ({ nodes }) => nodes[0]?.reasonBy ?? '',
  w: ({ nodes }) => nodes[0]?.weight ?? 0,
};

/** In the order of `--sort`, from its last letter to the first; `#P` is the order of slurm.conf. */
export function sortSinfo(rows: readonly SinfoRow[], sort: string): readonly SinfoRow[] {
  let sorted = rows;
  for (let at = sort.length - 1; at >= 0; at -= 1) {
    const letter = sort.charAt(at);
    const sign = sort[at - 1];
    const key = sign === '#' && letter === 'P' ? ({ place }: SinfoRow) => place : keys[letter];
    if (key === undefined) continue;
    const order = sign === '-' ? -1 : 1;
    sorted = sorted
      .map((row) => ({ row, key: key(row) }))
      .sort((a, b) => order * (typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : byBytes(`${a.key}`, `${b.key}`)))
      .map(({ row }) => row);
  }
  return sorted;
}
