import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';

/** The commands that the emulator has. */
export const commandNames = [
  'sacct',
  'sacctmgr',
  'sbatch',
  'scancel',
  'scontrol',
  'sdiag',
  'sinfo',
  'sprio',
  'squeue',
  'sreport',
  'srun',
  'sshare',
] as const;
export type CommandName = (typeof commandNames)[number];

/** A program to be run where srun was called, once per task. */
export interface LocalRun {
  readonly tasks: number;
  /** Each line begins with the number of its task (`srun -l`). */
  readonly label: boolean;
  readonly argv: readonly string[];
  /** Variables beside those of the caller. */
  readonly env: Readonly<Record<string, string>>;
}

/** One call of one of Slurm's commands, wherever it comes from: an executable, a test, a scenario. */
export interface CommandCall {
  readonly slurm: EmulatedSlurm;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly as: Identity;
  /** What stands on stdin; ends at once where there is none. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Which of them are terminals; of none is nothing known. */
  readonly terminals?: { readonly stdin: boolean; readonly stdout: boolean };
  /**
   * Runs a program where the command was called: with its environment, files, terminal and directory. Gives the exit codes of the tasks, null when
   * the caller left before. Absent where nobody can: in scenarios and tests.
   */
  readonly runThere?: (run: LocalRun) => Promise<readonly number[] | null>;
  /** The cluster's key for auth/jwt, which `scontrol token` signs with. Absent: the cluster has none. */
  readonly jwtKey?: Uint8Array;
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** slurmctld, once it can be reached. Waits as long as a fault has it; throws {@link Unreachable}. */
  controller(): Promise<Slurmctld>;
  /** The same of slurmdbd. */
  database(): Promise<Slurmdbd>;
}

/** The daemon does not answer: commands say it in their own words. */
export class Unreachable extends Error {
  readonly daemon: 'slurmctld' | 'slurmdbd';
  /** `refused` is known at once, `silent` after MessageTimeout. */
  readonly how: 'refused' | 'silent';

  constructor(daemon: 'slurmctld' | 'slurmdbd', how: 'refused' | 'silent') {
    super(`${daemon} does not answer (${how})`);
    this.daemon = daemon;
    this.how = how;
  }
}

/** Runs one command and gives its exit code. */
export type Command = (call: CommandCall) => Promise<number>;
