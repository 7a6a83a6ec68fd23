import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';

/*
 * The executables' side of wire.ts for those who are Node anyway: `sluice emulator …`, and the executables themselves where there is no bash.
 * It imports nothing of the workspace, so that it starts fast and runs by its path alone.
 */

export interface AskOptions {
  /** The file with port and token. */
  readonly door: string;
  readonly command: string;
  readonly argv: readonly (string | Uint8Array)[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly terminals?: string;
  readonly stdin?: AsyncIterable<Uint8Array>;
  out(bytes: Buffer): void;
  err(bytes: Buffer): void;
}

/** Nobody holds the cluster of this directory, or who held it is gone in the middle of an answer. */
export class NobodyThere extends Error {}

/** The cluster is another user's, who does not share it. */
export class NotForUs extends NobodyThere {}

/** Asks the process that holds a cluster; gives the exit code. Throws {@link NobodyThere}. */
export async function ask(options: AskOptions): Promise<number> {
  const { port, token } = readDoor(options.door);
  const socket = await connected(port);
  const variables = Object.entries(options.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const { command, argv, uid, gid, terminals = '', cwd } = options;
  socket.write(
    nulEnded(['ask', token, command, `${uid}`, `${gid}`, terminals, cwd, `${argv.length}`, ...argv, `${variables.length}`, ...variables]),
  );
  const frames = new FrameReader(socket);
  try {
    for (;;) {
      const { kind, words } = await frames.line();
      const size = Number(words[0]);
      if (kind === 'x') return size;
      if (kind === 'o' || kind === 'b') options.out(await frames.bytes(size));
      else if (kind === 'e') options.err(await frames.bytes(size));
      else if (kind === 'i') void feed(port, token, words[0] ?? '', options.stdin);
      else if (kind === 'r') {
        options.err(Buffer.from(`${command}: error: programs are run by the executables for bash alone\n`));
        await frames.fields(Number(words[3]) + Number(words[4]));
        socket.write(nulEnded(['ended', ...Array.from({ length: Number(words[1]) }, () => '1')]));
      }
    }
  } finally {
    socket.destroy();
  }
}

function readDoor(door: string): { readonly port: number; readonly token: string } {
  try {
    const [port, token] = readFileSync(door, 'utf8').trim().split(' ');
    if (port !== undefined && token !== undefined) return { port: Number(port), token };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new NotForUs(`${door} may not be read`, { cause: error });
  }
  throw new NobodyThere(`nobody holds the cluster of ${door}`);
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', (cause) => reject(new NobodyThere('nobody answers', { cause })));
  });
}

async function feed(port: number, token: string, id: string, stdin: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const socket = await connected(port).catch(() => null);
  if (socket === null) return;
  socket.on('error', () => socket.destroy());
  socket.write(nulEnded(['stdin', token, id]));
  try {
    for await (const chunk of stdin ?? []) {
      if (socket.destroyed) return;
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
    }
  } catch {
    // Whoever gave us our stdin took it away: there is no more of it.
  }
  socket.end();
}

function nulEnded(words: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(words.flatMap((word) => [typeof word === 'string' ? Buffer.from(word) : word, Buffer.of(0)]));
}

/** Reads frames piece by piece; the end of the connection before the last one is {@link NobodyThere}. */
class FrameReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async line(): Promise<{ readonly kind: string; readonly words: readonly string[] }> {
    const [kind = '', ...words] = (await this.#until(10)).toString('utf8').split(' ');
    return { kind, words };
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more();
    return this.#taken(count);
  }

  async fields(count: number): Promise<void> {
    for (let field = 0; field < count; field += 1) await this.#until(0);
  }

  async #until(end: number): Promise<Buffer> {
    let at = this.#buffer.indexOf(end);
    while (at === -1) {
      await this.#more();
      at = this.#buffer.indexOf(end);
    }
    return this.#taken(at + 1).subarray(0, at);
  }

  #taken(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next().catch((cause: unknown) => {
      throw new NobodyThere('the connection broke', { cause });
    });
    if (next.done === true) throw new NobodyThere('the answer ended before it was whole');
    this.#buffer = Buffer.concat([this.#buffer, next.value]);
  }
}
