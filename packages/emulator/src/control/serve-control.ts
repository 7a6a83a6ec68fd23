import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SluiceError } from '@sluice/io';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { SlurmError } from '../model/slurmctld.ts';
import { jwtKeyPath, keptJwtKey } from '../rest/jwt-key.ts';
import { ControlBooks } from './control-books.ts';
import { type ControlContext, controlRoutes } from './control-routes.ts';

export interface ControlOptions {
  /** `HOST:PORT`, `[IPV6]:PORT` or `:PORT` (loopback); port 0 takes one that is free. */
  readonly listen: string;
  /** Callers must send it as `Authorization: Bearer …`. Without it only loopback may be listened on. */
  readonly token?: string;
  /** Keeps allocations and what else Slurm does not know; without it they last as long as the process. */
  readonly file?: string;
  /** Signs the tokens of `POST /api/token`. By default the cluster's key (AuthAltParameters, jwt_key), or one that nobody knows. */
  readonly jwtKey?: Uint8Array;
  /** What went wrong in us: the caller is told 500 and no more. */
  readonly onFault?: (error: unknown) => void;
}

export interface ControlPlane {
  /** `127.0.0.1:8080`, with the port that was chosen. */
  readonly address: string;
  close(): Promise<void>;
}

const bodyBytes = 1024 * 1024;

/**
 * The control API of an emulated cluster over HTTP: time, accounts, limits, QOS and usage for agents and tests; docs/emulator-scenarios.md. What it
 * writes, Slurm's commands show. Errors: those of {@link controlAddress}, `listen.failed`.
 */
export async function serveControl(slurm: EmulatedSlurm, options: ControlOptions): Promise<ControlPlane> {
  const { host, port } = controlAddress(options);
  const context: ControlContext = { slurm, books: new ControlBooks(options.file), key: options.jwtKey ?? clusterKey(slurm) };
  // As everywhere, node:http is asked for when something is served (see the bundle).
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    answer(request, response, context, options).catch((error) => {
      options.onFault?.(error);
      response.destroy();
    });
  });
  await listening(server, host, port, options.listen);
  return {
    address: boundAddress(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function clusterKey({ spec }: EmulatedSlurm): Uint8Array {
  const path = jwtKeyPath(spec.settings);
  return path === null ? randomBytes(32) : keptJwtKey(path, randomBytes);
}

async function answer(request: IncomingMessage, response: ServerResponse, context: ControlContext, options: ControlOptions): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : url.pathname;
    refuseStrangers(request, options.token);
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const key = `${method} ${path}`;
    const route = Object.hasOwn(controlRoutes, key) ? controlRoutes[key] : undefined;
    if (route === undefined) throw noRoute(path);
    const body = method === 'POST' ? await jsonBody(request) : undefined;
    const answer = route(context, { body, query: url.searchParams });
    context.slurm.keep();
    send(response, 200, answer);
  } catch (error) {
    request.resume();
    const { status, detail } = refused(error);
    if (status === 500) options.onFault?.(error);
    send(response, status, { detail });
  }
}

/** An answer that is no success. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function noRoute(path: string): Refusal {
  const others = Object.keys(controlRoutes).filter((key) => key.endsWith(` ${path}`));
  return others.length > 0
    ? new Refusal(405, `${path} takes ${others.map((key) => key.split(' ')[0]).join(', ')}`)
    : new Refusal(404, 'Not Found');
}

function refused(error: unknown): { readonly status: number; readonly detail: string } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (error instanceof SlurmError) return { status: 400, detail: error.message };
  if (error instanceof SluiceError && ['data.invalid', 'slurm.unknown'].includes(error.code)) return { status: 400, detail: error.message };
  return { status: 500, detail: 'the emulator failed at this request; its log says why' };
}

/** Whoever does not know the token; and pages that a browser has open, which may send to loopback whatever they like. */
function refuseStrangers({ headers }: IncomingMessage, token: string | undefined): void {
  if (headers.origin !== undefined) throw new Refusal(403, 'not for pages in a browser');
  if (token === undefined) return;
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) throw new Refusal(401, 'a token is needed: Authorization: Bearer …');
}

async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytes) throw new Refusal(413, `a body may have ${bodyBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

/** Where the control API is to listen. Errors: `usage` for what is no address, or one open to others without a token. */
export function controlAddress({ listen, token }: Pick<ControlOptions, 'listen' | 'token'>): {
  readonly host: string;
  readonly port: number;
} {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new SluiceError('usage', `"${listen}" is no address to listen on`, { hint: 'Use HOST:PORT.' });
  const host = match[1] ?? (match[2] || '127.0.0.1');
  if (token === undefined && host !== 'localhost' && host !== '::1' && !/^127\.\d+\.\d+\.\d+$/.test(host)) {
    throw new SluiceError('usage', `${listen} can be reached from other machines: the control API needs a token there`, {
      hint: 'Set SLUICE_EMULATOR_CONTROL_TOKEN, or listen on 127.0.0.1.',
    });
  }
  return { host, port };
}

function listening(server: Server, host: string, port: number, listen: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
      reject(new SluiceError('listen.failed', `cannot listen on ${listen}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function boundAddress(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
