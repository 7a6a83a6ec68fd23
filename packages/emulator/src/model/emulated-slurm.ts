import type { Epoch } from '@sluice/slurm';
import type { Slurmctld } from './slurmctld.ts';
import type { JobRow, Slurmdbd } from './slurmdbd.ts';
import type { ClusterSpec } from './spec.ts';

/** The time of the cluster. It runs with the machine's, `rate` times as fast, or stands still; and it can be moved forward. */
export interface EmulatedTime {
  now(): Epoch;
  readonly rate: number;
  /** 0 stands still, 1 is the machine's own pace. */
  setRate(rate: number): void;
  /** Lets everything happen that lies between: jobs begin, end and are forgotten, usage decays. */
  advance(seconds: number): void;
  /** To a later moment as {@link advance}; to an earlier one only the clock jumps (as with a machine whose clock is set back). */
  set(to: Epoch): void;
}

/** What goes wrong on demand. */
export interface Faults {
  /** `down` refuses connections, `silent` takes them and never answers. */
  readonly slurmctld: 'up' | 'down' | 'silent';
  /** The first of two controllers alone: the second answers in its place; `up` when absent. */
  readonly primary?: 'up' | 'down';
  readonly slurmdbd: 'up' | 'down' | 'silent';
  readonly slurmrestd: 'up' | 'down' | 'silent';
  /** Milliseconds before every answer. */
  readonly slowMs: number;
  /** Answers of commands end after so many bytes of stdout, with exit code 0; null: they are whole. */
  readonly truncateAfter: number | null;
  /** Share of the questions, 0 to 1, that find squeue and scontrol saying nothing, with exit code 0. */
  readonly emptyShare: number;
  /** Seconds by which what slurmctld says reaches slurmdbd late. */
  readonly accountingLagSeconds: number;
}

export const noFaults: Faults = {
  slurmctld: 'up',
  primary: 'up',
  slurmdbd: 'up',
  slurmrestd: 'up',
  slowMs: 0,
  truncateAfter: null,
  emptyShare: 0,
  accountingLagSeconds: 0,
};

/** A whole emulated Slurm: what its commands, its REST plane and its control API are made of. */
export interface EmulatedSlurm {
  readonly spec: ClusterSpec;
  readonly controller: Slurmctld;
  readonly database: Slurmdbd;
  readonly time: EmulatedTime;
  readonly faults: Faults;
  setFaults(changes: Partial<Faults>): void;
  /** Called after something changed: a job began or ended, time moved, a fault was set. */
  onChange(listener: () => void): () => void;
  /** Usage that no job made, as the control API injects it: TRES-seconds for an association, at a moment. */
  injectUsage(usage: {
    readonly account: string;
    readonly user: string;
    readonly seconds: Readonly<Record<string, number>>;
    readonly at?: Epoch;
    /** What stands for it in accounting; without it accounting knows nothing of it. */
    readonly row?: JobRow;
  }): void;
  /** Writes what callers have changed: whoever is answered now finds it again after a SIGKILL. What happens by itself is written within a second. */
  keep(): void;
  /** Writes what is not written yet, ends local processes of jobs, closes the file. */
  close(): Promise<void>;
}
