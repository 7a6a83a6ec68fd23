import type { LocalRun } from '../commands/command.ts';

/**
 * What the executables and the daemon say to each other, in a form that a shell can write and read without starting a program.
 * To the daemon: fields, each ended by a NUL byte (which no argument and no variable can hold). From the daemon: frames, a line with
 * a letter and numbers, followed by as many bytes as the first number says.
 *
 * | fields | meaning |
 * |---|---|
 * | `ask TOKEN NAME UID GID TTY CWD n ARG… m NAME=VALUE…` | runs a command; TTY names the file descriptors (0, 1) that are terminals |
 * | `stdin TOKEN ID`, then bytes | the stdin of the command that asked for it; the end of the connection is its end |
 * | `ended CODE…` | on the connection of `ask`, after a `run`: the exit codes of the tasks |
 *
 * | frame | meaning |
 * |---|---|
 * | `o N` | N bytes for stdout, without NUL |
 * | `b N` | N bytes for stdout, many or with NUL |
 * | `e N` | N bytes for stderr |
 * | `i ID` | send stdin on a connection of its own |
 * | `r 0 TASKS LABEL m n`, then m variables and n words, each ended by NUL | runs a program where the executable was called |
 * | `x CODE` | the end |
 */

/** Bytes that a call may have: Linux allows a quarter of the stack, 2 MiB by default, for words and environment. */
const maxFieldBytes = 32 * 1024 * 1024;

/** From this size on, a program copies faster than the shell does. */
const bulkBytes = 128 * 1024;
const shellBytes = 64 * 1024;

/** Cuts a stream of bytes into its fields. */
export class FieldReader {
  #pending: Buffer[] = [];
  #bytes = 0;
  readonly #fields: Buffer[] = [];

  /** Throws a RangeError when a call is longer than any that a system would let pass. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxFieldBytes) throw new RangeError('the call is too long');
    let from = 0;
    for (let at = chunk.indexOf(0, from); at !== -1; at = chunk.indexOf(0, from)) {
      this.#fields.push(Buffer.concat([...this.#pending, chunk.subarray(from, at)]));
      this.#pending = [];
      from = at + 1;
    }
    if (from < chunk.length) this.#pending.push(chunk.subarray(from));
  }

  get count(): number {
    return this.#fields.length;
  }

  peek(index: number): Buffer | undefined {
    return this.#fields[index];
  }

  take(count: number): Buffer[] {
    return this.#fields.splice(0, count);
  }

  /** Bytes behind the last field. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#pending);
    this.#pending = [];
    return rest;
  }
}

/** What an executable asks. */
export interface Question {
  readonly token: string;
  readonly command: string;
  readonly uid: number;
  readonly gid: number;
  readonly terminals: { readonly stdin: boolean; readonly stdout: boolean };
  readonly cwd: Buffer;
  readonly argv: readonly Buffer[];
  /** `NAME=VALUE`. */
  readonly environment: readonly Buffer[];
}

/** The question, once all its fields are there; null before. Throws a RangeError at what is none. */
export function questionOf(fields: FieldReader): Question | null {
  if (fields.count < 8) return null;
  const words = numberOf(fields.peek(7));
  if (fields.count < 9 + words) return null;
  const variables = numberOf(fields.peek(8 + words));
  if (fields.count < 9 + words + variables) return null;
  const [, token, command, uid, gid, terminals, cwd] = fields.take(8);
  const argv = fields.take(words);
  fields.take(1);
  const tty = String(terminals);
  return {
    token: String(token),
    command: String(command),
    uid: numberOf(uid),
    gid: numberOf(gid),
    terminals: { stdin: tty.includes('0'), stdout: tty.includes('1') },
    cwd: cwd ?? Buffer.alloc(0),
    argv,
    environment: fields.take(variables),
  };
}

function numberOf(field: Buffer | undefined): number {
  const text = String(field);
  if (!/^\d{1,10}$/.test(text)) throw new RangeError('a number was expected');
  return Number(text);
}

function fieldsOf(words: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(words.flatMap((word) => [typeof word === 'string' ? Buffer.from(word) : word, Buffer.of(0)]));
}

/** Frames that carry these bytes to stdout. */
export function stdoutFrames(bytes: Buffer): Buffer {
  if (bytes.length >= bulkBytes || bytes.includes(0)) return frame('b', bytes);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += shellBytes) frames.push(frame('o', bytes.subarray(at, at + shellBytes)));
  return Buffer.concat(frames);
}

export function stderrFrames(bytes: Buffer): Buffer {
  // No message of Slurm holds a NUL; a shell would drop it.
  const shown = bytes.includes(0) ? Buffer.from(bytes.filter((byte) => byte !== 0)) : bytes;
  return shown.length === 0 ? shown : frame('e', shown);
}

export function endFrame(code: number): Buffer {
  return Buffer.from(`x ${code}\n`);
}

export function stdinFrame(id: string): Buffer {
  return Buffer.from(`i ${id}\n`);
}

export function runFrame({ tasks, label, argv, env }: LocalRun, encode: (text: string) => Buffer): Buffer {
  const variables = Object.entries(env).map(([name, value]) => encode(`${name}=${value}`));
  const fields = fieldsOf([...variables, ...argv.map(encode)]);
  return Buffer.concat([Buffer.from(`r 0 ${tasks} ${label ? 1 : 0} ${variables.length} ${argv.length}\n`), fields]);
}

function frame(kind: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${kind} ${bytes.length}\n`), bytes]);
}
