import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { httpClient } from '@sluice/io';

/** One way to send a POST and to read the whole answer. */
export interface Candidate {
  readonly name: string;
  post(body: string): Promise<number>;
  close(): Promise<void>;
}

/** What is used of undici here. */
interface Undici {
  readonly Pool: new (origin: string, options: object) => UndiciPool;
}
interface UndiciPool {
  request(options: object): Promise<{ statusCode: number; body: { arrayBuffer(): Promise<ArrayBuffer> } }>;
  dispatch(options: object, handler: object): boolean;
  close(): Promise<void>;
}

const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer 0123456789' };

export function nodeHttp(port: number, connections: number): Candidate {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' });
  return {
    name: 'node:http Agent',
    post: (body) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            agent,
            host: '127.0.0.1',
            port,
            method: 'POST',
            path: '/api/jobs/start_job/',
            headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
          },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on('data', (chunk: Buffer) => chunks.push(chunk));
            answer.on('end', () => resolve(answer.statusCode ?? Buffer.concat(chunks).length));
            answer.on('error', reject);
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    close: async () => agent.destroy(),
  };
}

/** The project's own client: the dispatcher with time-out, observation, decoding and typed errors around it. */
export function sluiceClient(port: number, connections: number): Candidate {
  const client = httpClient({ baseUrl: `http://127.0.0.1:${port}`, connections, env: {}, observe: () => {} });
  return {
    name: 'httpClient of packages/io',
    async post(body) {
      return (await client.request({ method: 'POST', path: '/api/jobs/start_job/', headers, body, name: 'start_job' })).status;
    },
    close: () => client.close(),
  };
}

export function globalFetch(port: number): Candidate {
  return {
    name: 'global fetch',
    async post(body) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/jobs/start_job/`, { method: 'POST', headers, body });
      await answer.arrayBuffer();
      return answer.status;
    },
    close: async () => {},
  };
}

export function undiciPool(undici: Undici, port: number, connections: number): Candidate {
  const pool = new undici.Pool(`http://127.0.0.1:${port}`, { connections });
  return {
    name: 'undici Pool.request',
    async post(body) {
      const answer = await pool.request({ method: 'POST', path: '/api/jobs/start_job/', headers, body });
      await answer.body.arrayBuffer();
      return answer.statusCode;
    },
    close: () => pool.close(),
  };
}

/** The same pool with a handler of its own instead of a stream per answer. */
export function undiciDispatch(undici: Undici, port: number, connections: number): Candidate {
  const pool = new undici.Pool(`http://127.0.0.1:${port}`, { connections });
  return {
    name: 'undici Pool.dispatch',
    post: (body) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        let status = 0;
        pool.dispatch(
          { method: 'POST', path: '/api/jobs/start_job/', headers, body },
          {
            onRequestStart() {},
            onResponseStart(_: unknown, statusCode: number) {
              status = statusCode;
            },
            onResponseData: (_: unknown, chunk: Buffer) => chunks.push(chunk),
            onResponseEnd: () => resolve(status),
            onResponseError: (_: unknown, error: Error) => reject(error),
          },
        );
      }),
    close: () => pool.close(),
  };
}

/** undici as packages/io has it. */
export function undiciOfIo(): Undici {
  return createRequire(new URL('../../packages/io/package.json', import.meta.url))('undici') as Undici;
}
