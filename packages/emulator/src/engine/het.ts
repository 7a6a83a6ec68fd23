import type { Tres } from '@sluice/slurm';
import type { NodeGrant } from '../model/job.ts';
import type { JobRecord } from './job-record.ts';
import { startJob } from './lifecycle.ts';
import { place } from './placement.ts';
import { takeEffect } from './play.ts';
import { setReason } from './reasons.ts';
import type { PartitionRecord, World } from './world.ts';

/** Components of a het job, the leader first. */
export function components(world: World, job: JobRecord): readonly JobRecord[] {
  if (job.het === null) return [job];
  return [...world.group(job.het.jobId)].sort((a, b) => (a.het?.offset ?? 0) - (b.het?.offset ?? 0));
}

/** Slurm leaves het jobs to its backfill scheduler, and says so of them. Starts all components of a het job at once, or none: each takes the place it finds, on nodes that no other component of it was given. */
function startHetJob(world: World, job: JobRecord): boolean {
  const all = components(world, job);
  if (all.length === 0 || all.some((component) => !world.queue.has(component))) return false;
  const taken = new Set<string>();
  const found: { component: JobRecord; partition: PartitionRecord; grants: readonly NodeGrant[]; tres: Tres }[] = [];
  for (const component of all) {
    let waiting = { reason: 'Resources', text: '' };
    let placed = false;
    for (const name of component.partitions) {
      const partition = world.partition(name);
      if (partition === undefined) continue;
      const placement = place(world, component, partition, (node) => !taken.has(node.spec.name));
      if (placement.kind === 'wait') {
        waiting = placement;
        continue;
      }
      found.push({ component, ...placement });
      for (const { node } of placement.grants) taken.add(node);
      placed = true;
      break;
    }
    if (placed) continue;
    for (const each of all) {
      each.lastSchedEval = world.now;
      setReason(world, each, waiting.reason, waiting.text);
    }
    return false;
  }
  for (const { component, partition, grants, tres } of found)
    startJob(world, component, { partition, grants, tres, scheduler: 'Backfill' });
  for (const { component } of found) takeEffect(world, component);
  return true;
}

/**
 * Het jobs come after the others that were submitted before them, whatever their priority: the backfill scheduler looks at them last, and those that are submitted
 * meanwhile come too late for it (recorded). Tries those of `waiting` that were submitted before the job `before`, all without one, and takes them off the list.
 */
export function startHetJobs(world: World, waiting: JobRecord[], before = Number.POSITIVE_INFINITY): void {
  for (
    let first = waiting[0];
    first !== undefined && (first.het?.jobId ?? 0) + components(world, first).length <= before;
    first = waiting[0]
  ) {
    waiting.shift();
    if (world.queue.has(first)) startHetJob(world, first);
  }
}
