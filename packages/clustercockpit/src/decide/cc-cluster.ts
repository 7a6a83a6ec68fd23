import { type NodeListMatcher, nodeListMatcher } from './node-list.ts';

/** A cluster as `GET /api/clusters/` gives it (contract §4.10); only what is read. */
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
  readonly topology: CcTopology;
}

export interface CcTopology {
  /** Hwthread ids of each socket. */
  readonly socket: readonly (readonly number[])[];
  /** Hwthread ids of each core. */
  readonly core: readonly (readonly number[])[];
  /** Hwthread ids of each NUMA node. */
  readonly memoryDomain?: readonly (readonly number[])[] | null;
  readonly accelerators?: readonly CcAccelerator[] | null;
}

export interface CcAccelerator {
  /** What the accelerator's metrics carry as `type-id`, usually its PCI address. */
  readonly id: string;
  /** e.g. `Nvidia GPU`. */
  readonly type?: string;
  /** e.g. `A100`. */
  readonly model?: string;
}

/** A subcluster whose parts have been looked at; what has not the form it must have is null. */
export interface SubCluster {
  readonly name: string;
  readonly nodes: string;
  readonly hosts: NodeListMatcher;
  readonly sockets: number | null;
  readonly coresPerSocket: number | null;
  readonly threadsPerCore: number | null;
  readonly topology: Required<CcTopology> | null;
}

/** A cluster of cc-backend, ready to be asked about hosts. */
export interface KnownCluster {
  readonly name: string;
  readonly subClusters: readonly SubCluster[];
}

/**
 * The clusters of an answer to `GET /api/clusters/`, by name. The answer is not trusted: what is no cluster or subcluster is
 * left out, what is no topology is null. Never throws.
 */
export function knownClusters(answer: unknown): ReadonlyMap<string, KnownCluster> {
  const clusters = new Map<string, KnownCluster>();
  for (const item of listOf(answer)) {
    const { name, subClusters } = fieldsOf(item);
    if (typeof name === 'string') clusters.set(name, { name, subClusters: listOf(subClusters).flatMap(readSubCluster) });
  }
  return clusters;
}

/**
 * The subcluster that cc-backend takes for a job on this host (contract §5.7), and whether others name it too: then the server
 * chooses at random, and who wants the first has to say so. A first subcluster of `*` takes what no other names.
 */
export function subClusterOf(cluster: KnownCluster, host: string): { readonly subCluster: SubCluster; readonly several: boolean } | null {
  const naming = cluster.subClusters.filter(({ hosts }) => hosts.test(host));
  const [first = cluster.subClusters[0]] = naming;
  if (first === undefined || (naming.length === 0 && first.nodes !== '*')) return null;
  return { subCluster: first, several: naming.length > 1 };
}

/** Whether cc-backend keeps a state of this host. It looks otherwise than for jobs: `*` names none here, and empty names all (contract §4.9). */
export function takesNodeState(cluster: KnownCluster, host: string): boolean {
  return cluster.subClusters[0]?.nodes === '' || cluster.subClusters.some(({ hosts }) => hosts.test(host));
}

function readSubCluster(item: unknown): readonly SubCluster[] {
  const { name, nodes, socketsPerNode, coresPerSocket, threadsPerCore, topology } = fieldsOf(item);
  if (typeof name !== 'string') return [];
  const expression = typeof nodes === 'string' ? nodes : '';
  return [
    {
      name,
      nodes: expression,
      hosts: nodeListMatcher(expression === '*' ? '' : expression),
      sockets: countOf(socketsPerNode),
      coresPerSocket: countOf(coresPerSocket),
      threadsPerCore: countOf(threadsPerCore),
      topology: readTopology(topology),
    },
  ];
}

function readTopology(value: unknown): Required<CcTopology> | null {
  const { socket, core, memoryDomain, accelerators } = fieldsOf(value);
  const sockets = idLists(socket);
  const cores = idLists(core);
  if (sockets === null || cores === null) return null;
  return { socket: sockets, core: cores, memoryDomain: idLists(memoryDomain), accelerators: readAccelerators(accelerators) };
}

/** None, when one of them has no id: the others would stand at wrong places. */
function readAccelerators(value: unknown): readonly CcAccelerator[] {
  const accelerators: CcAccelerator[] = [];
  for (const item of listOf(value)) {
    const { id, type, model } = fieldsOf(item);
    if (typeof id !== 'string' || id === '') return [];
    accelerators.push({ id, type: typeof type === 'string' ? type : '', model: typeof model === 'string' ? model : '' });
  }
  return accelerators;
}

/** Lists of hwthread ids, or null when it is not that. */
function idLists(value: unknown): readonly (readonly number[])[] | null {
  if (!Array.isArray(value)) return null;
  const lists: unknown[] = value;
  return lists.every(isIdList) ? lists : null;
}

function isIdList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0);
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
