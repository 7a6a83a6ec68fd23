import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Clock } from '@sluice/io';
import { type Checked, mayUseApi, tokenChecker } from './auth.ts';
import type { Cluster } from './clusters.ts';
import type { Context } from './context.ts';
import { failure, type Reply } from './reply.ts';
import { apiRoutes, findRoute } from './routes.ts';
import { type JobRow, type JobTable, Store } from './store.ts';

export interface CcBackendOptions {
  readonly clusters: readonly Cluster[];
  /** `JWT_PUBLIC_KEY`: base64 of the 32 bytes of the Ed25519 key that tokens are checked with. */
  readonly publicKey: string;
  readonly clock: Clock;
  /** Port 0 on 127.0.0.1 by default. */
  readonly listen?: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** SQLite file; in memory by default. */
  readonly database?: string;
  /** Milliseconds between two runs of the commit-job-worker; without it only {@link CcBackend.sync} commits. */
  readonly commitIntervalMs?: number;
  /** `main.api-subjects` is configured: start and stop have no REST routes. */
  readonly natsMode?: boolean;
  /** `main.api-allowed-ips`; absent, empty or `*` first allow everybody. */
  readonly allowedIps?: readonly string[];
  /** Asked before each request what shall go wrong with it. */
  readonly fault?: (request: { readonly method: string; readonly path: string }) => Fault | undefined;
  /** Told of every answered request. */
  readonly observe?: (exchange: Exchange) => void;
}

/**
 * What a site meets: `refuse` answers without doing anything (`database is locked`, a proxy's 502), `drop` closes the
 * connection before or after the work is done, `stall` never answers, though the work is done (contract §1, time-outs).
 */
export type Fault =
  | { readonly kind: 'refuse'; readonly status: number; readonly error: string }
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  | { readonly kind: 'stall' };

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly requestBody: string;
  readonly status: number;
  readonly responseBody: string;
  /** What a handler threw; the client sees a 500 with nothing in it. */
  readonly fault?: unknown;
}

/** A running stand-in. */
export interface CcBackend {
  /** Base URL, or `http://localhost` when it listens on a unix socket. */
  readonly url: string;
  /** The rows as they stand, by cluster, job id and start. */
  rows(table: JobTable): readonly JobRow[];
  nodeStates(): ReturnType<Store['nodeStates']>;
  /** Moves `job_cache` into `job`, as the server does every commit interval. */
  sync(): void;
  stop(): Promise<void>;
}

/** Starts a stand-in of cc-backend 1.5; resolves when it listens. */
export async function startCcBackend(options: CcBackendOptions): Promise<CcBackend> {
  const store = new Store(options.database ?? ':memory:');
  const context: Context = {
    store,
    clusters: options.clusters,
    now: () => Math.floor(options.clock.now() / 1000),
    archive: (id) => store.setMonitoringStatus(id, 3),
  };
  const routes = apiRoutes(options.natsMode ?? false);
  const check = tokenChecker(options.publicKey);

  function answer(request: IncomingMessage, body: string): Reply {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? 'GET';
    if (method !== 'GET' && request.headers['sec-fetch-site'] === 'cross-site') {
      return { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'cross-site request blocked\n' };
    }
    const found = findRoute(routes, method, url.pathname);
    if ('reply' in found) return found.reply;
    const who = authenticate(request, (token) => check(token, context.now()), options.allowedIps ?? []);
    if ('error' in who) return failure(401, who.error);
    return found.route.handle(context, { user: who.user, query: url.searchParams, body, id: found.id });
  }

  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        const wrong = options.fault?.({ method: request.method ?? '', path: request.url ?? '' });
        if (wrong?.kind === 'drop' && wrong.when === 'before') return void response.destroy();
        const { reply, fault } = answered(() => (wrong?.kind === 'refuse' ? failure(wrong.status, wrong.error) : answer(request, body)));
        if (wrong?.kind === 'drop') response.destroy();
        else if (wrong?.kind !== 'stall') send(request, response, reply);
        options.observe?.({
          method: request.method ?? '',
          path: request.url ?? '',
          requestBody: body,
          status: reply.status,
          responseBody: reply.body,
          ...(fault === undefined ? {} : { fault }),
        });
      },
      () => response.destroy(),
    );
  });

  const listen = options.listen ?? { host: '127.0.0.1', port: 0 };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socketPath' in listen) server.listen(listen.socketPath, resolve);
    else server.listen(listen.port, listen.host, resolve);
  });
  const stopping = new AbortController();
  const committing =
    options.commitIntervalMs === undefined ? undefined : commitRegularly(store, options.clock, options.commitIntervalMs, stopping.signal);

  return {
    url: urlOf(server.address()),
    rows: (table) => store.all(table),
    nodeStates: () => store.nodeStates(),
    sync: () => store.sync(),
    async stop() {
      stopping.abort();
      await committing;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      store.close();
    },
  };
}

/** A handler that falls over answers 500 with nothing in it, as chi's Recoverer does (contract §1). */
function answered(handle: () => Reply): { readonly reply: Reply; readonly fault?: unknown } {
  try {
    return { reply: handle() };
  } catch (fault) {
    return { reply: { status: 500, headers: {}, body: '' }, fault };
  }
}

function authenticate(request: IncomingMessage, check: (token: string) => Checked, allowed: readonly string[]): Checked {
  const token = tokenOf(request);
  if (token === '') return { error: 'no user for secured check' };
  const checked = check(token);
  if ('error' in checked) return checked;
  if (!mayUseApi(checked.user)) return { error: 'unauthorized' };
  const address = clientAddress(request);
  if (allowed.length > 0 && allowed[0] !== '*' && !allowed.includes(address)) return { error: `unknown ip: ${address}` };
  return checked;
}

function tokenOf(request: IncomingMessage): string {
  const own = request.headers['x-auth-token'];
  if (typeof own === 'string' && own !== '') return own;
  return (request.headers.authorization ?? '').replace(/^Bearer /, '');
}

function clientAddress(request: IncomingMessage): string {
  const named = request.headers['x-real-ip'] ?? request.headers['x-forwarded-for'];
  return (typeof named === 'string' && named !== '' ? named : (request.socket.remoteAddress ?? '')).replace(/^::ffff:/, '');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
};

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const zip = reply.body !== '' && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = zip ? gzipSync(reply.body, { level: 5 }) : Buffer.from(reply.body);
  const encoding = zip ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(reply.status, { ...securityHeaders, ...reply.headers, ...encoding, 'content-length': body.length });
  response.end(body);
}

function urlOf(address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') return 'http://localhost';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

async function commitRegularly(store: Store, clock: Clock, intervalMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => {});
    if (!signal.aborted) store.sync();
  }
}
