import type { GresAllocation, Node } from '@sluice/slurm';
import type { NodeStatePayload, NodeStatesPayload } from '../cc/payloads.ts';
import { takesNodeState } from './cc-cluster.ts';
import { clusterName, type DecideContext, placeOf } from './context.ts';

/** The words that cc-backend knows of a node (contract §3.3). */
export type NodeStateWord = 'allocated' | 'reserved' | 'idle' | 'mixed' | 'down' | 'unknown';

/**
 * The one true word for a node. One is sent, so that all releases of cc-backend come to the same (contract §4.9: some take the
 * first known word, others rank them, and all lose DRAIN, FAIL and PLANNED, W10).
 *
 * | Slurm | word | because |
 * |---|---|---|
 * | ALLOCATED, MIXED, with whatever flag | allocated, mixed | jobs run there, also on a node that drains or does not answer |
 * | DOWN, ERROR | down | |
 * | IDLE with DRAIN, FAIL, INVALID_REG, NOT_RESPONDING, REBOOT_ISSUED, POWER_DOWN, POWERING_DOWN, POWERED_DOWN | down | no job can run there now; Slurm's own reports count drained nodes as down |
 * | IDLE with MAINTENANCE, RESERVED, PLANNED | reserved | it is kept for something else |
 * | IDLE with COMPLETING | allocated | the last job's processes or epilog still hold it |
 * | IDLE | idle | |
 * | UNKNOWN, a word of a later release | by its CPUs allocated or mixed, else unknown | |
 */
export function nodeStateWord({ state, flags, cpus }: Pick<Node, 'state' | 'flags' | 'cpus'>): NodeStateWord {
  const has = (...words: readonly string[]) => words.some((word) => flags.includes(word));
  if (state === 'ALLOCATED') return 'allocated';
  if (state === 'MIXED') return 'mixed';
  if (state === 'DOWN' || state === 'ERROR') return 'down';
  if (state !== 'IDLE') return cpus.allocated <= 0 ? 'unknown' : cpus.allocated < cpus.total ? 'mixed' : 'allocated';
  if (has('COMPLETING')) return 'allocated';
  if (has('DRAIN', 'FAIL', 'INVALID_REG', 'NOT_RESPONDING', 'REBOOT_ISSUED')) return 'down';
  if (has('POWER_DOWN', 'POWERING_DOWN', 'POWERED_DOWN')) return 'down';
  return has('MAINTENANCE', 'RESERVED', 'PLANNED') ? 'reserved' : 'idle';
}

/**
 * What is sent of nodes, one payload per cluster. Left out: hosts that are to be ignored, nodes of Slurm's that do not exist
 * yet (FUTURE), those that cc-backend would drop without a word because no node list names them, and of nodes that share a host all
 * but the first. How many jobs run on a node is not told, for Slurm does not say it of nodes.
 */
export function nodeStatesOf(nodes: readonly Node[], context: DecideContext): readonly NodeStatesPayload[] {
  const payloads = new Map<string, Map<string, NodeStatePayload>>();
  for (const node of nodes) {
    const { host, ignored } = placeOf(context, node.cluster, node.name);
    if (ignored || node.state === 'FUTURE' || !takes(context, node.cluster, host)) continue;
    const cluster = clusterName(context, node.cluster);
    const ofCluster = payloads.get(cluster) ?? new Map<string, NodeStatePayload>();
    payloads.set(cluster, ofCluster);
    if (ofCluster.has(host)) continue;
    ofCluster.set(host, {
      hostname: host,
      states: [nodeStateWord(node)],
      cpusAllocated: count(node.cpus.allocated),
      memoryAllocated: count(node.memoryMiB.allocated),
      gpusAllocated: count(gpusOf(node.gres.used) || (node.tres.allocated['gres/gpu'] ?? 0)),
    });
  }
  return [...payloads].map(([cluster, states]) => ({ cluster, nodes: [...states.values()] }));
}

/** The nodes of `next` that are other than in `previous`, or new. A node that is gone has nothing that could be sent. */
export function changedNodeStates(
  previous: readonly NodeStatesPayload[],
  next: readonly NodeStatesPayload[],
): readonly NodeStatesPayload[] {
  const before = new Map(previous.map(({ cluster, nodes }) => [cluster, new Map(nodes.map((node) => [node.hostname, node]))]));
  return next.flatMap(({ cluster, nodes }) => {
    const known = before.get(cluster);
    const changed = nodes.filter((node) => !isSame(node, known?.get(node.hostname)));
    return changed.length === 0 ? [] : [{ cluster, nodes: changed }];
  });
}

function isSame(a: NodeStatePayload, b: NodeStatePayload | undefined): boolean {
  return (
    b !== undefined &&
    a.cpusAllocated === b.cpusAllocated &&
    a.memoryAllocated === b.memoryAllocated &&
    a.gpusAllocated === b.gpusAllocated &&
    a.states.join() === b.states.join()
  );
}

function takes(context: DecideContext, cluster: string, host: string): boolean {
  if (context.clusters === null) return true;
  const known = context.clusters.get(clusterName(context, cluster));
  return known !== undefined && takesNodeState(known, host);
}

function gpusOf(used: readonly GresAllocation[]): number {
  return used.reduce((sum, gres) => sum + (gres.name === 'gpu' ? gres.count : 0), 0);
}

/** What the server takes: a whole number from 0. */
function count(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}
