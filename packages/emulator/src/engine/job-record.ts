import type { Epoch, ExitCode } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import type { Demand } from './demand.ts';
import type { DependencyTerm } from './dependency.ts';
import type { Plan } from './plan.ts';
import type { Timer } from './timers.ts';

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What can happen to a job by itself. */
export type JobTimer = 'eligible' | 'deadline' | 'play' | 'limit' | 'kill' | 'epilog' | 'forget';

/** A job as the engine keeps it: what everyone sees, and `own`, which is nobody else's. Plain JSON, for it is a row of the state. */
export interface JobRecord extends Mutable<EmulatedJob> {
  own: OwnState;
}

export interface OwnState {
  demand: Demand;
  timers: Timer<JobTimer>[];
  dependency: { readonly terms: readonly DependencyTerm[]; readonly any: boolean } | null;
  /** Of an array, as it was submitted. */
  array: { readonly count: number; readonly min: number; readonly max: number; readonly step: number } | null;
  /** The reason it pended for last, beside Priority and Resources: accounting keeps it. */
  lastReason: string;
  /** How this run goes; null while it pends, and for a script that really runs. */
  plan: Plan | null;
  /** Seconds of its run that are played, up to the last look. */
  playedAt: Epoch | null;
  /** What it will have ended as, once it is killed: set when it is told to end. */
  ending: { readonly state: EmulatedJob['state']; readonly exit: ExitCode; readonly reason: string; readonly by: number | null } | null;
  /** It goes back into the queue when it has ended. */
  requeueAfter: { readonly hold: boolean; readonly special: boolean } | null;
  /** Jobs of the same shape start or wait alike: what was found of one holds for all within a cycle. */
  shape: string;
  /** Its part without account, QOS and time limit: jobs of the same fit find room or do not find it alike. */
  fit: string;
  /** EpilogSlurmctld runs: it is not complete before that has ended. */
  epilogRuns: boolean;
  /** Not before this moment. */
  begin: Epoch | null;
  /** Whether a limit was given; else the partition's holds. */
  limitGiven: boolean;
  priorityGiven: number | null;
  /** Jobs that share a core with it at most, itself included. */
  rows: number;
  /** Share of its CPUs that it uses: less than 1 with fewer threads per core than there are. */
  threadShare: number;
  /** It stands in the queue of jobs that may start. */
  queued: boolean;
  /** It stands in counts of submitted jobs. */
  counted: boolean;
}
