import { foldHostlist, sortHosts } from '@sluice/slurm';
import { takesNodeState } from './cc-cluster.ts';
import { clusterName, type DecideContext, type Place } from './context.ts';

/** What is found about nodes that are alike in all of it. */
export interface TopologyFinding {
  /** Slurm's names, folded. */
  readonly nodes: string;
  readonly count: number;
  /** The names that are sent, folded; the same where hosts are not renamed. */
  readonly hosts: string;
  /** cc-backend's subcluster, or null. */
  readonly subCluster: string | null;
  /**
   * `ok`: cores and GPUs are mapped. `ignored`: by ignoreHosts. `unknown-cluster`, `unknown-host`: starts are refused when it
   * is all of a job's hosts. `topology`: no hwthreads are sent. `devices`: GPUs go by the configuration, or not at all.
   */
  readonly state: 'ok' | 'ignored' | 'unknown-cluster' | 'unknown-host' | 'topology' | 'devices';
  /** What is wrong or worth knowing, one sentence each. */
  readonly reasons: readonly string[];
  /** Accelerator ids by Slurm's device index, as they are sent. */
  readonly devices: readonly string[];
  readonly devicesFrom: 'topology' | 'gpuPciAddrs' | null;
}

/**
 * How the nodes of one of Slurm's clusters stand to cc-backend, for an administrator: those that are alike in one finding, in
 * the order in which Slurm lists the first of each.
 */
export function topologyReport(context: DecideContext, cluster: string): readonly TopologyFinding[] {
  const groups = new Map<string, { readonly places: Place[]; readonly finding: Omit<TopologyFinding, 'nodes' | 'count' | 'hosts'> }>();
  for (const place of context.places.get(cluster)?.values() ?? []) {
    const finding = findingOf(context, cluster, place);
    const key = JSON.stringify(finding);
    const group = groups.get(key);
    if (group) group.places.push(place);
    else groups.set(key, { places: [place], finding });
  }
  return [...groups.values()].map(({ places, finding }) => ({
    nodes: foldHostlist(sortHosts(places.map(({ node }) => node))),
    hosts: foldHostlist(sortHosts(places.map(({ host }) => host))),
    count: places.length,
    ...finding,
  }));
}

function findingOf(context: DecideContext, cluster: string, place: Place): Omit<TopologyFinding, 'nodes' | 'count' | 'hosts'> {
  const known = context.clusters?.get(clusterName(context, cluster));
  const { subCluster, devices, addresses } = place;
  const reasons = reasonsOf(place);
  if (subCluster !== null && known && !takesNodeState(known, place.host)) {
    reasons.push('cc-backend drops states of nodes that only a subcluster of * has');
  }
  return {
    subCluster: subCluster?.name ?? null,
    state: stateOf(context, known !== undefined, place),
    reasons,
    devices: devices?.ids ?? addresses ?? [],
    devicesFrom: devices !== null ? 'topology' : addresses !== null ? 'gpuPciAddrs' : null,
  };
}

function stateOf(context: DecideContext, isKnown: boolean, place: Place): TopologyFinding['state'] {
  if (place.ignored) return 'ignored';
  if (context.clusters !== null && !isKnown) return 'unknown-cluster';
  if (context.clusters !== null && place.subCluster === null) return 'unknown-host';
  if (place.topology === null) return 'topology';
  return place.devices === null && place.withoutDevices !== null && place.addresses === null ? 'devices' : 'ok';
}

function reasonsOf({ withoutTopology, withoutDevices, several, subCluster, topology }: Place): string[] {
  const reasons = [withoutTopology, withoutDevices].filter((reason) => reason !== null);
  if (several) reasons.push(`several subclusters name it; ${subCluster?.name} is taken`);
  if (topology?.cpusAreCores) reasons.push('CPUs= is the number of cores: jobs are shown with all threads of theirs');
  return [...new Set(reasons)];
}
