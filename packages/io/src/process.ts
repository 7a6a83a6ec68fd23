/** A program as data: what may be run and within which bounds. */
export interface Program {
  /** Name of the executable, e.g. `sacct`; looked up in `dir` or else in PATH. */
  readonly name: string;
  /** Directory that holds the executable; PATH is not consulted then. */
  readonly dir?: string | undefined;
  /**
   * Milliseconds after which it and its children are sent SIGTERM, and SIGKILL two seconds later. Of a stream the time
   * that its reader takes counts as well, because the program waits for it.
   */
  readonly timeoutMs: number;
  /** Names of the variables it inherits from our environment; all others are dropped. */
  readonly inherit: readonly string[];
  /** Variables it gets besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes it may write to stdout before it is ended. For `stream` the cap holds for the whole stream. */
  readonly maxOutputBytes: number;
}

export interface Call {
  readonly program: Program;
  readonly args: readonly string[];
  /**
   * Written to stdin, which is then closed; without it stdin is /dev/null. Text that comes piece by piece is written as it
   * comes, for a program that answers questions one after the other; what comes after the program's end is not taken.
   */
  readonly stdin?: string | Uint8Array | AsyncIterable<string>;
  readonly signal?: AbortSignal;
}

/** How a program ended. */
export interface Ended {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to stderr, at most the first 64 KiB, decoded as UTF-8. */
  readonly stderr: string;
  readonly durationMs: number;
}

export interface Finished extends Ended {
  readonly stdout: Buffer;
}

export interface ProcessStream {
  /**
   * The bytes of stdout as they come; the program waits while they are not taken, so read them all or leave the iteration
   * early, which ends the program. If it could not run or broke a bound, the iteration throws the error with which `ended` rejects.
   */
  readonly stdout: AsyncIterable<Buffer>;
  /**
   * Settles when the program has ended and stdout is read. Rejects with a typed error if it could not run or broke a
   * bound, with the signal's reason if the caller aborted.
   */
  readonly ended: Promise<Ended>;
}

/**
 * The door to processes. An exit code other than zero is an answer, not an error: the caller judges it. Errors are
 * `process.missing`, `process.denied`, `process.start`, `process.timeout`, `process.output`; `data.invalid` for a NUL
 * character in an argument; and the reason of the caller's signal. Neither function throws at the call.
 */
export interface Processes {
  run(call: Call): Promise<Finished>;
  stream(call: Call): ProcessStream;
}
