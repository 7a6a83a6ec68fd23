import type { Clock } from '@sluice/io';
import type { Health, Log, Metrics } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import type { ShadowOptions } from '../shadow/shadow.ts';
import type { SlurmObservation } from './daemon-metrics.ts';

export interface CcDaemonOptions {
  readonly config: AdapterConfig;
  /** The cluster that this host belongs to when no name is given. */
  readonly connect: (
    cluster: string | undefined,
    observe: (observation: SlurmObservation) => void,
    /** Ends the questions that are under way. */
    ending: AbortSignal,
  ) => SlurmReader;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly health?: Health;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly pid: number;
  /** Release of Sluice, for status. */
  readonly version: string;
  /** Called after each reading of history: what is to be caught up with is in the journal. */
  readonly caughtUp?: () => void;
  /** Called after each look at a controller: what was read of it is not held any longer. */
  readonly looked?: () => void;
  /** Called after each write that was taken. */
  readonly delivered?: () => void;
  /** A dry run beside the program that delivers: nothing is sent, what would have been is reported and compared. */
  readonly shadow?: ShadowOptions;
}
