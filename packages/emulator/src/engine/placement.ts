import type { Tres } from '@sluice/slurm';
import type { NodeGrant } from '../model/job.ts';
import { runningTasks } from './arrays.ts';
import { isSuitable, tasksThatFit, whenEmpty } from './capacity.ts';
import type { Demand } from './demand.ts';
import { allocatedTres, grantsOf } from './grant.ts';
import type { JobRecord } from './job-record.ts';
import { rowsOf, yearMinutes } from './lifecycle.ts';
import { limitedJob, limitReason } from './limits.ts';
import type { NodeRecord } from './node-record.ts';
import { reservationNodes, reservedUntil } from './reservations.ts';
import { type Candidate, selectNodes, spread } from './select-nodes.ts';
import type { PartitionRecord, World } from './world.ts';

/** Where a job may start now, or why it may not. `blocks`: those behind it in the partition have to wait as well. */
export type Placement =
  | { readonly kind: 'start'; readonly partition: PartitionRecord; readonly grants: readonly NodeGrant[]; readonly tres: Tres }
  | { readonly kind: 'wait'; readonly reason: string; readonly text: string; readonly blocks: boolean };

/** Slurm's sentence for a job whose nodes are not there (recorded; squeue shows it in place of the reason). */
const nodesDown = 'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions';

/** There is no room; those behind it in the partition wait as well. */
export const noRoom: Placement = { kind: 'wait', reason: 'Resources', text: '', blocks: true };

const wait = (reason: string, text = '', blocks = false): Placement => ({ kind: 'wait', reason, text, blocks });

/** Minutes that a job may run in a partition, for planning. */
export function limitMinutes(job: JobRecord, partition: PartitionRecord): number {
  if (job.own.limitGiven) return job.timeLimit === 'unlimited' ? (partition.maxTime ?? yearMinutes) : job.timeLimit;
  return partition.defaultTime ?? partition.maxTime ?? yearMinutes;
}

/** What stands against a job in a partition whatever is free: the partition's state and limits, the array's, those of accounting. */
export function standingObstacle(world: World, job: JobRecord, partition: PartitionRecord): Placement | null {
  if (partition.state === 'DOWN') return wait('PartitionDown');
  if (partition.state === 'INACTIVE') return wait('PartitionInactive');
  const { demand } = job.own;
  if (job.own.limitGiven && partition.maxTime !== null && (job.timeLimit === 'unlimited' || job.timeLimit > partition.maxTime)) {
    return wait('PartitionTimeLimit');
  }
  if (partition.maxNodes !== null && demand.minNodes > partition.maxNodes) return wait('PartitionNodeLimit');
  if (demand.maxNodes !== null && demand.maxNodes < partition.minNodes) return wait('PartitionNodeLimit');
  if (job.pendingTasks !== null && job.array !== null && job.array.maxRunning !== null) {
    if (runningTasks(world, job.array.jobId) >= job.array.maxRunning) return wait('JobArrayTaskLimit');
  }
  const limit = limitReason(world, limitedJob(world, job, partition.name, job.requestedTres, limitMinutes(job, partition)));
  return limit === null ? null : wait(limit);
}

/** What decides, beside what is free, whether there is room for a job. Where there are reservations, it depends on how long the job will last. */
export function kindOf(world: World, job: JobRecord, partition: PartitionRecord): string {
  return world.reservations.size === 0 ? job.own.fit : `${job.own.fit} ${limitMinutes(job, partition)}`;
}

/**
 * Decides whether a job may start now in a partition, with the nodes that `open` leaves to it. `keeps`: what is not open is kept for jobs of higher priority, and
 * so not there at all for this one (recorded: it is told so).
 */
export function place(
  world: World,
  job: JobRecord,
  partition: PartitionRecord,
  open: (node: NodeRecord) => boolean,
  keeps = false,
): Placement {
  return standingObstacle(world, job, partition) ?? findRoom(world, job, partition, open, keeps);
}

