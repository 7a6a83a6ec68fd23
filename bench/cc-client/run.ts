/**
 * What a start and a stop cost us: our CPU per request of cc-backend's client, beside the least that a POST of the same
 * body takes with undici. The stand-in runs in another process.
 *
 *   node --conditions=@sluice/source bench/cc-client/run.ts [starts] [--record]
 *
 * 20,000 starts by default; `--record` keeps the figures as last-run.json. Ends with 1 when a start or a stop costs
 * more than 1.3 times the bare request; the budget of 90 µs holds on a machine that has nothing else to do.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { ccBackendClient, type StartPayload, type StopPayload } from '@sluice/clustercockpit';
import { httpClient } from '@sluice/io';
import { quantile, record, rounded } from '../recorded.ts';

const budgetMicros = 90;
const largestRatio = 1.3;
const connections = 4;
const rounds = 20;
const starts = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 20_000);
const began = Math.floor(Date.now() / 1000) - 3600;

const server = fork(new URL('server.ts', import.meta.url));
const [{ url, token }] = (await once(server, 'message')) as [{ url: string; token: string }];
let lastId = 0;

function start(jobId: number): StartPayload {
  return {
    jobId,
    cluster: 'labcluster',
    user: 'alice',
    project: 'chem',
    partition: 'cpu',
    shared: 'none',
    startTime: began,
    submitTime: began - 60,
    walltime: 86_400,
    numNodes: 2,
    numHwthreads: 16,
    numAcc: 0,
    resources: [{ hostname: 'node01', hwthreads: [0, 1, 2, 3, 4, 5, 6, 7] }, { hostname: 'node02' }],
    metaData: { jobName: 'bench', jobScript: 'x'.repeat(1500), slurmInfo: 'y'.repeat(400) },
  };
}

function stop(jobId: number): StopPayload {
  return { jobId, cluster: 'labcluster', startTime: began, jobState: 'completed', stopTime: began + 600 };
}

interface Candidate {
  readonly name: string;
  /** Sends the write of one job and throws unless it was done. */
  send(jobId: number): Promise<void>;
}

interface Pool {
  dispatch(options: object, handler: object): boolean;
  close(): Promise<void>;
}
const { Pool } = createRequire(new URL('../../packages/io/package.json', import.meta.url))('undici') as {
  readonly Pool: new (origin: string, options: object) => Pool;
};
const pool = new Pool(url, { connections });
const headers = { 'x-auth-token': token, 'content-type': 'application/json' };

/** The dispatcher with nothing around it: no time limit, no error but the status. */
function bare(name: string, path: string, status: number, body: (jobId: number) => object): Candidate {
  return {
    name,
    send: (jobId) =>
      new Promise((resolve, reject) => {
        let got = 0;
        pool.dispatch(
          { method: 'POST', path, headers, body: JSON.stringify(body(jobId)) },
          {
            onRequestStart() {},
            onResponseStart(_: unknown, statusCode: number) {
              got = statusCode;
            },
            onResponseData() {},
            onResponseEnd: () => (got === status ? resolve() : reject(new Error(`${name} got ${got}`))),
            onResponseError: (_: unknown, error: Error) => reject(error),
          },
        );
      }),
  };
}

const http = httpClient({ baseUrl: url, connections, env: {}, observe: () => {} });
const client = ccBackendClient(http, () => token);
await client.profile();
const written = ({ kind }: { readonly kind: string }) => {
  if (kind !== 'written') throw new Error(`a write was ${kind}`);
};
const candidates = {
  bareStart: bare('start, bare undici', '/api/jobs/start_job/', 201, start),
  start: { name: "start, cc-backend's client", send: (jobId: number) => client.start(start(jobId)).then(written) },
  bareStop: bare('stop, bare undici', '/api/jobs/stop_job/', 200, stop),
  stop: { name: "stop, cc-backend's client", send: (jobId: number) => client.stop(stop(jobId)).then(written) },
} satisfies Record<string, Candidate>;

const costs = new Map<Candidate, number[]>(Object.values(candidates).map((candidate) => [candidate, []]));
// In turns and in small rounds, so that whatever else the machine does falls on all alike; the first round warms up.
for (let round = 0; round <= rounds; round += 1) {
  const count = Math.round(starts / rounds);
  for (const pair of [
    [candidates.bareStart, candidates.bareStop],
    [candidates.start, candidates.stop],
  ]) {
    const first = lastId + 1;
    lastId += count;
    for (const candidate of pair) {
      const cost = await measure(candidate, first, count);
      if (round > 0) costs.get(candidate)?.push(cost);
    }
  }
}
await Promise.all([http.close(), pool.close()]);
server.disconnect();

const results = [compare(candidates.start, candidates.bareStart), compare(candidates.stop, candidates.bareStop)];
const bodyBytes = Buffer.byteLength(JSON.stringify(start(1)));
console.log(`${starts} starts of ${bodyBytes} bytes and their stops, ${connections} connections, medians of ${rounds} rounds`);
console.table(results);
record({ starts, connections, bodyBytes, budgetMicros, results }, import.meta.dirname);
if (results.some(({ ratio }) => ratio > largestRatio)) process.exitCode = 1;

/** Medians; the ratio is that of the rounds, whose two halves ran one after the other. */
function compare(ours: Candidate, bare: Candidate) {
  const [our, their] = [costs.get(ours) ?? [], costs.get(bare) ?? []];
  const cpuMicrosPerRequest = rounded(quantile(our, 0.5), 1);
  return {
    name: ours.name,
    cpuMicrosPerRequest,
    bareMicros: rounded(quantile(their, 0.5), 1),
    ratio: rounded(
      quantile(
        our.map((cost, round) => cost / (their[round] ?? Number.NaN)),
        0.5,
      ),
    ),
    withinBudget: cpuMicrosPerRequest < budgetMicros,
  };
}

async function measure(candidate: Candidate, first: number, count: number): Promise<number> {
  let next = first;
  const worker = async () => {
    while (next < first + count) await candidate.send(next++);
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: connections }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
