import type { Faults } from '../model/emulated-slurm.ts';

/** The name under which `sluice emulator …` asks; it is none of Slurm's commands. */
export const ownCommand = 'sluice-emulator';

/** What `sluice emulator …` asks: one JSON word. */
export type OwnRequest =
  | { readonly ask: 'status' }
  | { readonly ask: 'faults'; readonly changes: Partial<Faults> }
  /** Seconds since the epoch, seconds, and a factor. */
  | { readonly ask: 'time'; readonly advance?: number; readonly set?: number; readonly rate?: number };

export type OwnAnswer = { readonly status: EmulatorStatus } | { readonly error: string };

/** What `sluice emulator status --json` prints of a cluster that runs. */
export interface EmulatorStatus {
  readonly directory: string;
  readonly pid: number;
  /** When the process began, by the machine's clock: seconds since the epoch. */
  readonly since: number;
  /** What runs the executables. */
  readonly shell: string;
  /** Where slurmrestd listens; null when it does not. */
  readonly rest: string | null;
  /** Where the control API listens; null when it does not. */
  readonly control: string | null;
  readonly cluster: string;
  readonly release: string;
  readonly time: { readonly now: number; readonly rate: number };
  readonly controllers: readonly { readonly host: string; readonly up: boolean }[];
  /** How many nodes are in which state, e.g. `{ IDLE: 5, 'IDLE+DRAIN': 1 }`. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly partitions: readonly string[];
  /** How many jobs slurmctld holds, by base state. */
  readonly jobs: Readonly<Record<string, number>>;
  readonly faults: Faults;
}
