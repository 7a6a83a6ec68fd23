import { parentPort, workerData } from 'node:worker_threads';
import { targets } from './targets.ts';

/** What the worker is told: which target to feed, with what, and where to leave the index it is at. */
export interface WorkerTask {
  readonly name: string;
  readonly runs: number;
  readonly seed: number;
  readonly from: number;
  readonly slowMs: number;
  readonly beat: SharedArrayBuffer;
}

const task: WorkerTask = workerData;
const beat = new Int32Array(task.beat);
const target = targets.find(({ name }) => name === task.name);
const result = await target?.run(task.runs, task.seed, {
  from: task.from,
  slowMs: task.slowMs,
  beat: (index) => Atomics.store(beat, 0, index),
});
parentPort?.postMessage(result);
