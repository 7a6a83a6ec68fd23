import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '@sluice/io';
import { printJson, printYaml } from '../json/index.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import { type Answer, answerRequest } from './answer-request.ts';
import { phraseOf } from './status.ts';

export type Listen = { readonly path: string } | { readonly host: string; readonly port: number };

export interface SlurmrestdOptions {
  /** A unix socket, or an address; port 0 takes a free one. */
  readonly listen: Listen;
  /** HS256 key of the cluster; null: any token is taken for what it says. */
  readonly jwtKey?: Uint8Array | null;
  /** Who a caller without a token is, as rest_auth/local has it on a unix socket; null (the default): nobody without a token. */
  readonly local?: Identity | null;
  /** Dialects beside those of the release, e.g. 46. */
  readonly moreDialects?: readonly number[];
}

/** A slurmrestd that answers. */
export interface RunningSlurmrestd {
  /** `unix:PATH` or `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** As many bytes as slurmrestd reads of one request. */
const maxBodyBytes = 50 * 1024 * 1024;

/** Serves `/slurm/…` and `/slurmdb/…` of an emulated cluster. Errors: `listen.failed`. */
export async function serveSlurmrestd(slurm: EmulatedSlurm, options: SlurmrestdOptions): Promise<RunningSlurmrestd> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    answer(slurm, options, request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    // A slurmrestd that is down refuses connections; whoever could connect all the same is cut off.
    if (slurm.faults.slurmrestd === 'down') {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listening(server, options.listen);
  const forget = slurm.onChange(() => {
    if (slurm.faults.slurmrestd === 'down') for (const socket of sockets) socket.destroy();
  });
  return {
    address: addressOf(server, options.listen),
    close: async () => {
      forget();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function answer(slurm: EmulatedSlurm, options: SlurmrestdOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readAll(request);
  if (slurm.faults.slurmrestd === 'silent') return;
  const wait = slurm.faults.slowMs + silenceMs(slurm, request.url ?? '/');
  if (wait > 0) await sleep(wait);
  const { jwtKey = null, local = null, moreDialects = [] } = options;
  const source =
    'path' in options.listen ? `unix:${options.listen.path}(fd:11)` : `[${request.socket.remoteAddress}]:${request.socket.remotePort}`;
  const asked = { method: request.method ?? 'GET', url: request.url ?? '/', headers: request.headers, body, source };
  const found = answerRequest(asked, { slurm, jwtKey, local, moreDialects });
  slurm.keep();
  write(response, found, request.headers.accept ?? '');
}

/** A daemon that takes a connection and says nothing costs MessageTimeout. */
function silenceMs({ faults, spec }: EmulatedSlurm, url: string): number {
  const daemon = url.startsWith('/slurmdb/') ? 'slurmdbd' : 'slurmctld';
  return faults[daemon] === 'silent' ? 1000 * Number(spec.settings['MessageTimeout'] ?? 10) : 0;
}

function write(response: ServerResponse, { status, body }: Answer, accept: string): void {
  response.statusMessage = phraseOf(status);
  response.statusCode = status;
  response.sendDate = false;
  if (status >= 400) response.setHeader('Connection', 'Close');
  if (body === null) {
    response.end();
    return;
  }
  const yaml = typeof body !== 'string' && /\bya?ml\b/.test(accept) && !accept.includes('json');
  const text = typeof body === 'string' ? body : yaml ? printYaml(body) : printJson(body);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.setHeader('Content-Type', typeof body === 'string' ? 'text/plain' : yaml ? 'application/yaml' : 'application/json');
  response.end(text);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new RangeError('the body is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function listening(server: Server, listen: Listen): Promise<void> {
  if ('path' in listen) await rm(listen.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = 'path' in listen ? listen.path : `${listen.host}:${listen.port}`;
      const reason = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
      reject(new SluiceError('listen.failed', `slurmrestd cannot listen on ${where}: ${reason}`, { cause }));
    });
    server.listen(listen, resolve);
  });
}

function addressOf(server: Server, listen: Listen): string {
  if ('path' in listen) return `unix:${listen.path}`;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return `${listen.host}:${port}`;
}
