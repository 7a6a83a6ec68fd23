import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SluiceError } from './errors.ts';
import type { Call, Ended, ProcessStream } from './process.ts';

const stderrCap = 64 * 1024;

/** How long a program may take over its end. */
export interface Graces {
  /** Milliseconds from SIGTERM to SIGKILL, and from there until it is given up: a program may hang in the kernel. */
  readonly killMs: number;
  /** Milliseconds between two looks at the pipes of a program that has exited: children of it may still hold them. */
  readonly drainMs: number;
}

/**
 * One program, held to its time-out, its output cap and its caller's signal. Its process group is ended as a whole,
 * because at many sites a Slurm command is a shell script around the real one.
 */
export class RunningProgram implements ProcessStream {
  readonly stdout: AsyncGenerator<Buffer>;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #call: Call;
  readonly #graces: Graces;
  readonly #outcome = Promise.withResolvers<Ended>();
  readonly #started = performance.now();
  readonly #stderr: Buffer[] = [];
  readonly #onAbort = () => this.#break(this.#call.signal?.reason);
  readonly #limit: NodeJS.Timeout;
  #killer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  #drained = false;
  #exited = false;
  #broken: { readonly reason: unknown } | undefined;

  /** `startError` gives the typed error for a child that turns out not to have started. */
  constructor(child: ChildProcess, call: Call, graces: Graces, startError: (error: Error) => SluiceError) {
    this.#child = child;
    this.#call = call;
    this.#graces = graces;
    this.ended = this.#outcome.promise;
    // Who reads stdout learns of an error there; it must not end our process as an unhandled rejection of `ended`.
    this.ended.catch(() => {});
    this.stdout = this.#read();

    child.on('error', (error) => child.pid === undefined && this.#settle(() => this.#outcome.reject(startError(error))));
    child.on('exit', () => this.#onExit());
    child.on('close', (code, signal) => this.#finish(code, signal));
    // With a listener for `readable`, Node does not throw away at the exit what nobody has begun to read.
    child.stdout?.on('readable', () => {});
    child.stdout?.on('error', () => {});
    child.stderr?.on('error', () => {});
    child.stderr?.on('data', keepFirst(this.#stderr, stderrCap));
    // A program may exit without having read its stdin: the broken pipe is no error of ours.
    child.stdin?.on('error', () => {});
    this.#write();

    const { name, timeoutMs } = call.program;
    this.#limit = setTimeout(() => {
      if (!this.#exited) this.#break(new SluiceError('process.timeout', `${name} did not end within ${timeoutMs / 1000} s and was ended`));
    }, timeoutMs);
    if (call.signal?.aborted) this.#onAbort();
    else call.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  #write(): void {
    const { stdin } = this.#child;
    const { stdin: text } = this.#call;
    if (!stdin) return;
    if (typeof text === 'object' && Symbol.asyncIterator in text) pipeline(Readable.from(text), stdin).catch(() => {});
    else stdin.end(text);
  }

  async *#read(): AsyncGenerator<Buffer> {
    const { name, maxOutputBytes } = this.#call.program;
    let bytes = 0;
    let left = true;
    try {
      for await (const chunk of this.#child.stdout ?? []) {
        bytes += chunk.length;
        if (bytes > maxOutputBytes) {
          this.#break(new SluiceError('process.output', `${name} wrote more than ${maxOutputBytes} bytes and was ended`));
          break;
        }
        yield chunk;
      }
      left = false;
    } catch (error) {
      left = false;
      if (!this.#drained) this.#break(error);
    } finally {
      if (left) this.#end();
    }
    // A cut answer must not look like a short one: the reader gets the reason, after the program is gone.
    if (this.#broken || this.#child.pid === undefined) await this.ended;
  }

  #break(reason: unknown): void {
    this.#broken ??= { reason };
    this.#child.stdout?.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#killer || this.#exited) return;
    this.#signalGroup('SIGTERM');
    this.#killer = setTimeout(() => {
      this.#signalGroup('SIGKILL');
      this.#killer = setTimeout(() => this.#abandon(), this.#graces.killMs);
    }, this.#graces.killMs);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone, or runs as a user whom we may not signal; then the program's end is its own affair.
    }
  }

  #onExit(): void {
    this.#exited = true;
    // It was ended, and its children may have survived SIGTERM.
    if (this.#killer) this.#signalGroup('SIGKILL');
    let looks = 0;
    this.#drain = setInterval(() => {
      const { stdout, stderr } = this.#child;
      // All that the program itself wrote lay in the pipes when it exited. At the second look an empty buffer shows that it is read;
      // what a child of it may still write is not waited for.
      looks += 1;
      if (looks < 2) return;
      stderr?.destroy();
      if (!stdout || stdout.destroyed || stdout.readableLength > 0) return;
      this.#drained = true;
      stdout.destroy();
    }, this.#graces.drainMs);
  }

  #finish(code: number | null, signal: NodeJS.Signals | null): void {
    this.#settle(() => {
      if (this.#broken) this.#outcome.reject(this.#broken.reason);
      else this.#outcome.resolve({ code, signal, stderr: Buffer.concat(this.#stderr).toString('utf8'), durationMs: this.#duration() });
    });
  }

  /** Not even SIGKILL ended it: it hangs in the kernel, or is not ours to kill. */
  #abandon(): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream?.destroy();
    this.#child.unref();
    this.#finish(null, 'SIGKILL');
  }

  #settle(outcome: () => void): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#killer);
    clearInterval(this.#drain);
    this.#call.signal?.removeEventListener('abort', this.#onAbort);
    this.#child.stdin?.destroy();
    outcome();
  }

  #duration(): number {
    return performance.now() - this.#started;
  }
}

/** A listener that keeps the first `cap` bytes and lets the rest go by, so that the writer never blocks. */
function keepFirst(kept: Buffer[], cap: number): (chunk: Buffer) => void {
  let room = cap;
  return (chunk) => {
    if (room > 0) kept.push(chunk.subarray(0, room));
    room -= chunk.length;
  };
}
