import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Archiver } from './archiver.ts';
import { authenticator, tokenOf } from './authenticate.ts';
import type { Context } from './context.ts';
import { Database } from './database.ts';
import { queryHandler } from './graphql.ts';
import { Mutex } from './mutex.ts';
import { type NatsSide, startNats } from './nats.ts';
import type { CcBackend, CcBackendOptions, Fault, FaultRequest } from './options.ts';
import { releaseOf } from './release.ts';
import { failure, type Reply } from './reply.ts';
import { router } from './routes.ts';
import { startJobs } from './start-job.ts';
import { JobStore } from './store.ts';
import { NodeStore } from './store-nodes.ts';
import { TagStore } from './store-tags.ts';
import { UserStore } from './store-users.ts';

/** Starts a stand-in of cc-backend; resolves when it listens. */
export async function startCcBackend(options: CcBackendOptions): Promise<CcBackend> {
  const { clock } = options;
  const release = releaseOf(options.version ?? '1.5');
  const db = new Database(options.database ?? ':memory:', release);
  const [jobs, tags, nodes, users] = [new JobStore(db, release), new TagStore(db), new NodeStore(db), new UserStore(db)];
  for (const user of options.users ?? []) users.put(user);
  const mutex = new Mutex();
  const archiver = new Archiver(options.archive ?? {}, clock, { db, jobs, tags }, crash);
  const context: Context = {
    release,
    jobs,
    tags,
    nodes,
    users,
    clusters: options.clusters,
    archiver,
    mutex,
    ...(options.machineState ? { machineStates: new Map<string, string>() } : {}),
    authenticated: !options.disableAuthentication,
    crash,
    now: () => Math.floor(clock.now() / 1000),
  };
  const start = startJobs(release);
  const route = router({
    release,
    natsMode: options.natsMode ?? options.nats !== undefined,
    machineState: options.machineState ?? false,
    start,
    query: queryHandler(release),
  });
  const authenticate = authenticator(options, context);
  let crashed = false;
  let raceNext = false;

  function answer(request: IncomingMessage, body: string, raced: boolean): Reply | Promise<Reply> {
    const [path, search] = pathOf(request.url ?? '/');
    const method = request.method ?? 'GET';
    if (method !== 'GET' && release.pagesChecked && request.headers['sec-fetch-site'] === 'cross-site') {
      return { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'cross-site request blocked\n' };
    }
    const found = route(method, path, search);
    if ('reply' in found) return found.reply;
    const { gate, handle } = found.route;
    const who = gate === 'own' || gate === 'open' ? {} : authenticate(request, gate);
    if ('reply' in who) return who.reply;
    return handle(context, {
      user: who.user,
      query: new URLSearchParams(search),
      body,
      variables: found.variables,
      raced,
      anonymous: tokenOf(request) === '',
      contentType: request.headers['content-type'] ?? '',
      token: () => authenticate.token(request),
    });
  }

  /** Answers a request, or goes wrong with it as it was told. */
  function serve(request: IncomingMessage, response: ServerResponse, body: string): void {
    const asked = { method: request.method ?? '', path: request.url ?? '' };
    const wrong = options.fault?.(faultRequest(asked, body));
    const finish: Finish = (reply, waitedMs = 0, fault) => {
      // A proxy's page takes the place of whatever the server said.
      const sent = wrong?.kind === 'body' ? { status: wrong.status, headers: wrong.headers ?? {}, body: wrong.body } : reply;
      if (wrong?.kind === 'drop' || crashed || waitedMs >= (options.writeTimeoutMs ?? 20_000)) response.destroy();
      else if (wrong?.kind === 'slow')
        clock.sleep(wrong.ms, stopping.signal).then(
          () => send(request, response, sent),
          () => {},
        );
      else if (wrong?.kind !== 'stall') send(request, response, sent);
      options.observe?.({
        ...asked,
        requestBody: body,
        status: sent.status,
        responseBody: sent.body,
        ...(fault === undefined ? {} : { fault }),
      });
    };
    const instead = withoutWork(wrong);
    if (instead === 'drop') response.destroy();
    else if (instead) finish(instead);
    else work(request, body, wrong, finish);
  }

  /** Lets a handler answer, sooner or later. */
  function work(request: IncomingMessage, body: string, wrong: Fault | undefined, finish: Finish): void {
    const raced = wrong?.kind === 'w1' || (raceNext && request.url?.startsWith('/api/jobs/stop_job') === true);
    if (raced) raceNext = false;
    const since = clock.monotonic();
    const panicked = (fault: unknown) => finish(panic, 0, fault);
    try {
      const reply = answer(request, body, raced);
      if (reply instanceof Promise) reply.then((late) => finish(late, clock.monotonic() - since), panicked);
      else finish(reply);
    } catch (fault) {
      panicked(fault);
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(request, response, chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString('utf8')));
    request.on('error', () => response.destroy());
  });

  function crash(): void {
    crashed = true;
    stopping.abort();
    server.close();
    server.closeAllConnections();
  }

  const listen = options.listen ?? { host: '127.0.0.1', port: 0 };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socketPath' in listen) server.listen(listen.socketPath, resolve);
    else server.listen(listen.port, listen.host, resolve);
  }).catch((error: unknown) => {
    db.close();
    throw error;
  });
  const url = urlOf(server.address());
  const stopping = new AbortController();
  const sync = async (): Promise<void> => mutex.run(() => jobs.sync());
  const committing = options.commitIntervalMs === undefined ? undefined : commitRegularly(options.commitIntervalMs);
  const nats: NatsSide | undefined = options.nats && (await startNats(options.nats, context, start, clock));

  async function commitRegularly(intervalMs: number): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(intervalMs, stopping.signal).catch(() => {});
      if (!stopping.signal.aborted) await sync();
    }
  }

  return {
    url,
    rows: (table) => jobs.all(table),
    job(cluster, jobId, startTime) {
      const key = { cluster, jobId, startTime };
      const committed = jobs.find('job', key);
      if (committed) return { ...committed, table: 'job' };
      const cached = release.cached ? jobs.find('job_cache', key) : undefined;
      return cached && { ...cached, table: 'job_cache' };
    },
    tags: (id) => tags.of(id),
    failOverdue: (grace) => jobs.failOverdue(context.now(), grace),
    nodeStates: () => nodes.all(),
    retireNodeStates: (before) => nodes.deleteBefore(before),
    users: () => users.list(false),
    archive: () => archiver.list(),
    loseArchived: (path) => archiver.lose(path),
    get archiving() {
      return archiver.waiting;
    },
    archived: () => archiver.idle(),
    messages: () => nats?.messages() ?? [],
    sync,
    raceNextStop() {
      raceNext = true;
    },
    get crashed() {
      return crashed;
    },
    async stop() {
      stopping.abort();
      archiver.stop();
      await nats?.stop();
      await committing;
      await archiver.idle();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      db.close();
    },
  };
}

