import type { EmulatedJob } from '../model/job.ts';
import type { JsonContext } from './context.ts';

/** Flags of a job that follow from how it was asked for and how far it came; v0.0.38 has names of its own for fewer of them. */
export function jobFlags(job: EmulatedJob, context: JsonContext): readonly string[] {
  const { request } = job;
  const running = job.state === 'RUNNING' || job.state === 'SUSPENDED';
  const started = job.start !== null && job.nodes.length > 0;
  const accrued = started && job.accrue !== null;
  const memory = request.memoryPerNodeMiB !== undefined || request.memoryPerCpuMiB !== undefined;
  const held = job.held !== null || job.dependency !== '';
  if (context.dialect < 39) {
    return kept([
      ['JOB_CPUS_SET', request.cpusPerTask !== undefined],
      ['JOB_ACCRUE_OVER', accrued],
      ['JOB_WAS_RUNNING', running],
      ['JOB_MEM_SET', memory],
    ]);
  }
  return kept([
    ['EXACT_TASK_COUNT_REQUESTED', request.tasks !== undefined],
    ['EXACT_CPU_COUNT_REQUESTED', request.cpusPerTask !== undefined],
    ['ACCRUE_COUNT_CLEARED', accrued],
    ['JOB_WAS_RUNNING', running],
    ['EXACT_MEMORY_REQUESTED', memory],
    ['USING_DEFAULT_ACCOUNT', request.account === undefined],
    ['USING_DEFAULT_PARTITION', request.partitions === undefined],
    ['USING_DEFAULT_QOS', request.qos === undefined],
    ['USING_DEFAULT_WCKEY', request.wckey === undefined],
    ['DEPENDENT', !started && held],
    ['PARTITION_ASSIGNED', request.partitions === undefined],
    ['BACKFILL_ATTEMPTED', job.scheduler === 'Backfill'],
    ['JOB_IMPLICIT_MAX_NODES', context.release >= 2605 && request.minNodes === undefined && request.tasks !== undefined],
  ]);
}

function kept(flags: readonly (readonly [string, boolean])[]): readonly string[] {
  return flags.filter(([, set]) => set).map(([name]) => name);
}
