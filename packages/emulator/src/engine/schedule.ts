import { startHetJobs } from './het.ts';
import type { JobRecord } from './job-record.ts';
import { startJob } from './lifecycle.ts';
import type { NodeRecord } from './node-record.ts';
import { findRoom, kindOf, noRoom, type Placement, place, standingObstacle } from './placement.ts';
import { setReason } from './reasons.ts';
import type { PartitionRecord, World } from './world.ts';

/**
 * One cycle of the main scheduler: jobs by priority; where one has to wait for resources, those behind it in its partition wait as well (they may be backfilled).
 * Of a job that asked for certain nodes only these are kept for it.
 */
export function schedule(world: World): void {
  world.statistics.scheduleCycles += 1;
  if (world.queue.size === 0) return;
  const blocked = new Set<string>();
  const kept = new Set<NodeRecord>();
  const het: JobRecord[] = [];
  const failed = new Map([...world.partitions.keys()].map((name) => [name, new Map<string, Placement>()]));
  for (const job of world.queue.inOrder()) {
    if (blocked.size === world.partitions.size) break;
    if (!world.queue.has(job)) continue;
    startHetJobs(world, het, job.jobId);
    if (job.het !== null) {
      het.push(job);
      continue;
    }
    while (tryStart(world, job, { blocked, kept, failed }) && job.pendingTasks !== null);
  }
  startHetJobs(world, het);
  if (world.queue.size > 0 && world.backfilledVersion !== world.placementVersion) {
    world.wakeAt('backfill', Math.max(world.now, world.lastBackfill + world.settings.backfillInterval));
  }
}

const behind: Placement = { kind: 'wait', reason: 'Priority', text: '', blocks: false };

interface Cycle {
  /** Partitions in which a job of higher priority waits. */
  readonly blocked: Set<string>;
  readonly kept: Set<NodeRecord>;
  /** What was found for a shape, by partition. */
  readonly failed: Map<string, Map<string, Placement>>;
}

function tryStart(world: World, job: JobRecord, cycle: Cycle): boolean {
  let waiting: Placement | null = null;
  for (const name of job.partitions) {
    if (cycle.blocked.has(name) && job.reservation === '') {
      waiting ??= behind;
      continue;
    }
    const partition = world.partition(name);
    if (partition === undefined) continue;
    const failed = cycle.failed.get(name);
    const known = job.pendingTasks === null ? failed?.get(job.own.shape) : undefined;
    const placement = known ?? placeAgain(world, job, partition, cycle);
    if (placement.kind === 'start') {
      const started = startJob(world, job, { ...placement, scheduler: 'Main' });
      return started !== job;
    }
    if (placement.reason !== 'JobArrayTaskLimit') failed?.set(job.own.shape, placement);
    if (placement.blocks) block(world, job, name, cycle);
    waiting ??= placement;
  }
  // That it was looked at is no change worth writing.
  job.lastSchedEval = world.now;
  if (waiting?.kind === 'wait') setReason(world, job, waiting.reason, waiting.text);
  if (waiting?.kind === 'wait' && waiting.reason === 'JobArrayTaskLimit' && job.eligible !== null) {
    job.eligible = null;
    world.touch(job);
  }
  return false;
}

/** As {@link place}, without a look at the nodes where nothing has been freed since there was no room for such a job. */
function placeAgain(world: World, job: JobRecord, partition: PartitionRecord, { kept }: Cycle): Placement {
  if (kept.size > 0 || job.reservation !== '') return place(world, job, partition, (node) => !kept.has(node), kept.size > 0);
  const obstacle = standingObstacle(world, job, partition);
  if (obstacle !== null) return obstacle;
  const kind = kindOf(world, job, partition);
  if (world.noRoom.has(partition.name, kind)) return noRoom;
  const placement = findRoom(world, job, partition, () => true);
  if (placement.kind === 'wait' && placement.blocks) world.noRoom.note(partition.name, kind);
  return placement;
}

function block(world: World, job: JobRecord, partition: string, { blocked, kept }: Cycle): void {
  const { required, minNodes } = job.own.demand;
  if (job.reservation !== '') return;
  if (required.length >= minNodes) {
    for (const name of required) {
      const node = world.nodeByName.get(name);
      if (node !== undefined) kept.add(node);
    }
    return;
  }
  blocked.add(partition);
}
