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

/** Milliseconds that a command has to end by itself once it is interrupted. */
const graceMs = 2000;

/** The machine as it is. */
export function systemSurroundings(): Surroundings {
  const interrupt = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      interrupt.abort(new Interrupted(signal, code));
      setTimeout(() => process.exit(code), graceMs).unref();
    });
  }
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

/** The user interrupted; why a command's work was aborted. */
export class Interrupted extends Error {
  /** What a shell reports of a program that the signal ended. */
  readonly exitCode: number;

  constructor(signal: string, exitCode: number) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCode;
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output (`| head`) has seen enough.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
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
