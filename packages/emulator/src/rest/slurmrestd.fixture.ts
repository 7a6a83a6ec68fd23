import { type HttpRequest, httpClient } from '@sluice/io';
import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { openEmulator } from '../open-emulator.ts';
import { mintJwt } from './jwt.ts';
import { type SlurmrestdOptions, serveSlurmrestd } from './serve-slurmrestd.ts';

const testKey = Buffer.from('a key of the tests, long enough for HS256');

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The body as JSON; an empty object when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Rest {
  readonly slurm: EmulatedSlurm;
  readonly address: string;
  /** As root with a token of its own, unless headers say otherwise. */
  ask(method: HttpRequest['method'], path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  token(user: string, lifespan?: number): string;
}

/** Runs `use` with an emulated cluster and its slurmrestd on a free port, or where `options` say. */
export async function withRest(
  release: string,
  use: (rest: Rest) => Promise<void>,
  options: Partial<SlurmrestdOptions> = {},
): Promise<void> {
  const slurm = openEmulator({ spec: labSpec(release), file: ':memory:', start: 1_795_283_000, rate: 0 });
  const rest = await serveSlurmrestd(slurm, { listen: { host: '127.0.0.1', port: 0 }, jwtKey: testKey, ...options });
  const token = (user: string, lifespan = 1800) => {
    const now = slurm.time.now();
    return mintJwt(testKey, { sun: user, iat: now, exp: now + lifespan });
  };
  try {
    await use({
      slurm,
      address: rest.address,
      token,
      ask: (method, path, body, headers) =>
        ask(rest.address, { method, path, body, headers: headers ?? { 'X-SLURM-USER-NAME': 'root', 'X-SLURM-USER-TOKEN': token('root') } }),
    });
  } finally {
    await rest.close();
    await slurm.close();
  }
}

interface Asked {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask(address: string, { method, path, body, headers }: Asked): Promise<Answered> {
  const where = address.startsWith('unix:')
    ? { baseUrl: 'http://localhost', socketPath: address.slice(5) }
    : { baseUrl: `http://${address}` };
  const client = httpClient({ ...where, env: {} });
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = body === undefined ? {} : { body: text };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await client.request({ name: 'test', method, path, headers: { ...type, ...headers }, ...sent });
    return answered(response.status, response.headers['content-type'] ?? '', response.body.toString('utf8'));
  } finally {
    await client.close();
  }
}

function answered(status: number, type: string, text: string): Answered {
  const json: unknown = type === 'application/json' ? JSON.parse(text) : {};
  return { status, type, text, json: json as Readonly<Record<string, unknown>> };
}

/** What lies at a path of keys and positions. */
export function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined), value);
}
