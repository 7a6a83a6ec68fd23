import { freeDevices, freeNow, letsIn, tasksThatFit } from './capacity.ts';
import type { Demand } from './demand.ts';
import type { DeviceSet, NodeRecord } from './node-record.ts';

/** A node that was chosen, with the tasks it gets. */
export interface Chosen {
  readonly node: NodeRecord;
  readonly tasks: number;
}

/** A node with the tasks that it can take. */
export interface Candidate {
  readonly node: NodeRecord;
  readonly fit: number;
}

/**
 * Nodes for a demand out of those that may be used, in the order in which they are preferred (weight, then slurm.conf): the first that are enough, as
 * select/cons_tres chooses without a topology. Undefined when they are not enough now.
 */
export function selectNodes(
  members: readonly NodeRecord[],
  demand: Demand,
  rows: number,
  usable: (node: NodeRecord) => boolean,
): readonly Chosen[] | undefined {
  const required = new Set(demand.required);
  const exclusive = demand.sharing === 'exclusive';
  const fits = (node: NodeRecord): number => {
    // The cheapest questions first, for they are asked of every node: has it cores for one task, and the devices?
    if (rows === 1 && node.freeCores === 0) return 0;
    const cores = exclusive ? node.cores : Math.ceil(demand.cpusPerTask / node.spec.threadsPerCore);
    if (rows === 1 && node.freeCores < cores) return 0;
    for (const wish of demand.gresPerNode) if (freeDevices(node, wish.name, wish.type) < wish.count) return 0;
    if (!usable(node) || !letsIn(node, demand)) return 0;
    return tasksThatFit(node, demand, freeNow(node, rows));
  };
  const fitting: Candidate[] = [];
  let sum = 0;
  if (required.size > 0) {
    for (const node of members) {
      if (!required.has(node.spec.name)) continue;
      const fit = fits(node);
      if (fit === 0) return undefined;
      fitting.push({ node, fit });
      sum += fit;
    }
    if (fitting.length < required.size) return undefined;
  }
  if (!enough(fitting.length, sum, demand)) {
    for (const node of members) {
      if (required.size > 0 && required.has(node.spec.name)) continue;
      const fit = fits(node);
      if (fit === 0) continue;
      fitting.push({ node, fit });
      sum += fit;
      // Nodes beyond the required ones are looked at only as far as they may be needed.
      if (enough(fitting.length, sum, demand)) break;
    }
  }
  return spread(fitting, demand, required);
}

function enough(nodes: number, fit: number, demand: Demand): boolean {
  if (nodes < demand.minNodes || fit < demand.tasks || demand.gresPerJob.length > 0) return false;
  return demand.maxNodes === null || nodes <= demand.maxNodes;
}

/**
 * Tasks over nodes: one for each node, then the nodes filled in their order (distribution `block`). Of the candidates come the required ones, then the
 * first; where these would be more than the most allowed, those that take most tasks. `devices`: how many of a node's count for
 * the job as a whole; those that are free. Pure. Undefined when it can't be done.
 */
export function spread(
  fitting: readonly Candidate[],
  demand: Demand,
  required: ReadonlySet<string>,
  devices: (set: DeviceSet) => number = (set) => set.free,
): readonly Chosen[] | undefined {
  const maxNodes = Math.min(demand.maxNodes ?? fitting.length, fitting.length);
  if (fitting.length < demand.minNodes) return undefined;
  const inOrder =
    required.size === 0
      ? fitting
      : [...fitting].sort((a, b) => Number(required.has(b.node.spec.name)) - Number(required.has(a.node.spec.name)));
  const taken =
    firstEnough(inOrder, demand, maxNodes, devices) ??
    firstEnough(
      [...inOrder].sort((a, b) => b.fit - a.fit),
      demand,
      maxNodes,
      devices,
    );
  if (taken === undefined) return undefined;
  taken.sort((a, b) => a.node.index - b.node.index);
  let left = Math.max(demand.tasks - taken.length, 0);
  return taken.map(({ node, fit }) => {
    const more = Math.min(left, fit - 1);
    left -= more;
    return { node, tasks: 1 + more };
  });
}

function firstEnough(
  candidates: readonly Candidate[],
  demand: Demand,
  maxNodes: number,
  devices: (set: DeviceSet) => number,
): Candidate[] | undefined {
  let fit = 0;
  const missing = demand.gresPerJob.map((wish) => ({ ...wish }));
  for (let count = 0; count < maxNodes; count++) {
    const { node, fit: tasks } = candidates[count] as Candidate;
    fit += tasks;
    for (const wish of missing) {
      for (const set of node.devices)
        if (set.name === wish.name && (wish.type === null || wish.type === set.type)) wish.count -= devices(set);
    }
    if (count + 1 >= demand.minNodes && fit >= demand.tasks && missing.every((wish) => wish.count <= 0))
      return candidates.slice(0, count + 1);
  }
  return undefined;
}
