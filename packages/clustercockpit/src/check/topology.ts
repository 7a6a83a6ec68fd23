import { nearest } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { decideSettings } from '../daemon/decide-settings.ts';
import type { CcCluster } from '../decide/cc-cluster.ts';
import { clusterName, type DecideContext, decideContext } from '../decide/context.ts';
import { type TopologyFinding, topologyReport } from '../decide/topology-report.ts';
import { counted } from '../status/words.ts';
import type { Saying } from './finding.ts';

export interface TopologyCheckOptions {
  readonly config: AdapterConfig;
  /** What cc-backend serves; null when it could not be asked. */
  readonly clusters: readonly CcCluster[] | null;
  /** Slurm's nodes by cluster. */
  readonly nodes: ReadonlyMap<string, readonly Node[]>;
}

/** How Slurm's nodes stand to cc-backend's clusters, those that are alike in one finding. */
export function checkTopology({ config, clusters, nodes }: TopologyCheckOptions, say: Saying): void {
  if (clusters === null || nodes.size === 0) return;
  const context = decideContext(decideSettings(config), clusters, [...nodes.values()].flat());
  for (const cluster of nodes.keys()) {
    const name = clusterName(context, cluster);
    if (!clusters.some((one) => one.name === name)) {
      unknownCluster(cluster, name, clusters, say);
      continue;
    }
    for (const finding of topologyReport(context, cluster)) sayOf(finding, context, say);
  }
}

function unknownCluster(cluster: string, name: string, clusters: readonly CcCluster[], say: Saying): void {
  const near =
    nearest(
      name,
      clusters.map((one) => one.name),
    ) ?? (clusters.length === 1 ? clusters[0]?.name : undefined);
  const mend =
    near === undefined
      ? `add ${name} to cc-backend's job archive (cluster.json) and restart it`
      : `if it is ${near} there: "clusterNames": ${JSON.stringify({ [cluster]: near })}; else add it to cc-backend (cluster.json)`;
  say.error(`cluster ${cluster}`, `cc-backend has no cluster ${name}: all its jobs wait`, mend);
}

function sayOf(finding: TopologyFinding, context: DecideContext, say: Saying): void {
  const { nodes, hosts, count, subCluster, state, reasons } = finding;
  const what = hosts === nodes ? nodes : `${nodes} (sent as ${hosts})`;
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  const words = `${counted(count, 'node')}${subCluster === null ? '' : ` of subcluster ${subCluster}`}`;
  switch (state) {
    case 'ok':
      say.ok(what, `${words}; cores are mapped${devicesOf(finding)}${why}`);
      return;
    case 'ignored':
      say.ok(what, `${words}: left out by ignoreHosts`);
      return;
    case 'topology':
      say.warn(
        what,
        `${words}: jobs are sent without their cores${why}`,
        'correct topology, socketsPerNode, coresPerSocket and threadsPerCore of the subcluster in cluster.json',
      );
      return;
    case 'devices':
      say.warn(
        what,
        `${words}: jobs are sent without their GPUs${why}`,
        'correct topology.accelerators of the subcluster in cluster.json, or set gpuPciAddrs',
      );
      return;
    default:
      unknownHost(what, words, hosts, context, say);
  }
}

function unknownHost(what: string, words: string, hosts: string, { settings }: DecideContext, say: Saying): void {
  const renamed = settings.hostnames === 'node' ? '; or have them sent under other names: hostnames' : '';
  say.warn(
    what,
    `${words}: no subcluster of cc-backend names them, and jobs that run there alone are refused`,
    `add ${hosts} to the nodes of a subcluster in cluster.json, or leave them out: ignoreHosts${renamed}`,
  );
}

function devicesOf({ devices, devicesFrom }: TopologyFinding): string {
  if (devices.length === 0) return '';
  const from = devicesFrom === 'gpuPciAddrs' ? ' (gpuPciAddrs)' : '';
  return `; GPUs${from} ${devices.map((id, index) => `${index}→${id}`).join(' ')}`;
}
