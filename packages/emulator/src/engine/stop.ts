import type { JobRecord } from './job-record.ts';
import { type Ending, endJob } from './lifecycle.ts';
import type { World } from './world.ts';

/** Ends a run from outside: a played one at once, a local process by SIGTERM, and SIGKILL after KillWait; it ends as `ending` says once it is gone. */
export function stopRun(world: World, job: JobRecord, ending: Ending, signal = 15): void {
  if (job.state !== 'RUNNING' && job.state !== 'SUSPENDED') return;
  if (job.own.ending !== null) return;
  if (!world.effects.signalled(job, signal)) {
    endJob(world, job, ending);
    return;
  }
  job.own.ending = { ...ending, by: ending.by ?? null };
  if (signal !== 9) world.setTimer(job, 'kill', world.now + world.settings.killWait);
  world.touch(job);
}
