import type { Allocation, Epoch } from '@sluice/slurm';

/**
 * One run of a job, the unit that cc-backend knows: (cluster, job id, start). A requeued job has several, a resized one
 * has one (slurm.md §9.8).
 */
export interface Run {
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  readonly jobId: number;
  readonly start: Epoch;
  /** How it ended, or null while it runs. */
  readonly ended: RunEnd | null;
  readonly submit: Epoch | null;
  readonly user: string;
  readonly account: string;
  readonly partition: string;
  readonly name: string;
  /** Id of the array it is a task of. */
  readonly arrayJobId: number | null;
  /** Host names by Slurm, in Slurm's order. */
  readonly nodes: readonly string[];
  /** CPUs over all nodes, in Slurm's counting. */
  readonly cpus: number;
  readonly gpus: number;
  /** Seconds, or null when there is no limit or none is known. */
  readonly walltime: number | null;
  /** True when the job owns its nodes, false when others may stand there, null when that is not known. */
  readonly whole: boolean | null;
  /** What it holds on each node; null when nobody could say (accounting does not know it). */
  readonly allocation: Allocation | null;
  readonly script: string | null;
  /** Slurm's own text about the job, for people. */
  readonly description: string | null;
}

export interface RunEnd {
  readonly time: Epoch;
  /** Slurm's word, e.g. `COMPLETED`, `NODE_FAIL`, `REQUEUED`. */
  readonly state: string;
}

/** What names a run. */
export type RunKey = Pick<Run, 'cluster' | 'jobId' | 'start'>;

export function keyOf(run: RunKey): string {
  return `${run.cluster}/${run.jobId}/${run.start}`;
}
