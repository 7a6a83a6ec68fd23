import { expandTaskList, parseArrayTasks } from '@sluice/slurm';
import type { JobRecord } from './job-record.ts';
import { refusal } from './slurm-errors.ts';
import type { World } from './world.ts';

/** Tasks of an array as `--array` names them, ascending. Errors: ESLURM_INVALID_ARRAY. */
export function arrayTasks(text: string, maxArraySize: number): { readonly tasks: readonly number[]; readonly limit: number | null } {
  const parsed = parseArrayTasks(text);
  const tasks = parsed === undefined ? undefined : expandTaskList(parsed.tasks, maxArraySize);
  if (parsed === undefined || tasks === undefined || tasks.length === 0) throw refusal('ESLURM_INVALID_ARRAY');
  const sorted = [...new Set(tasks)].sort((a, b) => a - b);
  if ((sorted.at(-1) ?? 0) >= maxArraySize) throw refusal('ESLURM_INVALID_ARRAY');
  return { tasks: sorted, limit: parsed.limit };
}

/** The step between the tasks as SLURM_ARRAY_TASK_STEP has it: 1 unless all lie equally far apart. */
export function arrayStep(tasks: readonly number[]): number {
  const [first = 0, second = first + 1] = tasks;
  const step = second - first;
  return tasks.every((task, at) => task === first + at * step) ? step : 1;
}

/**
 * The record of one task of an array that still pends as a whole: a record and an id of its own; the last one keeps the array's. A job that is no array, or a
 * task already, is given back as it is.
 */
export function splitTask(world: World, job: JobRecord, taskId: number | undefined = job.pendingTasks?.[0]): JobRecord {
  const { pendingTasks, array } = job;
  if (pendingTasks === null || array === null || taskId === undefined) return job;
  world.touch(job);
  if (pendingTasks.length === 1) {
    job.array = { ...array, taskId };
    job.pendingTasks = null;
    return job;
  }
  const task: JobRecord = {
    ...job,
    jobId: world.nextJobId++,
    array: { ...array, taskId },
    pendingTasks: null,
    dbIndex: world.newDbIndex(),
    own: { ...job.own, timers: [], queued: false },
  };
  job.pendingTasks = pendingTasks.filter((id) => id !== taskId);
  world.jobs.set(task.jobId, task);
  world.groups.get(array.jobId)?.add(task.jobId);
  world.touch(task);
  return task;
}

/** Tasks of an array that run now: `%limit` holds them. */
export function runningTasks(world: World, arrayJobId: number): number {
  let count = 0;
  for (const id of world.groups.get(arrayJobId) ?? []) if (world.running.has(id)) count += 1;
  return count;
}
