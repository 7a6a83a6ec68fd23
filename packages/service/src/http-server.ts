import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { SluiceError } from '@sluice/io';
import type { Health, HealthReport } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsOptions {
  /** `127.0.0.1:9105`, `[::1]:9105`, `:9105` (loopback) or `unix:/run/sluice/ops.sock`. */
  readonly listen: string;
  readonly health: Health;
  readonly metrics?: Metrics;
  /** Addresses other than loopback are refused without it: nothing here asks who calls. */
  readonly allowRemote?: boolean;
}

export interface OperationsServer {
  /** Where it listens, with the port that was chosen for `:0`. */
  readonly address: string;
  close(): Promise<void>;
}

type Target = { readonly kind: 'unix'; readonly path: string } | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Serves `/healthz`, `/readyz` (200 or 503, JSON) and `/metrics` (Prometheus text). Errors: `config.invalid` for an
 * address that is none or not loopback, `listen.failed` when it cannot be had.
 */
export async function serveOperations(options: OperationsOptions): Promise<OperationsServer> {
  const target = parseListen(options.listen);
  if (target.kind === 'tcp' && !options.allowRemote && !isLoopback(target.host)) {
    throw new SluiceError(
      'config.invalid',
      `${options.listen} is reachable from other machines: metrics and health are served on loopback`,
      {
        hint: 'Use 127.0.0.1, [::1] or unix:/path.',
      },
    );
  }
  // Loaded when something is served: a program without a listener does not carry it. As an ES module it would look at each of
  // its exports, and so load fetch and WebSocket for 10 MB (Node 24).
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(
    { requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) => {
      answer(request, response, options).catch(() => response.destroy());
    },
  );
  server.maxConnections = 32;
  try {
    if (target.kind === 'unix') await removeStale(target.path);
    await listening(server, target);
    if (target.kind === 'unix') chmodSync(target.path, 0o660);
  } catch (error) {
    server.close();
    throw listenError(options.listen, error);
  }
  return {
    address: addressOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, { health, metrics }: OperationsOptions): Promise<void> {
  request.resume();
  const path = (request.url ?? '').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'text/plain', 'only GET and HEAD\n');
  else if (path === '/healthz') sendReport(response, await health.live());
  else if (path === '/readyz') sendReport(response, await health.ready());
  else if (path === '/metrics' && metrics) send(response, 200, metrics.contentType, await metrics.text());
  else send(response, 404, 'text/plain', `there are /healthz, /readyz${metrics ? ' and /metrics' : ''}\n`);
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  send(response, report.status === 'ok' ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

export function parseListen(text: string): Target {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new SluiceError('config.invalid', `${JSON.stringify(text)} is no address to listen on`, {
      hint: 'Use HOST:PORT, [IPV6]:PORT, :PORT or unix:/path.',
    });
  }
  return { kind: 'tcp', host: match[1] ?? (match[2] || '127.0.0.1'), port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function listening(server: Server, target: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    if (target.kind === 'unix') server.listen(target.path, resolve);
    else server.listen(target.port, target.host, resolve);
  });
}

function listenError(listen: string, cause: unknown): SluiceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === 'EADDRINUSE' ? 'another program listens there' : message;
  return new SluiceError('listen.failed', `cannot listen on ${listen}: ${reason}`, { cause });
}

/** Removes the socket that a killed program left behind; one that still answers stays, and listening then fails. */
async function removeStale(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there?.isSocket()) return;
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(false));
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    probe.once('connect', () => probe.destroy());
  });
  if (refused) unlinkSync(path);
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null) return '';
  if (typeof address === 'string') return `unix:${address}`;
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
