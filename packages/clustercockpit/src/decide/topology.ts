import type { Node } from '@sluice/slurm';
import type { SubCluster } from './cc-cluster.ts';

/** How a node numbers its hwthreads, by Slurm's counting of its cores. */
export interface NodeTopology {
  readonly threadsPerCore: number;
  readonly coresPerSocket: number;
  /** The kernel's hwthread ids by core, cores in Slurm's order: through all sockets. */
  readonly cores: readonly (readonly number[])[];
  /** Whether Slurm's CPUs are cores here although cores have several threads (`CPUs=` in slurm.conf is the number of cores). */
  readonly cpusAreCores: boolean;
}

/** What of Slurm's node the mapping reads. */
export type Layout = Pick<Node, 'sockets' | 'coresPerSocket' | 'threadsPerCore' | 'cpus'>;

/**
 * How a node numbers its hwthreads, where cc-backend and Slurm describe the same machine: sockets, cores and threads must
 * agree, or a number of the one means nothing to the other (slurm.md §9.10). Where Slurm has more sockets, and they are
 * exactly cc-backend's memory domains, Slurm takes NUMA nodes for sockets (`numa_node_as_socket`). Otherwise the difference.
 */
export function topologyOf(sub: SubCluster, node: Layout): NodeTopology | { readonly differs: string } {
  const { topology, name } = sub;
  if (topology === null) return { differs: `subcluster ${name} has no topology of sockets and cores` };
  const { sockets, coresPerSocket, threadsPerCore } = node;
  const ours = `${sockets}:${coresPerSocket}:${threadsPerCore}`;
  const theirs = claimOf(sub, topology);
  const text = `${theirs.sockets}:${theirs.cores}:${theirs.threads}`;
  const asClaimed = orderedCores(topology.socket, topology.core, theirs);
  if (asClaimed === undefined) {
    return { differs: `the topology of subcluster ${name} does not have the ${text} sockets:cores:threads that it claims` };
  }
  const cores = ours === text ? asClaimed : coresByDomain(topology.memoryDomain, topology.core, node, theirs);
  if (cores === undefined) return { differs: `Slurm has ${ours} sockets:cores:threads, subcluster ${name} has ${text}` };
  const cpusAreCores = threadsPerCore > 1 && node.cpus.total === cores.length;
  return { coresPerSocket, threadsPerCore, cores, cpusAreCores };
}

interface Shape {
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/** What the subcluster says of itself; where it says nothing, what its lists have. */
function claimOf(sub: SubCluster, topology: NonNullable<SubCluster['topology']>): Shape {
  const threads = sub.threadsPerCore ?? topology.core[0]?.length ?? 0;
  const sockets = sub.sockets ?? topology.socket.length;
  return { sockets, threads, cores: sub.coresPerSocket ?? (topology.socket[0]?.length ?? 0) / Math.max(threads, 1) };
}

/** Slurm's sockets as NUMA nodes: only when there are as many cores and threads in all, and each domain has its share. */
function coresByDomain(
  domains: readonly (readonly number[])[] | null,
  cores: readonly (readonly number[])[],
  node: Layout,
  theirs: Shape,
): readonly (readonly number[])[] | undefined {
  if (domains === null || node.sockets <= theirs.sockets || node.threadsPerCore !== theirs.threads) return undefined;
  return orderedCores(domains, cores, { sockets: node.sockets, cores: node.coresPerSocket, threads: node.threadsPerCore });
}

/** All cores, socket by socket; undefined unless every core lies in exactly one of the sockets and all numbers are as the shape says. */
function orderedCores(
  sockets: readonly (readonly number[])[],
  cores: readonly (readonly number[])[],
  shape: Shape,
): readonly (readonly number[])[] | undefined {
  if (sockets.length !== shape.sockets || cores.length !== shape.sockets * shape.cores || cores.length === 0) return undefined;
  const socketOf = new Map(sockets.flatMap((ids, socket) => ids.map((id) => [id, socket])));
  const bySocket: (readonly number[])[][] = sockets.map(() => []);
  for (const threads of cores) {
    const socket = socketOf.get(threads[0] ?? -1);
    if (socket === undefined || threads.length !== shape.threads || threads.some((id) => socketOf.get(id) !== socket)) return undefined;
    bySocket[socket]?.push(threads);
  }
  const ids = cores.flat();
  if (new Set(ids).size !== ids.length || bySocket.some(({ length }) => length !== shape.cores)) return undefined;
  return bySocket.flat();
}
