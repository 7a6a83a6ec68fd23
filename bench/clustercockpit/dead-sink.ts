/**
 * What a new event costs a healthy sink while another is dead and 100,000 runs wait for that one, beside the same with
 * nothing waiting: from the call that records a run to the call that sends its start. Both journals are on disk and open
 * at once, and take turns, so that whatever else the machine does falls on both.
 *
 *   node --conditions=@sluice/source bench/clustercockpit/dead-sink.ts [waiting] [--record]
 *
 * Ends with 1 when the median is more than 1.5 times that of the empty journal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, systemClock } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import { Delivery } from '../../packages/clustercockpit/src/deliver/delivery.ts';
import type { Sink } from '../../packages/clustercockpit/src/deliver/sink.ts';
import { openRunJournal } from '../../packages/clustercockpit/src/journal/run-journal.ts';
import type { Run } from '../../packages/clustercockpit/src/run.ts';
import { conclude, quantile, rounded, until } from '../recorded.ts';

const largestRatio = 1.5;
const events = 300;
const waiting = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 100_000);
const began = Math.floor(Date.now() / 1000) - 7200;
const clock = systemClock();
const log = createLog({ name: 'bench', level: 'fatal' });
const atOnce = { start: 8, stop: 8 };

const dead: Sink = {
  name: 'rest',
  concurrency: atOnce,
  start: refuse,
  stop: refuse,
  stopAfterMs: () => 0,
};

async function refuse(): Promise<never> {
  await sleep(20);
  throw new SluiceError('http.unreachable', 'nobody is there');
}

function runOf(jobId: number): Run {
  return {
    cluster: 'labcluster',
    jobId,
    start: began + (jobId % 3600),
    ended: null,
    submit: began - 60,
    user: 'alice',
    account: 'chem',
    partition: 'cpu',
    name: 'simulation',
    arrayJobId: null,
    nodes: ['node01', 'node02'],
    cpus: 16,
    gpus: 0,
    walltime: 86_400,
    whole: true,
    allocation: null,
    script: 'x'.repeat(1000),
    description: 'y'.repeat(1500),
  };
}

/** A journal with two sinks, of which one is dead. */
async function bed(dir: string) {
  const journal = await openRunJournal(join(dir, 'journal.db'), { clock, sinks: ['rest', 'nats'] });
  const sent = new Map<number, () => void>();
  let delivered = 0;
  const healthy: Sink = {
    name: 'nats',
    concurrency: atOnce,
    async start({ run }) {
      delivered++;
      sent.get(run.jobId)?.();
      return { kind: 'stands', fresh: true };
    },
    stop: async () => ({ kind: 'stands', fresh: true }),
    stopAfterMs: () => 0,
  };
  const said = saidOnce({ log, clock });
  const deliveries = [dead, healthy].map(
    (sink) => new Delivery({ sink, deliveries: journal.deliveries, clock, random: Math.random, log, said }),
  );
  const stop = new AbortController();
  const running = deliveries.map((delivery) => delivery.run(stop.signal));
  const wake = () => {
    for (const delivery of deliveries) delivery.wake();
  };
  return {
    journal,
    delivered: () => delivered,
    async fill(count: number) {
      for (let at = 0; at < count; at += 1000) {
        const runs = Array.from({ length: Math.min(1000, count - at) }, (_, index) => runOf(at + index + 1));
        await journal.runs.record(runs.map((run) => ({ run, complete: true, backlog: false })));
        wake();
      }
      await until(
        'the healthy sink has them',
        600,
        () => (delivered >= count && journal.deliveries.counts('nats').startsWaiting === 0) || undefined,
      );
    },
    /** Milliseconds from the record of a new run to the call of the healthy sink. */
    async event(jobId: number): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<void>();
      sent.set(jobId, resolve);
      const at = performance.now();
      await journal.runs.record([{ run: runOf(jobId), complete: true, backlog: false }]);
      wake();
      await promise;
      sent.delete(jobId);
      return performance.now() - at;
    },
    async close() {
      stop.abort();
      await Promise.all(running);
      journal.close();
    },
  };
}

const dirs = ['empty', 'full'].map((name) => mkdtempSync(join(tmpdir(), `sluice-${name}-`)));
const [empty, full] = await Promise.all(dirs.map(bed));
try {
  if (!empty || !full) throw new Error('no journal');
  const beganFill = performance.now();
  await full.fill(waiting);
  const fillSeconds = rounded((performance.now() - beganFill) / 1000, 1);
  console.log(`${waiting} runs recorded, and delivered to the healthy sink, in ${fillSeconds} s`);
  const times: Record<'empty' | 'full', number[]> = { empty: [], full: [] };
  for (let round = -20; round < events; round++) {
    const jobId = 10_000_000 + round;
    const [ofEmpty, ofFull] = [await empty.event(jobId), await full.event(jobId)];
    if (round >= 0) times.empty.push(ofEmpty);
    if (round >= 0) times.full.push(ofFull);
    await sleep(10);
  }
  const waits = full.journal.deliveries.counts('rest').startsWaiting;
  const ratio = rounded(quantile(times.full, 0.5) / quantile(times.empty, 0.5));
  const of = (values: readonly number[]) => ({ medianMs: rounded(quantile(values, 0.5)), p99Ms: rounded(quantile(values, 0.99)) });
  const missed = [];
  if (ratio > largestRatio) missed.push(`${ratio} times the empty journal's median, ${largestRatio} are promised`);
  if (waits < waiting) missed.push(`only ${waits} runs wait for the dead sink`);
  conclude('deadSink', { waiting, events, fillSeconds, empty: of(times.empty), full: of(times.full), ratio }, missed, import.meta.dirname);
} finally {
  await Promise.all([empty?.close(), full?.close()]);
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
}
