import { formatRanges } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import type { JsonContext } from './context.ts';

/** Task numbers as slurmctld lists them: `7-10`, `1-5,9,20-30:2` is not folded. */
export function spread(tasks: readonly number[]): string {
  return formatRanges(tasks);
}

/** MiB per CPU: as asked for, or the default of the partition or the cluster when no memory was asked for. */
export function memoryPerCpu(job: EmulatedJob, context: JsonContext): number | null {
  const { memoryPerCpuMiB, memoryPerNodeMiB, memoryPerGpuMiB } = job.request;
  if (memoryPerCpuMiB !== undefined) return memoryPerCpuMiB;
  return memoryPerNodeMiB === undefined && memoryPerGpuMiB === undefined ? defaultPerCpu(job, context) : null;
}

/** MiB per node; 0 (null in v0.0.38) is all that a node has: asked for so, or the default of a cluster that has none. */
export function memoryPerNode(job: EmulatedJob, context: JsonContext): number | null {
  const { memoryPerCpuMiB, memoryPerNodeMiB, memoryPerGpuMiB } = job.request;
  // What comes of memory per GPU stands here since 24.05.
  const ofGpus = memoryPerGpuMiB === undefined ? undefined : context.release < 2405 ? 0 : (job.grants[0]?.memoryMiB ?? 0);
  const given = memoryPerNodeMiB ?? ofGpus;
  const all = given === undefined && memoryPerCpuMiB === undefined && defaultPerCpu(job, context) === null ? 0 : (given ?? null);
  return all === 0 && context.dialect < 39 ? null : all;
}

function defaultPerCpu(job: EmulatedJob, context: JsonContext): number | null {
  const setting = Number(context.setting('DefMemPerCPU') ?? '');
  return context.partition(job.partition)?.defMemPerCpuMiB ?? (Number.isInteger(setting) && setting > 0 ? setting : null);
}

/** CPUs that each node must have for the job's tasks there. */
export function minimumCpus(job: EmulatedJob): number {
  return (job.request.cpusPerTask ?? 1) * (job.request.tasksPerNode ?? 1);
}

/**
 * Most nodes of a job that never began: as asked for, or as many as it has tasks, which 26.05 keeps of every job and 23.11 to 25.05 of
 * those that were held before anyone looked at them (measured). 0 is no bound.
 */
export function maxNodes(job: EmulatedJob, context: JsonContext): number {
  const { request } = job;
  if (job.start !== null || (job.state !== 'PENDING' && job.state !== 'CANCELLED')) return 0;
  const kept = context.release >= 2605 || (context.release >= 2302 && job.held !== null);
  const implicit = kept && request.minNodes === undefined ? request.tasks : undefined;
  return request.maxNodes ?? implicit ?? 0;
}

/** `gpu:a100:2` as Slurm keeps it: `gres:gpu:a100:2` up to 22.05, then `gres/gpu:a100:2`. */
export function tresPer(given: string | undefined, context: JsonContext): string {
  if (given === undefined || given === '') return '';
  const prefix = context.release < 2302 ? 'gres:' : 'gres/';
  return given
    .split(',')
    .map((one) => prefix + one.replace(/^gres[:/]/, ''))
    .join(',');
}
