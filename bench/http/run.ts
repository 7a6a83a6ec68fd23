// CPU per request of the HTTP clients that Node offers: `node --conditions=@sluice/source bench/http/run.ts [requests]`. Prints a table; with --record it becomes last-run.json.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { record, rounded } from '../recorded.ts';
import { type Candidate, globalFetch, nodeHttp, sluiceClient, undiciDispatch, undiciOfIo, undiciPool } from './candidates.ts';

const connections = 4;
const rounds = 3;
const requests = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 20_000);
const body = JSON.stringify({ jobId: 123_456, cluster: 'lab', user: 'alice', metaData: { jobScript: 'x'.repeat(1900) } });

const server = fork(new URL('server.ts', import.meta.url));
const [port] = (await once(server, 'message')) as [number];
const undici = undiciOfIo();
const makers: (() => Candidate)[] = [
  () => nodeHttp(port, connections),
  () => globalFetch(port),
  () => undiciPool(undici, port, connections),
  () => undiciDispatch(undici, port, connections),
  () => sluiceClient(port, connections),
];

const best = new Map<string, number>();
// In turns, so that a busy moment of the machine does not fall on one candidate alone; the least of the rounds counts.
for (let round = 0; round <= rounds; round += 1) {
  for (const make of makers) {
    const candidate = make();
    const cost = await measure(candidate, round === 0 ? requests / 10 : requests / rounds);
    await candidate.close();
    if (round > 0) best.set(candidate.name, Math.min(cost, best.get(candidate.name) ?? Number.POSITIVE_INFINITY));
  }
}
server.disconnect();

const least = Math.min(...best.values());
const results = [...best].map(([name, cost]) => ({
  name,
  cpuMicrosPerRequest: rounded(cost, 1),
  ratio: rounded(cost / least),
}));
console.log(`POST of ${body.length} bytes, ${connections} connections, ${requests} requests per candidate`);
console.table(results);
record({ requests, connections, bodyBytes: body.length, results }, import.meta.dirname);

async function measure(candidate: Candidate, count: number): Promise<number> {
  let left = Math.round(count);
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const status = await candidate.post(body);
      if (status !== 201) throw new Error(`${candidate.name} got ${status}`);
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: connections }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Math.round(count);
}
