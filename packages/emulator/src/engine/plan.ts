import type { ExitCode } from '@sluice/slurm';
import type { PlayedEnd } from '../model/job.ts';

/** A step that srun runs, in seconds of the run. */
export interface PlannedStep {
  readonly from: number;
  /** Null: until the job ends. */
  readonly to: number | null;
  readonly name: string;
  /** Null: as many as the job has. */
  readonly tasks: number | null;
  readonly nodes: number | null;
  readonly exit: ExitCode;
  readonly submitLine: string;
  /** Components of a het job that it runs on; null: the leader alone. */
  readonly hetGroup: readonly number[] | null;
}

/** How a run goes that is only played: its steps, how long it takes, and how it ends. */
export interface Plan {
  readonly seconds: number;
  readonly exit: ExitCode;
  readonly steps: readonly PlannedStep[];
  /** An end that no exit code tells of. */
  readonly end?: PlayedEnd;
}
