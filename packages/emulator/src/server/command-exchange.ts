import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { LocalRun } from '../commands/command.ts';
import { bytesOfText } from './text-bytes.ts';
import { type FieldReader, runFrame, stderrFrames, stdinFrame, stdoutFrames } from './wire.ts';

interface StdinDoor {
  readonly stdinId: string;
  awaitStdin(taker: (stdin: Socket, first: Buffer) => void): void;
}

/** One command's conversation with its executable: what it writes, what stands on its stdin, whether it is still there. */
export class CommandExchange {
  readonly #socket: Socket;
  readonly #fields: FieldReader;
  readonly #door: StdinDoor;
  readonly #gone = new AbortController();
  #pending: { readonly kind: 'out' | 'err'; readonly parts: Buffer[] } | null = null;
  #flushes = false;
  #stdin: Socket | null = null;

  constructor(socket: Socket, fields: FieldReader, door: StdinDoor) {
    this.#socket = socket;
    this.#fields = fields;
    this.#door = door;
    socket.on('data', (chunk: Buffer) => fields.push(chunk));
    socket.on('end', () => this.#leave());
    socket.on('close', () => this.#leave());
  }

  /** Aborts when the executable is gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  out(bytes: Buffer): void {
    this.#write('out', bytes);
  }

  err(bytes: Buffer): void {
    this.#write('err', bytes);
  }

  /** What stands on the executable's stdin. It is asked for when the first bytes are wanted. */
  async *stdin(): AsyncGenerator<Buffer> {
    if (this.#gone.signal.aborted) return;
    const arrived = new Promise<{ readonly stdin: Socket; readonly first: Buffer } | null>((resolve) => {
      this.#door.awaitStdin((stdin, first) => resolve({ stdin, first }));
      this.#gone.signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    this.#flush();
    this.#socket.write(stdinFrame(this.#door.stdinId));
    const opened = await arrived;
    if (opened === null) return;
    this.#stdin = opened.stdin;
    if (opened.first.length > 0) yield opened.first;
    try {
      for await (const chunk of opened.stdin) yield chunk as Buffer;
    } catch {
      // Who sent it is gone: there is no more of it.
    } finally {
      opened.stdin.destroy();
    }
  }

  /** Has the executable run a program where it was called; gives the exit codes of its tasks, null when it left before. */
  async runThere(run: LocalRun): Promise<readonly number[] | null> {
    this.#flush();
    this.#socket.write(runFrame(run, bytesOfText));
    while (this.#fields.count < 1 + run.tasks) {
      if (this.#gone.signal.aborted) return null;
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close')]);
    }
    return this.#fields
      .take(1 + run.tasks)
      .slice(1)
      .map(Number);
  }

  end(frame: Buffer): void {
    this.#flush();
    this.#socket.end(frame);
  }

  close(): void {
    this.#stdin?.destroy();
    this.#leave();
  }

  #leave(): void {
    if (!this.#gone.signal.aborted) this.#gone.abort();
  }

  /** Gathers what is written in one go: many small pieces would be many frames. */
  #write(kind: 'out' | 'err', bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#pending !== null && this.#pending.kind !== kind) this.#flush();
    this.#pending ??= { kind, parts: [] };
    this.#pending.parts.push(bytes);
    if (this.#flushes) return;
    this.#flushes = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushes = false;
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null || this.#socket.destroyed) return;
    const bytes = Buffer.concat(pending.parts);
    this.#socket.write(pending.kind === 'out' ? stdoutFrames(bytes) : stderrFrames(bytes));
  }
}
