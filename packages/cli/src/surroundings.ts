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
  /** The configuration that is read when none is named; it need not exist. */
  readonly configFile: string;
  readonly clock: Clock;
  readonly processes: Processes;
  /** Name of the user we run as; the number as text when it has none. */
  userName(): string;
  /** 24 letters and digits that nobody can foresee, for the frames of Slurm's answers. */
  nonce(): string;
  /** Aborted with `Interrupted` when the user interrupts (SIGINT, SIGTERM) or our output cannot be written any more. */
  readonly interrupted: AbortSignal;
  /** Leaves SIGINT and SIGTERM to a program that stops in order by itself; `interrupted` no longer follows them. */
  leaveSignals(): void;
}

/** Milliseconds that a command has to end by itself once it is interrupted: longer than a program gets until SIGKILL. */
const graceMs = 3000;

/** The machine as it is. */
export function systemSurroundings(): Surroundings {
  const interrupt = new AbortController();
  const end = (why: string, exitCode: number) => {
    interrupt.abort(new Interrupted(why, exitCode));
    setTimeout(() => process.exit(exitCode), graceMs).unref();
  };
  const onSignal: Readonly<Record<string, () => void>> = {
    SIGINT: () => end('interrupted by SIGINT', 130),
    SIGTERM: () => end('interrupted by SIGTERM', 143),
  };
  for (const [signal, listener] of Object.entries(onSignal)) process.once(signal, listener);
  return {
    stdout: outputOf(process.stdout, (code) => {
      // Whoever read our output (`| head`) has seen enough; Slurm need not go on for it.
      if (code === 'EPIPE') return end('nobody reads the output', 0);
      process.stderr.write(`sluice: the output cannot be written: ${code}\n`);
      // It may turn out when all is done.
      process.exitCode = notWritten;
      end('the output cannot be written', notWritten);
    }),
    // What is lost of it changes no result: the work goes on.
    stderr: outputOf(process.stderr, () => {}),
    env: process.env,
    configFile: '/etc/sluice/sluice.yaml',
    clock: systemClock(),
    processes: systemProcesses(process.env),
    userName,
    nonce: () => lettersAndDigits(24),
    interrupted: interrupt.signal,
    leaveSignals() {
      for (const [signal, listener] of Object.entries(onSignal)) process.off(signal, listener);
    },
  };
}

/** Random letters and digits, each of the 62 as likely as any other: base64 without its `+` and `/`. */
function lettersAndDigits(length: number): string {
  let text = '';
  while (text.length < length) text += randomBytes(length).toString('base64').replace(/[+/=]/g, '');
  return text.slice(0, length);
}

/** Why a command's work was aborted. */
export class Interrupted extends Error {
  /** The exit code that follows; of a signal what a shell reports of a program that it ended. */
  readonly exitCode: number;

  constructor(why: string, exitCode: number) {
    super(why);
    this.exitCode = exitCode;
  }
}

/** EX_IOERR of sysexits.h. */
const notWritten = 74;

/** `onError` gets the code of the first error; nothing is written after it. */
function outputOf(stream: NodeJS.WriteStream, onError: (code: string) => void): Output {
  let closed = false;
  stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
    if (closed) return;
    closed = true;
    onError(code);
  });
  return {
    write: (text) => {
      if (!closed) stream.write(text);
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
