import { formatGres, type Tres } from '@sluice/slurm';
import type { EmulatedNode } from '../model/slurmctld.ts';
import type { Scene } from './scene.ts';

/** What sinfo and scontrol derive from a node's record before they write it. */

export function cpuTotal({ spec }: EmulatedNode): number {
  return spec.sockets * spec.coresPerSocket * spec.threadsPerCore;
}

/** `gpu:a100:4`; null without. */
export function gresText({ spec }: EmulatedNode): string | null {
  return spec.gres.length === 0
    ? null
    : spec.gres.map(({ count, name, type }) => [name, type, count].filter((word) => word !== null).join(':')).join(',');
}

/**
 * `gpu:a100:2(IDX:0-1)`, `gpu:a100:0(IDX:N/A)`; null without devices. Until 24.05 a node without them says `gpu:0` for every kind that the cluster
 * has (recorded).
 */
export function gresUsedText({ gresUsed, spec }: EmulatedNode, { release, setting }: Pick<Scene, 'release' | 'setting'>): string | null {
  if (spec.gres.length === 0) {
    const kinds = release < 2405 ? (setting('GresTypes') ?? '').split(',').filter((kind) => kind !== '' && kind !== '(null)') : [];
    return kinds.length === 0 ? null : kinds.map((kind) => `${kind}:0`).join(',');
  }
  const kinds = spec.gres.map(({ name, type }) => {
    const indices = gresUsed[type === null ? name : `${name}:${type}`] ?? [];
    return indices.length === 0
      ? `${[name, type, 0].filter((word) => word !== null).join(':')}(IDX:N/A)`
      : formatGres([{ name, type, count: indices.length, indices }]);
  });
  return kinds.join(',');
}

/** Devices by the names of their trackable resources, the name alone before name and type. */
function gresTres(counts: Iterable<readonly [kind: string, count: number]>, tracked: readonly string[]): Tres {
  const totals = new Map<string, number>();
  for (const [kind, count] of counts) {
    for (const name of new Set([`gres/${kind.split(':', 1)[0]}`, `gres/${kind}`])) {
      if (tracked.includes(name)) totals.set(name, (totals.get(name) ?? 0) + count);
    }
  }
  return Object.fromEntries([...totals].filter(([, count]) => count > 0));
}

/** CfgTRES: what the node has. `billing` are its CPUs where there are no weights. */
export function configuredTres(node: EmulatedNode, tracked: readonly string[]): Tres {
  const { gres, memoryMiB } = node.spec;
  const cpu = cpuTotal(node);
  const counts = gres.map(({ count, name, type }) => [type === null ? name : `${name}:${type}`, count] as const);
  return { cpu, mem: memoryMiB, billing: cpu, ...gresTres(counts, tracked) };
}

/** AllocTRES: what jobs hold of it. */
export function allocatedTres(node: EmulatedNode, tracked: readonly string[]): Tres {
  const counts = Object.entries(node.gresUsed).map(([kind, indices]) => [kind, indices.length] as const);
  const { cpusAllocated: cpu, memoryAllocatedMiB: mem } = node;
  return { ...(cpu > 0 ? { cpu } : {}), ...(mem > 0 ? { mem } : {}), ...gresTres(counts, tracked) };
}

/** A load that fits what runs there. */
export function loadText({ cpusAllocated }: EmulatedNode): string {
  return cpusAllocated.toFixed(2);
}

export function freeMemoryMiB({ memoryAllocatedMiB, spec }: EmulatedNode): number {
  return Math.max(0, spec.memoryMiB - memoryAllocatedMiB);
}

/** `YES:4`, `NO`, `EXCLUSIVE`, `FORCE:4`: OverSubscribe of a partition as scontrol and sinfo write it. */
export function partitionSharing(text: string): string {
  const word = text.toUpperCase();
  return word === 'YES' || word === 'FORCE' ? `${word}:4` : word === '' ? 'NO' : word;
}
