import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, SluiceError } from '@sluice/io';
import { formatHookAddress, type HookAddress, isWildcard } from './address.ts';
import type { HookEvent } from './event.ts';
import { decodeMessage } from './message.ts';

export interface ListenerLimits {
  /** Bytes of one message; 65,536 by default. The stock hook sends some 2 KiB, comments and paths included. */
  readonly messageBytes?: number;
  /** Milliseconds a message may take from its connection to its end; 5,000 by default. */
  readonly messageMs?: number;
  /** Connections at a time; 1,024 by default. */
  readonly connections?: number;
  /** Bytes held of all unfinished messages together; 8 MiB by default. */
  readonly heldBytes?: number;
}

export interface ListenerOptions {
  readonly clock: Clock;
  readonly limits?: ListenerLimits;
  onEvent(event: HookEvent): void;
  /** One refused message or connection, and why. */
  onRefused(reason: string): void;
}

export interface HookListener {
  /** Ends all connections and takes the socket away. */
  close(): Promise<void>;
}

/**
 * Takes the stock hook's messages: one JSON object of strings per connection, up to its end. A unix socket gets mode 0666 as cc-slurm-adapter
 * gives it; who may reach it is decided by the mode of its directory. Over TCP anybody who reaches the port may send; an event is only a
 * reason to ask Slurm about a job, so that a false one costs a question and changes nothing.
 *
 * A socket file that nobody answers at is replaced; anything else in its place is an error. Throws `instance.running` when somebody answers
 * there, `listen.failed` when the address cannot be had.
 */
export async function listenForHooks(address: HookAddress, options: ListenerOptions): Promise<HookListener> {
  const { messageBytes = 65_536, messageMs = 5000, connections = 1024, heldBytes = 8 * 2 ** 20 } = options.limits ?? {};
  const open = new Set<Socket>();
  let held = 0;

  function serve(socket: Socket): void {
    const chunks: Buffer[] = [];
    let length = 0;
    let decided = false;
    const timer = new AbortController();

    function decide(refused: string | null): void {
      if (decided) return;
      decided = true;
      timer.abort();
      held -= length;
      open.delete(socket);
      socket.destroy();
      const found = refused ?? decodeMessage(Buffer.concat(chunks, length), options.clock.now());
      if (typeof found === 'string') options.onRefused(found);
      else options.onEvent(found);
    }

    open.add(socket);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      held += chunk.length;
      if (length > messageBytes) decide(`the message is longer than ${messageBytes} bytes`);
      else if (held > heldBytes) decide('too many unfinished messages are held');
    });
    socket.on('end', () => decide(null));
    socket.on('error', (error: NodeJS.ErrnoException) => decide(`the connection failed: ${error.code ?? 'unknown error'}`));
    socket.on('close', () => decide('the connection was closed'));
    options.clock.sleep(messageMs, timer.signal).then(
      () => decide(`the message did not end within ${messageMs} ms`),
      () => {},
    );
  }

  if (address.kind === 'unix') await removeStale(address.path);
  const server = createServer({ allowHalfOpen: true }, serve);
  server.maxConnections = connections;
  server.on('drop', () => options.onRefused(`more than ${connections} connections at a time`));
  await listening(server, address);

  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listening(server: Server, address: HookAddress): Promise<void> {
  const where: ListenOptions =
    address.kind === 'unix' ? { path: address.path } : { port: address.port, ...(isWildcard(address.host) ? {} : { host: address.host }) };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...where, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    if (address.kind === 'unix') chmodSync(address.path, 0o666);
  } catch (error) {
    server.close();
    throw notListening(address, error as NodeJS.ErrnoException);
  }
  // An accept that fails (no descriptors left) is tried again by the server with the next connection.
  server.on('error', () => {});
}

/** Takes a socket away that a daemon left behind when it was killed. */
async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new SluiceError('listen.failed', `${path} is in the way: it is not a socket`, {
      hint: 'Remove it, or name another path as prepSockListenPath.',
    });
  }
  const answer = await knock(path);
  if (answer === null) {
    throw new SluiceError('instance.running', `somebody answers at ${path}`, {
      hint: 'Stop the other daemon (Sluice or cc-slurm-adapter), or name another path as prepSockListenPath.',
    });
  }
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') {
    throw new SluiceError('listen.failed', `whether somebody answers at ${path} cannot be found out: ${answer}`, {
      hint: 'Make the socket and its directory accessible to the daemon, or remove the socket.',
    });
  }
  try {
    unlinkSync(path);
  } catch (error) {
    const errno = error as NodeJS.ErrnoException;
    if (errno.code !== 'ENOENT') throw notListening({ kind: 'unix', path }, errno);
  }
}

/** Null when somebody answers, else the errno of connect(2). */
function knock(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'));
  });
}

function notListening(address: HookAddress, error: NodeJS.ErrnoException): SluiceError {
  // libuv tells EACCES also for a directory that is missing.
  const code = address.kind === 'unix' && !existsSync(dirname(address.path)) ? 'ENOENT' : (error.code ?? error.message);
  return new SluiceError('listen.failed', `prepSockListenPath ${formatHookAddress(address)} cannot be had: ${code}`, {
    cause: error,
    hint: hints[code] ?? 'Name an address or path of this machine that the daemon may use.',
  });
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: "Make the socket's directory first, for example with RuntimeDirectory= in the unit.",
  EACCES: "The daemon's user must be able to write the socket's directory, and ports below 1024 need CAP_NET_BIND_SERVICE.",
  EADDRINUSE: 'Another program listens there. `ss -lp` names it.',
  EADDRNOTAVAIL: 'The machine does not have this address.',
};
