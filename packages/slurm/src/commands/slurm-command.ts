import {
  type Clock,
  type Ended,
  type ErrorCode,
  type Finished,
  type Processes,
  type ProcessStream,
  type Program,
  SluiceError,
} from '@sluice/io';
import { classifyFailure } from './failure.ts';

/** What the commands connector stands on. Everything outside is passed in. */
export interface CommandsOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  /** Directory that holds Slurm's commands; PATH is searched otherwise. */
  readonly binPath?: string;
  /** Path of slurm.conf (SLURM_CONF); inherited from the environment otherwise. */
  readonly conf?: string;
  /** Cluster to ask (`-M NAME`); otherwise the one this host belongs to, without its federation (`--local`). */
  readonly cluster?: string;
  /**
   * Milliseconds for one command. By default 150,000 until slurm.conf is known, then longer than Slurm itself waits:
   * MessageTimeout for each controller, twice for commands that ask two questions.
   */
  readonly timeoutMs?: number;
  /** Unguessable characters, at least 16, each any of `[A-Za-z0-9]`, new at each call: from them delimiters are made. */
  readonly nonce: () => string;
  /** Called once per command, for metrics. */
  readonly observe?: (observation: CommandObservation) => void;
}

export interface CommandObservation {
  /** Name of the command, e.g. `squeue`. */
  readonly command: string;
  readonly milliseconds: number;
  /** Bytes of stdout. */
  readonly bytes: number;
  readonly result: 'ok' | ErrorCode;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array | AsyncIterable<string>;
  readonly signal?: AbortSignal;
  /** Exit codes that are answers; 0 alone by default. */
  readonly okCodes?: readonly number[];
  readonly timeoutMs?: number;
  /** Variables of the command beside the usual ones, or in their place; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Bytes of stdout at most; 1 GiB for a stream and 256 MiB otherwise. */
  readonly maxOutputBytes?: number;
  /** Whether metrics are not told of it, because it answers many questions and `report` tells of each. */
  readonly unobserved?: boolean;
}

/** Runs Slurm's commands in an environment that holds nothing which changes their answers. */
export interface SlurmCommands {
  /** One command to its end. Throws a {@link SluiceError} unless its exit code is an answer. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** One command, its output as it comes. `ended` rejects with a {@link SluiceError} unless the exit code is an answer. */
  stream(command: string, args: readonly string[], options?: RunOptions): ProcessStream;
  /** Tells metrics of one answer of a command that goes on: since when it was awaited by the monotonic clock, and its bytes. */
  report(command: string, started: number, bytes: number, error?: unknown): void;
  /** Tells how long Slurm itself waits, once slurm.conf has been read: seconds, and number of controllers. */
  learnWaits(messageTimeout: number, controllers: number): void;
}

const unknownWaitMs = 150_000;
const mebibyte = 1024 * 1024;

/**
 * Variables that pass through: those that say where Slurm is and who we are. What would change an answer (SLURM_CLUSTERS,
 * SQUEUE_*, SACCT_*, SINFO_*, SBATCH_*, TZ, LC_*) never does.
 */
const inherited = ['PATH', 'HOME', 'SLURM_CONF', 'SLURM_JWT'] as const;

/** Times as epochs; lists of array tasks whole, which are cut after 64 characters otherwise. */
const slurmSettings = { SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0' } as const;

/** For texts about jobs that people read: times as Slurm shows them to the users of this machine. */
export const forPeople: Readonly<Record<string, undefined>> = { SLURM_TIME_FORMAT: undefined, TZ: undefined };

/** For a command whose SLURM_* variables go further than itself: none of ours. */
export const withoutSettings: Readonly<Record<string, undefined>> = { SLURM_TIME_FORMAT: undefined, SLURM_BITSTR_LEN: undefined };

export function slurmCommands(options: CommandsOptions): SlurmCommands {
  const { processes, clock, observe } = options;
  let waitMs = unknownWaitMs;
  const fixed: Record<string, string> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...slurmSettings };
  if (options.conf !== undefined) fixed['SLURM_CONF'] = options.conf;

  function program(name: string, run: RunOptions, maxOutputBytes: number): Program {
    return {
      name,
      dir: options.binPath,
      timeoutMs: run.timeoutMs ?? options.timeoutMs ?? waitMs,
      inherit: inherited,
      env: present({ ...fixed, ...run.env }),
      maxOutputBytes: run.maxOutputBytes ?? maxOutputBytes,
    };
  }

  function report(command: string, started: number, bytes: number, error?: unknown): void {
    const result = error === undefined ? 'ok' : error instanceof SluiceError ? error.code : 'internal';
    observe?.({ command, milliseconds: clock.monotonic() - started, bytes, result });
  }

  /** What ended well is an answer even if its caller has given up meanwhile: a job that was submitted is there. */
  function judge(command: string, ended: Ended, run: RunOptions): void {
    const answered = ended.code !== null && (run.okCodes ?? [0]).includes(ended.code);
    if (answered) return;
    run.signal?.throwIfAborted();
    throw classifyFailure(command, ended);
  }

  async function run(command: string, args: readonly string[], runOptions: RunOptions = {}): Promise<Finished> {
    const { stdin, signal } = runOptions;
    const started = clock.monotonic();
    let bytes = 0;
    try {
      const finished = await processes.run({
        program: program(command, runOptions, 256 * mebibyte),
        args,
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
      });
      bytes = finished.stdout.length;
      judge(command, finished, runOptions);
      report(command, started, bytes);
      return finished;
    } catch (error) {
      report(command, started, bytes, error);
      throw error;
    }
  }

  function stream(command: string, args: readonly string[], runOptions: RunOptions = {}): ProcessStream {
    const { stdin, signal } = runOptions;
    const started = clock.monotonic();
    const told = runOptions.unobserved ? () => {} : report;
    let bytes = 0;
    const running = processes.stream({
      program: program(command, runOptions, 1024 * mebibyte),
      args,
      ...(stdin === undefined ? {} : { stdin }),
      ...(signal === undefined ? {} : { signal }),
    });
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const chunk of running.stdout) {
        bytes += chunk.length;
        yield chunk;
      }
    }
    async function end(): Promise<Ended> {
      try {
        const ended = await running.ended;
        judge(command, ended, runOptions);
        told(command, started, bytes);
        return ended;
      } catch (error) {
        told(command, started, bytes, error);
        throw error;
      }
    }
    const ended = end();
    ended.catch(() => {});
    return { stdout: counted(), ended };
  }

  function learnWaits(messageTimeout: number, controllers: number): void {
    waitMs = Math.max(30_000, (2 * messageTimeout * Math.max(1, controllers) + 15) * 1000);
  }

  return { run, stream, report, learnWaits };
}

function present(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
