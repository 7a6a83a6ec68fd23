import { expandHostlist, type Tres } from '@sluice/slurm';
import type { ClusterSpec, NodeSpec } from '../model/spec.ts';

/** What the cluster has of each resource that it tracks. */
export function clusterTres(spec: ClusterSpec): Tres {
  return sum(spec.nodes.map((node) => nodeTres(node, spec.tres)));
}

/** What nodes have, by their name or a host list. */
export function tresByNode(spec: ClusterSpec): (nodes: string) => Tres {
  const known = new Map<string, Tres>();
  return (nodes) => {
    if (known.size === 0) for (const node of spec.nodes) known.set(node.name, nodeTres(node, spec.tres));
    return known.get(nodes) ?? sum((expandHostlist(nodes) ?? []).map((name) => known.get(name) ?? {}));
  };
}

function nodeTres({ sockets, coresPerSocket, threadsPerCore, memoryMiB, gres }: NodeSpec, tracked: readonly string[]): Tres {
  const cpus = sockets * coresPerSocket * threadsPerCore;
  const devices = gres.flatMap(({ name, type, count }) =>
    [`gres/${name}`, ...(type === null ? [] : [`gres/${name}:${type}`])].map((tres) => ({ [tres]: count })),
  );
  const counted = Object.entries(sum(devices)).filter(([name]) => tracked.includes(name));
  return { cpu: cpus, mem: memoryMiB, node: 1, billing: cpus, ...Object.fromEntries(counted) };
}

function sum(parts: readonly Tres[]): Tres {
  const total: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part)) total[name] = (total[name] ?? 0) + count;
  return total;
}
