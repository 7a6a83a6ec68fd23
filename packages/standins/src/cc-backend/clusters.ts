/** A cluster as `GET /api/clusters/` returns it (contract §4.10); only what an adapter reads is typed. */
export interface Cluster {
  readonly name: string;
  readonly metricConfig: readonly unknown[];
  readonly subClusters: readonly SubCluster[];
}

export interface SubCluster {
  readonly name: string;
  /** Node list expression, see {@link nodeListMatches}. */
  readonly nodes: string;
  readonly processorType: string;
  readonly socketsPerNode: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly topology: Topology;
}

/** Hwthread ids as the kernel numbers them, by the place they belong to. */
export interface Topology {
  readonly node: readonly number[];
  readonly socket: readonly (readonly number[])[];
  readonly memoryDomain: readonly (readonly number[])[];
  readonly core: readonly (readonly number[])[];
  readonly accelerators?: readonly { readonly id: string; readonly type: string; readonly model: string }[];
}

/** The subcluster of a host, or the server's sentence why there is none (contract §4.1 step 3, §5.7). */
export function subClusterOf(cluster: Cluster, host: string): { readonly name: string } | { readonly error: string } {
  const found = cluster.subClusters.find((sub) => nodeListMatches(sub.nodes, host));
  if (found) return found;
  const first = cluster.subClusters[0];
  if (first?.nodes === '*') return first;
  return { error: `ARCHIVE/CLUSTERCONFIG > no subcluster found for cluster ${cluster.name} and host ${host}` };
}

/**
 * Whether a node list expression names a host (contract §5.7): terms separated by commas, brackets hold ranges whose two
 * ends have as many digits, and a match takes exactly that many digits.
 */
export function nodeListMatches(expression: string, host: string): boolean {
  return splitTerms(expression).some((term) => matchTerm(term, host));
}

function splitTerms(expression: string): string[] {
  return expression.match(/(?:\[[^\]]*\]|[^,[])+/g)?.map((term) => term.trim()) ?? [];
}

function matchTerm(term: string, host: string): boolean {
  if (term === '') return false;
  let rest = host;
  for (const part of term.match(/\[[^\]]*\]|[^[]+/g) ?? []) {
    if (!part.startsWith('[')) {
      if (!rest.startsWith(part)) return false;
      rest = rest.slice(part.length);
      continue;
    }
    const width = takenBy(part.slice(1, -1), rest);
    if (width === 0) return false;
    rest = rest.slice(width);
  }
  return rest === '';
}

function takenBy(ranges: string, rest: string): number {
  for (const range of ranges.split(',')) {
    const [low = '', high = ''] = range.trim().split('-');
    const digits = rest.slice(0, low.length);
    if (low.length === high.length && digits.length === low.length && /^\d+$/.test(digits) && low <= digits && digits <= high)
      return low.length;
  }
  return 0;
}
