import { type HttpRequest, httpClient } from '@sluice/io';
import { type CcBackend, type CcBackendOptions, type Exchange, generateKeys, labCluster, mintToken, startCcBackend } from '../index.ts';

export const keys = generateKeys();
/** The time it is in these tests: a Tuesday in November 2026. */
export const now = 1_795_000_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The first object of the text; a token without roles is answered with two. */
  readonly json: Record<string, unknown>;
}

/** A stand-in and a way to ask it. */
export interface Bench extends AsyncDisposable {
  readonly backend: CcBackend;
  ask(method: HttpRequest['method'], path: string, body?: unknown, headers?: Record<string, string>, timeoutMs?: number): Promise<Answer>;
  /** Status and what was said: the error, the message, or the text; as whom the roles say. */
  said(method: HttpRequest['method'], path: string, body?: unknown, roles?: readonly string[]): Promise<string>;
}

export async function bench(options: Partial<CcBackendOptions> = {}): Promise<Bench> {
  const clock = { now: () => now * 1000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock, observe: noFault, ...options });
  const http = httpClient({ baseUrl: backend.url, env: {} });
  const token = mintToken(keys, { name: 'sluice', roles: ['api'] }, now);
  const bench: Bench = {
    backend,
    async said(method, path, body, roles = ['api']) {
      const { status, text, json } = await bench.ask(method, path, body, {
        'x-auth-token': mintToken(keys, { name: 'sluice', roles }, now),
      });
      return `${status} ${json['error'] ?? json['msg'] ?? (text === '' || text.startsWith('{') ? '' : text)}`.trim();
    },
    async ask(method, path, body, headers = { 'x-auth-token': token }, timeoutMs = 120_000) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) };
      const answer = await http.request({ method, path, name: 'test', headers, timeoutMs, ...sent });
      const text = answer.body.toString('utf8');
      return { ...answer, text, json: text.startsWith('{') ? JSON.parse(text.split('\n')[0] ?? '') : {} };
    },
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await backend.stop();
    },
  };
  return bench;
}

/** The least that starts (contract §4.1), with what a test wants otherwise. */
export function start(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    jobId: 1,
    cluster: 'labcluster',
    user: 'alice',
    numNodes: 1,
    resources: [{ hostname: 'node01' }],
    startTime: now - 1000,
    metaData: {},
    ...changes,
  };
}

/** A stand-in that falls over itself fails the test, unless falling over is what the real server does. */
function noFault({ fault }: Exchange): void {
  if (fault !== undefined) throw fault;
}

/** Resolves when it is so; the event loop turns meanwhile. */
export async function until(so: () => boolean): Promise<void> {
  for (let turns = 0; !so(); turns++) {
    if (turns > 100_000) throw new Error('it did not come to it');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
