import { sortHosts } from '@sluice/slurm';
import type { EmulatedNode, EmulatedPartition } from '../model/slurmctld.ts';
import type { JsonContext } from './context.ts';
import { cpuLoad, freeMemory, gresText, gresUsedText } from './node.ts';
import { writePartition } from './partition.ts';
import type { Value } from './value.ts';
import { type Fields, maybeNumber } from './value.ts';

/** A row of sinfo: nodes of one partition that are alike. */
export interface SinfoGroup {
  readonly partition: EmulatedPartition;
  readonly nodes: readonly EmulatedNode[];
}

/** Nodes of each partition, those together that sinfo would print in one row; a partition with none of them has an empty row. */
export function sinfoGroups(
  partitions: readonly EmulatedPartition[],
  nodes: readonly EmulatedNode[],
  context: JsonContext,
): readonly SinfoGroup[] {
  return partitions.flatMap((partition) => {
    const alike = new Map<string, EmulatedNode[]>();
    for (const node of nodes.filter(({ spec }) => partition.nodes.includes(spec.name))) {
      const { spec, state, flags, reason, cpusAllocated, comment, extra, weight, features } = node;
      const shape = [spec.sockets, spec.coresPerSocket, spec.threadsPerCore, spec.memoryMiB, gresText(spec), gresUsedText(node, context)];
      const key = JSON.stringify([state, flags, reason, cpusAllocated, comment, extra, weight, features, shape]);
      alike.set(key, [...(alike.get(key) ?? []), node]);
    }
    const groups = [...alike.values()].map((members) => ({ partition, nodes: members }));
    return groups.length > 0 ? groups : [{ partition, nodes: [] }];
  });
}

/** One row in the dialects since v0.0.39 (22.05 prints nodes instead). */
export function writeSinfoRow({ partition, nodes }: SinfoGroup, context: JsonContext): Fields {
  const [node] = nodes;
  const count = nodes.length;
  const total = sum(nodes, cpusOf);
  const allocated = sum(nodes, ({ cpusAllocated }) => cpusAllocated);
  const group = node === undefined ? 'idle' : groupOf(node);
  const lost = group === 'other';
  // What is free of a node that drains is nobody's.
  const free = lost || node?.flags.includes('DRAIN') ? 'other' : 'idle';
  const reason = { description: node?.reason ?? '', time: node?.reasonAt ?? 0 };
  return {
    port: node?.spec.port ?? 0,
    node: { state: node === undefined ? ['UNKNOWN'] : [node.state, ...node.flags] },
    nodes: {
      allocated: group === 'allocated' ? count : 0,
      idle: group === 'idle' ? count : 0,
      other: lost ? count : 0,
      total: count,
      hostnames: [],
      addresses: [],
      nodes: sortHosts(nodes.map(({ spec }) => spec.name)),
    },
    cpus: {
      allocated,
      idle: free === 'idle' ? total - allocated : 0,
      other: free === 'other' ? total - allocated : 0,
      total,
      ...span(nodes, cpusOf),
      load: span(nodes, cpuLoad),
      per_node: { max: maybeNumber(node === undefined ? 0 : 'unlimited') },
    },
    sockets: span(nodes, ({ spec }) => spec.sockets),
    cores: span(nodes, ({ spec }) => spec.coresPerSocket),
    threads: span(nodes, ({ spec }) => spec.threadsPerCore),
    disk: { minimum: 0, maximum: 0 },
    memory: {
      ...span(nodes, ({ spec }) => spec.memoryMiB),
      free: span(nodes, freeMemory, maybeNumber),
      allocated: nodes.at(-1)?.memoryAllocatedMiB ?? 0,
    },
    weight: span(nodes, ({ weight }) => weight),
    features: { total: node?.features.join(',') ?? '', active: node?.features.join(',') ?? '' },
    gres: { total: node === undefined ? '' : gresText(node.spec), used: node === undefined ? '' : gresUsedText(node, context) },
    cluster: '',
    comment: node?.comment ?? '',
    extra: node?.extra ?? '',
    reason: context.dialect >= 45 ? reason : { ...reason, user: node === undefined ? 'root' : node.reasonBy },
    reservation: '',
    ...(context.dialect >= 45 ? { reason_set_by_user: node?.reasonBy ?? '' } : {}),
    ...(context.dialect >= 42 ? { resource_spec: { cpus: '', memory: 0 } } : {}),
    partition: writePartition(partition, context),
  };
}

/** Under which of sinfo's A/I/O a node counts. */
function groupOf({ state, flags }: EmulatedNode): 'allocated' | 'idle' | 'other' {
  if (flags.includes('DRAIN') && state === 'IDLE') return 'other';
  if (state === 'ALLOCATED' || state === 'MIXED') return 'allocated';
  return state === 'IDLE' ? 'idle' : 'other';
}

function cpusOf({ spec }: EmulatedNode): number {
  return spec.sockets * spec.coresPerSocket * spec.threadsPerCore;
}

function sum(nodes: readonly EmulatedNode[], read: (node: EmulatedNode) => number): number {
  return nodes.reduce((total, node) => total + read(node), 0);
}

function span(nodes: readonly EmulatedNode[], read: (node: EmulatedNode) => number, wrap: (one: number) => Value = (one) => one): Fields {
  const values = nodes.map(read);
  return { minimum: wrap(values.length === 0 ? 0 : Math.min(...values)), maximum: wrap(Math.max(0, ...values)) };
}
