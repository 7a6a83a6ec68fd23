/** `npm run fuzz`: feeds every target with generated inputs and prints one line for each. Ends with 1 when any input failed. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { refuseArguments, scriptArguments } from '../../scripts/test/arguments.ts';
import type { FuzzResult } from './target.ts';
import { targets } from './targets.ts';
import type { WorkerTask } from './worker.ts';

/** An input that takes more CPU time counts as a hang. */
const slowMs = 250;
/** How long, on the wall, the worker may stand at one input before it is ended. */
const stuckMs = 20_000;

interface Figures {
  readonly name: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly seconds: number;
  readonly failed: number;
}

const usage = `npm run fuzz -- [options]
  --runs N       inputs per target (100000)
  --seed N       where the inputs come from (1)
  --only NAME    one target; may be repeated
  --at N         the one input of that number again
  --record       writes the figures to test/fuzz/last-run.json

targets: ${targets.map(({ name }) => name).join(', ')}`;

const { values } = scriptArguments(usage, {
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    at: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const runs = values.at === undefined ? Number(values.runs) : 1;
const from = Number(values.at ?? 0);
const unknown = values.only.filter((name) => targets.every((target) => target.name !== name));
if (unknown.length > 0) refuseArguments(usage, `there is no target ${unknown.join(', ')}`);
if (![seed, runs, from].every(Number.isSafeInteger) || runs < 1) refuseArguments(usage, '--runs, --seed and --at take whole numbers');

/** Runs a target in a thread of its own, which can be ended when it hangs. */
function runInWorker(name: string): Promise<FuzzResult> {
  const beat = new SharedArrayBuffer(4);
  const at = new Int32Array(beat);
  Atomics.store(at, 0, -1);
  const workerData: WorkerTask = { name, runs, seed, from, slowMs, beat };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
  const stopped = (kind: 'slow' | 'throw', detail: string): FuzzResult => {
    const index = Atomics.load(at, 0);
    const inputs = Math.max(index - from + 1, 0);
    return { inputs, accepted: 0, rejected: 0, failed: 1, failures: [{ index, kind, input: '(make it again with --at)', detail }] };
  };
  return new Promise((resolve) => {
    let last = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      const index = Atomics.load(at, 0);
      if (index !== last) {
        last = index;
        since = performance.now();
      } else if (performance.now() - since > stuckMs) {
        void worker.terminate();
        resolve(stopped('slow', `no answer within ${stuckMs / 1000} s`));
      }
    }, 500);
    worker.once('message', resolve);
    worker.once('error', (error) => resolve(stopped('throw', String(error))));
    worker.once('exit', () => {
      clearInterval(watch);
      resolve(stopped('throw', 'the thread ended without a result'));
    });
  });
}

const figures: Figures[] = [];
for (const { name } of targets) {
  if (values.only.length > 0 && !values.only.includes(name)) continue;
  const start = performance.now();
  const result = await runInWorker(name);
  const seconds = Math.round((performance.now() - start) / 10) / 100;
  const { inputs, accepted, rejected, failed } = result;
  figures.push({ name, inputs, accepted, rejected, seconds, failed });
  console.log(
    `${name.padEnd(18)} ${inputs} inputs, ${accepted} accepted, ${rejected} rejected, ${seconds.toFixed(2)} s, ${failed} failures, seed ${seed}`,
  );
  for (const failure of result.failures) console.log(`  #${failure.index} ${failure.kind}: ${failure.detail}\n    ${failure.input}`);
}

const failed = figures.reduce((sum, one) => sum + one.failed, 0);
const seconds = figures.reduce((sum, one) => sum + one.seconds, 0);
console.log(`${figures.length} targets, ${seconds.toFixed(1)} s, ${failed} failures`);
if (values.record) {
  const record = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: availableParallelism(), memoryGiB: Math.round(totalmem() / 2 ** 30), arch: process.arch },
    node: process.version,
    seed,
    targets: figures,
  };
  writeFileSync(new URL('./last-run.json', import.meta.url), `${JSON.stringify(record, null, 2)}\n`);
}
process.exitCode = failed > 0 ? 1 : 0;
