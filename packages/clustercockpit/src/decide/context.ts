import type { Node } from '@sluice/slurm';
import type { TagPayload } from '../cc/payloads.ts';
import { type CcCluster, type KnownCluster, knownClusters, type SubCluster, subClusterOf } from './cc-cluster.ts';
import { type Devices, devicesOf } from './devices.ts';
import { type NodeTopology, topologyOf } from './topology.ts';

/** A pattern of host names, as a configuration has it. */
export interface HostPattern {
  test(host: string): boolean;
}

/** GPU addresses of the hosts that a pattern matches, as in `gpuPciAddrs`; the first match counts. Index is Slurm's device index. */
export interface GpuAddresses {
  readonly hosts: HostPattern;
  readonly addresses: readonly string[];
}

/** What of a job's text may leave the cluster. */
export interface Privacy {
  readonly script: boolean;
  /** Slurm's text about the job (`scontrol show job`): paths, command line. */
  readonly slurmInfo: boolean;
  /** The job's environment behind Slurm's text; values of names that look like secrets never. */
  readonly environment: boolean;
  /** The comments of user, administrators and system within Slurm's text. */
  readonly comments: boolean;
}

/** What the configuration says about deciding. Patterns see Slurm's node names, also where hosts are renamed. */
export interface DecideSettings {
  readonly gpuAddresses: readonly GpuAddresses[];
  readonly ignoreHosts: ((host: string) => boolean) | null;
  /**
   * What cc-backend and the metric collectors call a host: Slurm's NodeName, its NodeHostName, or a name by NodeName (nodes
   * that are not in the map keep theirs).
   */
  readonly hostnames: 'node' | 'hostname' | ReadonlyMap<string, string>;
  /** cc-backend's cluster name by Slurm's; others are the same on both sides. */
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly privacy: Privacy;
  /** A tag for every start, which makes cc-backend commit it at once (contract W5). */
  readonly startTag: TagPayload | null;
  /** Names of GRES that are accelerators beside `gpu`, e.g. `fpga`; their ids come from `gpuAddresses`. */
  readonly otherAccelerators?: readonly string[];
}

export const defaultSettings: DecideSettings = {
  gpuAddresses: [],
  ignoreHosts: null,
  hostnames: 'node',
  clusterNames: new Map(),
  privacy: { script: true, slurmInfo: true, environment: false, comments: true },
  startTag: null,
};

