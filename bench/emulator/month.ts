/**
 * A simulated month of 100,000 jobs on 1,000 nodes: how long the emulator takes to play it, and how that compares with one reading of its history, which is what
 * everything that asks the emulator does with it. `node --conditions=@sluice/source bench/emulator/month.ts [--jobs N] [--nodes N] [--days N] [--seed N] [--record]`
 */
import { parseArgs } from 'node:util';
import { openEmulator } from '@sluice/emulator';
import { manualClock } from '@sluice/io';
import { conclude, rounded } from '../recorded.ts';
import { generator, siteCluster, siteRequest } from './site.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '100000' },
    nodes: { type: 'string', default: '1000' },
    days: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean' },
  },
});
const jobs = Number(values.jobs);
const nodeCount = Number(values.nodes);
const days = Number(values.days);
const start = 1_790_000_000;

const random = generator(Number(values.seed));
const slurm = openEmulator({ spec: siteCluster(nodeCount), file: ':memory:', clock: manualClock(start * 1000), rate: 0, random });
const arrivals = Array.from({ length: jobs }, () => start + Math.floor(random() * days * 86_400)).sort((a, b) => a - b);
const began = performance.now();
let now = start;
let mostPending = 0;
for (const [at, arrival] of arrivals.entries()) {
  if (arrival > now) slurm.time.advance(arrival - now);
  now = Math.max(now, arrival);
  const { as, request: wanted } = siteRequest(random);
  slurm.controller.submit([wanted], as);
  if (at % 1000 === 0) mostPending = Math.max(mostPending, slurm.controller.statistics().pending);
}
slurm.time.advance(3 * 86_400);
const played = performance.now() - began;
const playedCpu = process.cpuUsage();

const readBegan = performance.now();
let rows = 0;
let usedSeconds = 0;
for (const row of slurm.database.jobRows({ from: start, to: start + (days + 3) * 86_400 })) {
  rows += 1;
  usedSeconds += ((row.end ?? 0) - (row.start ?? 0)) * (row.allocatedTres['cpu'] ?? 0);
}
const read = performance.now() - readBegan;
const { started, completed, failed, backfilled, scheduleCycles, backfillCycles } = slurm.controller.statistics();
await slurm.close();

conclude(
  'month',
  {
    jobs,
    nodes: nodeCount,
    days,
    rows,
    playedSeconds: rounded(played / 1000, 3),
    cpuSeconds: rounded((playedCpu.user + playedCpu.system) / 1e6),
    readSeconds: rounded(read / 1000, 3),
    ratio: rounded(played / read, 1),
    started,
    completed,
    failed,
    backfilled,
    scheduleCycles,
    backfillCycles,
    mostPending,
    utilisation: rounded(usedSeconds / (nodeCount * 64 * days * 86_400), 3),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  },
  played < 60_000 ? [] : [`${Math.round(played / 1000)} s, a minute is promised`],
  import.meta.dirname,
);
