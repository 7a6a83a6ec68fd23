import { canUseUp, hasUsedUp, limitedJob, watchMinutes } from './limits.ts';
import { stopRun } from './stop.ts';
import type { World } from './world.ts';

/**
 * Ends what runs on minutes that are used up: of the association, one above it or the QOS, as of the last calculation of usage (PriorityCalcPeriod). For
 * Slurm it has met its time limit (measured on 22.05 and 24.11).
 */
export function endUsedUp(world: World): void {
  for (const id of [...world.running]) {
    const job = world.jobs.get(id);
    if (job === undefined || job.state !== 'RUNNING') continue;
    const limited = limitedJob(world, job, job.partition, job.allocatedTres ?? {}, 0);
    if (!canUseUp(world, limited)) continue;
    if (hasUsedUp(world, limited)) stopRun(world, job, { state: 'TIMEOUT', exit: { code: 0, signal: 15 }, reason: 'TimeLimit' });
    else watchMinutes(world, job);
  }
}
