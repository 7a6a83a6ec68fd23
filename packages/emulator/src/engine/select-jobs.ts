import { expandTaskList, parseArrayTasks, parseJobId } from '@sluice/slurm';
import type { JobRecord } from './job-record.ts';
import type { World } from './world.ts';

/** Records that a selector is about; tasks of an array that still pend as a whole are named beside their record. */
export interface Selected {
  readonly job: JobRecord;
  /** Tasks of a pending array record that are meant; null: the whole record. */
  readonly tasks: readonly number[] | null;
}

/** What `17`, `17_3`, `17_[1-4]` or `15+1` means. A plain number of an array or a het job is about all of it. */
export function selectJobs(world: World, selector: string): readonly Selected[] {
  const parts = parseJobId(selector);
  if (parts === undefined || parts.step !== null) return [];
  if (parts.taskId !== null) return tasksOf(world, parts.jobId, new Set([parts.taskId]));
  if (parts.pending !== null) {
    const tasks = expandTaskList(parseArrayTasks(parts.pending)?.tasks ?? '');
    return tasks === undefined ? [] : tasksOf(world, parts.jobId, new Set(tasks));
  }
  if (parts.hetOffset !== null) {
    return world.group(parts.jobId).flatMap((job) => (job.het?.offset === parts.hetOffset ? [{ job, tasks: null }] : []));
  }
  const own = world.jobs.get(parts.jobId);
  // The last task of an array keeps the array's id: that id still means all of it.
  const group = world.groups.has(parts.jobId) ? world.group(parts.jobId) : own === undefined ? [] : [own];
  return group.map((job) => ({ job, tasks: null }));
}

function tasksOf(world: World, arrayId: number, wanted: ReadonlySet<number>): readonly Selected[] {
  const found: Selected[] = [];
  for (const job of world.group(arrayId)) {
    if (job.array?.jobId !== arrayId) continue;
    if (job.array.taskId !== null) {
      if (wanted.has(job.array.taskId)) found.push({ job, tasks: null });
      continue;
    }
    const tasks = (job.pendingTasks ?? []).filter((task) => wanted.has(task));
    if (tasks.length > 0) found.push({ job, tasks: tasks.length === job.pendingTasks?.length ? null : tasks });
  }
  return found;
}
