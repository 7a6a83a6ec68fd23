import { expandHostlist, type Node } from '@sluice/slurm';
import type { NodeTopology } from './resources.ts';

/** A cluster as `GET /api/clusters/` gives it (contract §4.10); only what the mapping reads. */
export interface CcCluster {
  readonly name: string;
  readonly subClusters: readonly CcSubCluster[];
}

export interface CcSubCluster {
  readonly name: string;
  readonly nodes: string;
  readonly socketsPerNode: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly topology: {
    /** Hwthread ids of each socket. */
    readonly socket: readonly (readonly number[])[];
    /** Hwthread ids of each core. */
    readonly core: readonly (readonly number[])[];
    readonly accelerators?: readonly { readonly id: string }[] | null;
  };
}

/** Topologies by Slurm's node name, and why a node has none. */
export interface Topologies {
  readonly topologies: ReadonlyMap<string, NodeTopology>;
  readonly without: ReadonlyMap<string, string>;
}

/**
 * How each node numbers its parts, where cc-backend and Slurm describe the same machine: sockets, cores and threads must
 * agree, or a number of the one means nothing to the other (slurm.md §9.10).
 */
export function topologiesOf(cluster: CcCluster | undefined, nodes: readonly Node[]): Topologies {
  const topologies = new Map<string, NodeTopology>();
  const without = new Map<string, string>();
  const subClusters = subClustersByHost(cluster);
  for (const node of nodes) {
    const sub = subClusters.get(node.name) ?? anyHost(cluster);
    const mapped = sub ? topologyOf(sub, node) : { differs: 'no subcluster of cc-backend names it' };
    if ('differs' in mapped) without.set(node.name, mapped.differs);
    else topologies.set(node.name, mapped);
  }
  return { topologies, without };
}

function subClustersByHost(cluster: CcCluster | undefined): ReadonlyMap<string, CcSubCluster> {
  const entries = (cluster?.subClusters ?? []).flatMap((sub) => (expandHostlist(sub.nodes) ?? []).map((host) => [host, sub] as const));
  return new Map(entries);
}

/** A first subcluster of `*` takes every host (contract §5.7). */
function anyHost(cluster: CcCluster | undefined): CcSubCluster | undefined {
  const first = cluster?.subClusters[0];
  return first?.nodes === '*' ? first : undefined;
}

function topologyOf(sub: CcSubCluster, node: Node): NodeTopology | { readonly differs: string } {
  const ours = `${node.sockets}:${node.coresPerSocket}:${node.threadsPerCore}`;
  const theirs = `${sub.socketsPerNode}:${sub.coresPerSocket}:${sub.threadsPerCore}`;
  if (ours !== theirs) return { differs: `Slurm has ${ours} sockets:cores:threads, subcluster ${sub.name} has ${theirs}` };
  const bySocket = sub.topology.socket.map((socket) => coresOf(socket, sub.topology.core));
  const whole = bySocket.length === node.sockets && bySocket.every((cores) => cores.length === node.coresPerSocket);
  const cores = bySocket.flat();
  if (!whole || cores.some((threads) => threads.length !== node.threadsPerCore)) {
    return { differs: `the topology of subcluster ${sub.name} does not have the ${theirs} sockets:cores:threads that it claims` };
  }
  return {
    coresPerSocket: node.coresPerSocket,
    threadsPerCore: node.threadsPerCore,
    cores,
    accelerators: sub.topology.accelerators?.map(({ id }) => id) ?? [],
  };
}

function coresOf(socket: readonly number[], cores: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const within = new Set(socket);
  return cores.filter(([first]) => first !== undefined && within.has(first));
}
