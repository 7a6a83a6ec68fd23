import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { constantTimeEqual } from '@sluice/io';
import { CommandExchange } from './command-exchange.ts';
import { endFrame, FieldReader, type Question, questionOf } from './wire.ts';

export interface CommandServerOptions {
  readonly token: string;
  /** Runs one command until its end; what it throws is for `onFault`, and the executable ends as if there were no daemon. */
  readonly handle: (question: Question, exchange: CommandExchange) => Promise<number>;
  readonly onFault: (error: unknown, command: string) => void;
}

/** Answers the executables on a port of the loopback interface; see wire.ts. */
export class CommandServer {
  readonly #options: CommandServerOptions;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Commands that have asked for their stdin, by the name under which it will come. */
  readonly #awaited = new Map<string, (stdin: Socket, first: Buffer) => void>();

  constructor(options: CommandServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onConnection(socket));
  }

  /** Listens at the port, or at any when it is taken or 0; gives the port. */
  async listen(port: number): Promise<number> {
    try {
      return await listening(this.#server, port);
    } catch (error) {
      if (port === 0) throw error;
      return await listening(this.#server, 0);
    }
  }

  get busy(): number {
    return this.#open.size;
  }

  /** Refuses what is new, and ends what is under way: its executables say that the daemon is lost. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #onConnection(socket: Socket): void {
    const fields = new FieldReader();
    let begun = false;
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    // Whoever is gone needs no answer.
    socket.on('error', () => socket.destroy());
    const onData = (chunk: Buffer) => {
      try {
        fields.push(chunk);
        begun = this.#begin(socket, fields);
        if (begun) socket.off('data', onData);
      } catch {
        socket.destroy();
      }
    };
    socket.on('data', onData);
    socket.on('end', () => {
      if (!begun) socket.destroy();
    });
  }

  /** True once the first fields are complete and the connection has found who handles it. */
  #begin(socket: Socket, fields: FieldReader): boolean {
    const kind = String(fields.peek(0) ?? '');
    if (kind === '' && fields.count === 0) return false;
    if (kind === 'stdin') return this.#beginStdin(socket, fields);
    if (kind !== 'ask') throw new RangeError('neither a question nor an answer');
    const question = questionOf(fields);
    if (question === null) return false;
    this.#admit(question.token);
    void this.#answer(socket, fields, question);
    return true;
  }

  #beginStdin(socket: Socket, fields: FieldReader): boolean {
    if (fields.count < 3) return false;
    const [, token, id] = fields.take(3).map(String);
    this.#admit(token ?? '');
    const taker = this.#awaited.get(id ?? '');
    if (taker === undefined) throw new RangeError('nobody waits for this stdin');
    this.#awaited.delete(id ?? '');
    socket.pause();
    taker(socket, fields.rest());
    return true;
  }

  #admit(token: string): void {
    if (!constantTimeEqual(token, this.#options.token)) throw new RangeError('not the token of this cluster');
  }

  async #answer(socket: Socket, fields: FieldReader, question: Question): Promise<void> {
    const stdinId = randomUUID();
    const exchange = new CommandExchange(socket, fields, {
      stdinId,
      awaitStdin: (taker) => this.#awaited.set(stdinId, taker),
    });
    try {
      const code = await this.#options.handle(question, exchange);
      exchange.end(endFrame(code));
    } catch (error) {
      socket.destroy();
      if (!exchange.signal.aborted) this.#options.onFault(error, question.command);
    } finally {
      this.#awaited.delete(stdinId);
      exchange.close();
    }
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(error);
    server.once('error', onError);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