/** All that deciding needs beside the run: made anew when nodes, clusters or configuration change, not for each run. */
export interface DecideContext {
  readonly settings: DecideSettings;
  /** cc-backend's clusters by its names; null while it could not be asked: then no host is checked and nothing is mapped. */
  readonly clusters: ReadonlyMap<string, KnownCluster> | null;
  /** By Slurm's cluster and node name. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, Place>>;
}

/** A node, as far as deciding goes. */
export interface Place {
  /** Slurm's name. */
  readonly node: string;
  /** The name that is sent. */
  readonly host: string;
  readonly ignored: boolean;
  /** The subcluster that cc-backend has the host in; null when none, or when cc-backend could not be asked. */
  readonly subCluster: SubCluster | null;
  /** Whether several subclusters name it. */
  readonly several: boolean;
  readonly topology: NodeTopology | null;
  readonly devices: Devices | null;
  /** Why there is no topology; null when there is one. */
  readonly withoutTopology: string | null;
  /** Why the topology's accelerators are not used; null when they are, or when neither side has any. */
  readonly withoutDevices: string | null;
  /** Ids by the configuration, where a pattern matches. */
  readonly addresses: readonly string[] | null;
}

/** Prepares what is looked up for every run. `clusters` is what cc-backend answered, or null; it is not trusted. Never throws. */
export function decideContext(settings: DecideSettings, clusters: readonly CcCluster[] | null, nodes: readonly Node[]): DecideContext {
  const known = clusters === null ? null : knownClusters(clusters);
  const bare: DecideContext = { settings, clusters: known, places: new Map() };
  const topologies = new Topologies();
  const places = new Map<string, Map<string, Place>>();
  for (const node of nodes) {
    const ofCluster = places.get(node.cluster) ?? new Map<string, Place>();
    places.set(node.cluster, ofCluster);
    ofCluster.set(node.name, makePlace(bare, node.cluster, node.name, node, topologies));
  }
  return { ...bare, places };
}

/** The name that cc-backend has for a cluster of Slurm. */
export function clusterName({ settings }: DecideContext, cluster: string): string {
  return settings.clusterNames.get(cluster) ?? cluster;
}

/** What is known of a node; also of one that Slurm does not list now (any more). */
export function placeOf(context: DecideContext, cluster: string, node: string): Place {
  return context.places.get(cluster)?.get(node) ?? makePlace(context, cluster, node, null, new Topologies());
}

function makePlace(context: DecideContext, cluster: string, name: string, node: Node | null, topologies: Topologies): Place {
  const { settings, clusters } = context;
  const host = hostOf(settings.hostnames, name, node);
  const known = clusters?.get(clusterName(context, cluster));
  const found = known ? subClusterOf(known, host) : null;
  const place = {
    node: name,
    host,
    ignored: settings.ignoreHosts?.(name) ?? false,
    subCluster: found?.subCluster ?? null,
    several: found?.several ?? false,
    addresses: settings.gpuAddresses.find(({ hosts }) => hosts.test(name))?.addresses ?? null,
  };
  if (clusters === null) return { ...place, ...nothing('cc-backend could not be asked for its topology') };
  if (known === undefined) return { ...place, ...nothing(`cc-backend has no cluster ${clusterName(context, cluster)}`) };
  if (found === null) return { ...place, ...nothing('no subcluster of cc-backend names it') };
  if (node === null) return { ...place, ...nothing('Slurm does not list the node') };
  return { ...place, ...topologies.of(found.subCluster, node) };
}

type Mapping = Pick<Place, 'topology' | 'devices' | 'withoutTopology' | 'withoutDevices'>;

function nothing(reason: string): Mapping {
  return { topology: null, devices: null, withoutTopology: reason, withoutDevices: reason };
}

/** Nodes of one kind share their mapping: a cluster has thousands of nodes and a few kinds. */
class Topologies {
  readonly #kinds = new Map<SubCluster, Map<string, Mapping>>();

  of(subCluster: SubCluster, node: Node): Mapping {
    const kinds = this.#kinds.get(subCluster) ?? new Map<string, Mapping>();
    this.#kinds.set(subCluster, kinds);
    const gpus = node.gres.total.filter(({ name }) => name === 'gpu');
    const layout = [node.sockets, node.coresPerSocket, node.threadsPerCore, node.cpus.total];
    const kind = JSON.stringify([layout, gpus.map(({ type, count }) => [type, count])]);
    const mapping = kinds.get(kind) ?? makeMapping(subCluster, node);
    kinds.set(kind, mapping);
    return mapping;
  }
}

function makeMapping(subCluster: SubCluster, node: Node): Mapping {
  const topology = topologyOf(subCluster, node);
  const gpus = node.gres.total.filter(({ name }) => name === 'gpu');
  const accelerators = subCluster.topology?.accelerators ?? [];
  const devices = gpus.length === 0 && accelerators.length === 0 ? null : devicesOf(gpus, accelerators);
  return {
    topology: 'differs' in topology ? null : topology,
    withoutTopology: 'differs' in topology ? topology.differs : null,
    devices: devices === null || 'without' in devices ? null : devices,
    withoutDevices: devices !== null && 'without' in devices ? devices.without : null,
  };
}

function hostOf(hostnames: DecideSettings['hostnames'], name: string, node: Node | null): string {
  if (hostnames === 'node') return name;
  if (hostnames === 'hostname') return node?.hostname || name;
  return hostnames.get(name) ?? name;
}