/** As {@link place}, for a job that nothing else stands against. */
export function findRoom(
  world: World,
  job: JobRecord,
  partition: PartitionRecord,
  open: (node: NodeRecord) => boolean,
  keeps = false,
): Placement {
  const { demand } = job.own;
  const rows = rowsOf(demand.sharing, partition);
  const usable = usableFor(world, job, partition);
  if (job.reservation !== '') {
    const reservation = world.reservations.get(job.reservation);
    if (reservation === undefined) return wait('Reservation');
    if (reservation.start > world.now) return wait('Reservation');
  }
  const chosen = selectNodes(partition.members, demand, rows, (node) => usable(node) && open(node));
  const grants = chosen === undefined ? undefined : grantsOf(chosen, demand, rows);
  if (grants !== undefined) {
    // Whole cores may be more than was asked for: limits are looked at again.
    const tres = allocatedTres(grants, { tracked: world.tracked, weights: partition.billingWeights });
    const limit = limitReason(world, limitedJob(world, job, partition.name, tres, limitMinutes(job, partition)));
    return limit === null ? { kind: 'start', partition, grants, tres } : wait(limit);
  }
  return whyNot(world, job, partition, keeps ? (node) => usable(node) && open(node) : usable, keeps);
}

/**
 * Whether the scheduler may put the job on a node: the node's state, the job's wishes, reservations. `completing`: even where another job still completes, which
 * is no obstacle to a start that is planned for later.
 */
export function usableFor(world: World, job: JobRecord, partition: PartitionRecord, completing = false): (node: NodeRecord) => boolean {
  const { demand } = job.own;
  const excluded = new Set(demand.excluded);
  const inReservation = job.reservation === '' ? null : reservationNodes(world, job.reservation);
  const reserved = world.reservations.size === 0 ? null : reservedUntil(world, job, world.now + limitMinutes(job, partition) * 60);
  const { features } = demand;
  return (node) => {
    if (!node.usable || (node.completing > 0 && !completing)) return false;
    if (inReservation !== null) {
      if (!inReservation.has(node.spec.name)) return false;
    } else if (reserved?.has(node.spec.name)) return false;
    if (excluded.size > 0 && excluded.has(node.spec.name)) return false;
    return features.length === 0 || features.some((all) => all.every((feature) => node.features.includes(feature)));
  };
}

function whyNot(
  world: World,
  job: JobRecord,
  partition: PartitionRecord,
  usable: (node: NodeRecord) => boolean,
  keeps: boolean,
): Placement {
  const { demand } = job.own;
  const missing = demand.required.filter((name) => {
    const node = world.nodeByName.get(name);
    return node !== undefined && !(usable(node) || node.completing > 0);
  });
  if (missing.length > 0) {
    const maintained = missing.some((name) => world.nodeByName.get(name)?.marks.has('MAINTENANCE'));
    const text = maintained ? 'ReqNodeNotAvail, Reserved for maintenance' : `ReqNodeNotAvail, UnavailableNodes:${missing.join(',')}`;
    return wait('ReqNodeNotAvail', text);
  }
  if (keeps || world.unusable > 0 || world.reservations.size > 0) {
    // Were all nodes empty: would those that may be used do?
    let nodes = 0;
    let tasks = 0;
    for (const node of partition.members) {
      if (!(usable(node) || node.completing > 0)) continue;
      const fit = tasksThatFit(node, demand, whenEmpty(node));
      if (fit === 0) continue;
      nodes += 1;
      tasks += fit;
    }
    if (nodes < demand.minNodes || tasks < demand.tasks) return wait('Resources', nodesDown);
  }
  return noRoom;
}

/** Whether a job could run in a partition if all its nodes were up and empty; submission asks it. */
export function couldEverRun(demand: Demand, partition: PartitionRecord): boolean {
  const excluded = new Set(demand.excluded);
  const required = new Set(demand.required);
  const fitting: Candidate[] = [];
  let tasks = 0;
  for (const node of partition.members) {
    if (!isSuitable(node, demand, excluded)) {
      if (required.has(node.spec.name)) return false;
      continue;
    }
    const fit = tasksThatFit(node, demand, whenEmpty(node));
    fitting.push({ node, fit });
    tasks += fit;
    const simple = required.size === 0 && demand.gresPerJob.length === 0 && fitting.length <= (demand.maxNodes ?? fitting.length);
    if (simple && fitting.length >= demand.minNodes && tasks >= demand.tasks) return true;
  }
  return spread(fitting, demand, required, (set) => set.inUse.length) !== undefined;
}
