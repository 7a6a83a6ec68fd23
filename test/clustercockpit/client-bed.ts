import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CcBackendClient,
  type CcBackendClientOptions,
  ccBackendClient,
  type StartPayload,
  type StopPayload,
} from '@sluice/clustercockpit';
import { httpClient, SluiceError } from '@sluice/io';
import { type CcBackend, type CcBackendOptions, generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';

/** The time it is in these tests: a Tuesday in November 2026. */
export const now = 1_795_000_000;
const keys = generateKeys();

export const job: StartPayload = {
  jobId: 7,
  cluster: 'labcluster',
  user: 'alice',
  project: 'chem',
  partition: 'cpu',
  shared: 'none',
  startTime: now - 3600,
  submitTime: now - 3700,
  numNodes: 1,
  numHwthreads: 4,
  numAcc: 0,
  resources: [{ hostname: 'node01' }],
  metaData: {},
};

export function stopOf(start: StartPayload, changes: Partial<StopPayload> = {}): StopPayload {
  const { jobId, cluster, startTime } = start;
  return { jobId, cluster, startTime, jobState: 'completed', stopTime: startTime + 60, ...changes };
}

/** The token of a user `sluice`; `claims` go over what a good one has. */
export function tokenWith(claims: Readonly<Record<string, unknown>> = {}): string {
  return mintToken(keys, { name: 'sluice', roles: ['api'] }, now, claims);
}

interface Line extends AsyncDisposable {
  readonly client: CcBackendClient;
}

/** The stand-in and a client of it. */
export interface StandIn extends Line {
  readonly backend: CcBackend;
}

export async function standIn(
  changes: Partial<CcBackendOptions> = {},
  options: CcBackendClientOptions & { readonly token?: string } = {},
): Promise<StandIn> {
  const clock = { now: () => now * 1000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock, ...changes });
  const { token = tokenWith(), ...rest } = options;
  const http = httpClient({ baseUrl: backend.url, env: {} });
  return {
    backend,
    client: ccBackendClient(http, () => token, { now: () => now * 1000, ...rest }),
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await backend.stop();
    },
  };
}

export interface Answered {
  readonly status: number;
  /** An object becomes JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server that answers as the contract's sentences go, and what it was asked. */
export interface Scripted extends Line {
  readonly asked: Asked[];
  readonly url: string;
  /** Nothing listens there until the function that it resolves with is called. */
  down(): Promise<() => Promise<void>>;
}

/** The first answer that is not undefined counts; `drop` ends the connection instead. */
export type Script = (asked: Asked) => Answered | 'drop' | undefined;

export async function scripted(
  script: Script,
  options: CcBackendClientOptions & { readonly token?: () => string; readonly prefix?: string } = {},
): Promise<Scripted> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '/';
    const query = new URLSearchParams(path.split('?')[1] ?? '');
    const question = { method: request.method ?? '', path, query, body: Buffer.concat(chunks).toString('utf8'), headers: request.headers };
    asked.push(question);
    const answer = script(question) ?? noEndpoint;
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const { token = tokenWith, prefix = '', ...rest } = options;
  const url = `http://127.0.0.1:${port}${prefix}`;
  const http = httpClient({ baseUrl: url, env: {} });
  return {
    asked,
    url,
    async down() {
      await close();
      return () => listen(port);
    },
    client: ccBackendClient(http, token, { now: () => now * 1000, ...rest }),
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await close();
    },
  };
}

export const envelope = (status: number, error: string, words = 'x'): Answered => ({ status, body: { status: words, error } });
const noEndpoint = envelope(404, 'the requested endpoint does not exist', 'Resource not found');

/** Answers to what a client asks to find out what the server is (contract §4.6, §10). */
export function release(version: '1.3.1' | '1.4.1' | '1.4.4' | '1.5.4', natsMode = false): Script {
  return ({ method, path }) => {
    if (path === '/login') return { status: 200, body: `<html><footer><li>Version ${version}</li></footer></html>` };
    if (path === '/api/jobs/used_nodes?ts=1') {
      if (version === '1.5.4') return { status: 200, body: { usedNodes: {} } };
      return envelope(400, 'integer expected in path for id: strconv.ParseInt: parsing "used_nodes": invalid syntax', 'Bad Request');
    }
    if (method === 'GET' && path === '/api/jobs/start_job/' && version === '1.5.4' && !natsMode) return { status: 405, body: '' };
    return undefined;
  };
}

/** One script after the other. */
export const first =
  (...scripts: readonly Script[]): Script =>
  (asked) => {
    for (const script of scripts) {
      const answer = script(asked);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };

/** Answers this to one method and path (without its query). */
export const at =
  (method: string, path: string, answer: (asked: Asked) => Answered | 'drop'): Script =>
  (asked) =>
    asked.method === method && asked.path.split('?')[0] === path ? answer(asked) : undefined;

/** The error with which something ends. */
export async function errorOf(work: Promise<unknown>): Promise<SluiceError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
