import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '@sluice/io';

/** Milliseconds between two collections: one takes some 50 ms. */
const apartMs = 55_000;

/**
 * Has V8 collect its garbage and give the memory back, at most once a minute. By itself it does so in the middle of what makes the
 * garbage, and then keeps 5 to 9 MB of a look at 10,000 jobs until the next (bench/clustercockpit/idle.ts).
 */
export function garbageCollector(clock: Pick<Clock, 'monotonic'>): () => void {
  setFlagsFromString('--expose-gc');
  // As a flag of Node it would cost each start 20 ms, for V8 then throws away what Node has compiled of itself.
  const collect = runInNewContext('gc') as (how: object) => void;
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now - lastMs < apartMs) return;
    lastMs = now;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  };
}