/** Sends an answer that took so many milliseconds of waiting; `fault` is what a handler threw instead. */
type Finish = (reply: Reply, waitedMs?: number, fault?: unknown) => void;

/** chi's Recoverer: a handler that falls over answers 500 with nothing in it (contract §1). */
const panic: Reply = { status: 500, headers: {}, body: '' };

/** What a fault makes of a request that is not done. */
function withoutWork(wrong: Fault | undefined): Reply | 'drop' | undefined {
  if (wrong?.kind === 'drop' && wrong.when === 'before') return 'drop';
  if (wrong?.kind === 'refuse') return failure(wrong.status, wrong.error);
  if (wrong?.kind === 'panic' || (wrong?.kind === 'body' && !wrong.work)) return panic;
  return undefined;
}

function faultRequest(asked: { readonly method: string; readonly path: string }, body: string): FaultRequest {
  return {
    ...asked,
    body,
    get jobId() {
      const digits = /"jobid"\s*:\s*(-?\d+)/i.exec(body)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
  };
}

function pathOf(url: string): [path: string, search: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
};

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const zip = reply.body !== '' && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = zip ? gzipSync(reply.body, { level: 5 }) : reply.body;
  const encoding = zip ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(reply.status, { ...securityHeaders, ...reply.headers, ...encoding, 'content-length': Buffer.byteLength(body) });
  // A string leaves in one write with the head; a buffer would be a second one.
  response.end(body);
}

function urlOf(address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') return 'http://localhost';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
