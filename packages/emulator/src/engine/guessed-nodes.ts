import type { Demand } from './demand.ts';

/**
 * The nodes that Slurm 22.05 tells of a job that its scheduler has never looked at, because it is held from the beginning: a guess from its tasks and the CPUs of
 * the cluster's biggest node. With several CPUs to a task it counts one node more wherever the last one isn't full, even for a single task. All measured on 22.05.8.
 */
export function guessedNodes({ minNodes, tasks, tasksPerNode, cpusPerTask }: Demand, cpusOfNode: number): number {
  if (tasksPerNode !== null) return Math.max(Math.floor(tasks / tasksPerNode), minNodes);
  if (cpusPerTask === 1) return Math.max(Math.ceil(tasks / cpusOfNode), minNodes);
  const fit = Math.max(Math.floor(cpusOfNode / cpusPerTask), 1);
  return Math.max(Math.floor(tasks / fit), minNodes) + (tasks % fit === 0 ? 0 : 1);
}
