import type { ActiveJob, Allocation, Epoch } from '@sluice/slurm';

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
  /** How it asked to share its nodes; null or absent when nobody said, as accounting does not. What came of it is `whole`. */
  readonly sharing?: ActiveJob['sharing'];
  /** What it holds on each node; null when nobody could say (accounting does not know it). */
  readonly allocation: Allocation | null;
  readonly script: string | null;
  /** Slurm's own text about the job, for people. */
  readonly description: string | null;
  /** The environment it was submitted with, one `NAME=value` a line; asked for only where the configuration wants it. */
  readonly environment?: string | null;
  /** The user's comment; empty or absent when there is none. */
  readonly comment?: string;
  /** The administrators' comment, which may hold flags for us; empty or absent when there is none. */
  readonly adminComment?: string;
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
