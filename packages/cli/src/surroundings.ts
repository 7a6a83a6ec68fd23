import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Clock, type Processes, systemClock, systemProcesses } from '@sluice/io';

/** Where text goes. */
export interface Output {
  write(text: string): void;
  /** Columns of the terminal, or undefined when it is none. */
  readonly columns: number | undefined;
}

/** All that a command may use of the world around it. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly processes: Processes;
  /** Name of the user we run as; the number as text when it has none. */
  userName(): string;
  /** Letters that nobody can foresee, for the frames of Slurm's answers. */
  nonce(): string;
  /** Aborted when the user interrupts (SIGINT, SIGTERM). */
  readonly interrupted: AbortSignal;
}

/** The machine as it is. */
export function systemSurroundings(): Surroundings {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(new Error(signal)));
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    clock: systemClock(),
    processes: systemProcesses(process.env),
    userName,
    nonce: () => randomBytes(12).toString('hex'),
    interrupted: interrupt.signal,
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      stream.write(text);
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user that no directory knows, as in some containers.
    return String(process.getuid?.() ?? '');
  }
}
