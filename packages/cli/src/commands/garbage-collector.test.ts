import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { garbageCollector } from './garbage-collector.ts';

/** Something that nobody holds any longer. */
async function dropped(): Promise<WeakRef<object>> {
  const ref = new WeakRef({ rows: new Array<number>(1000).fill(1) });
  // V8 keeps what a WeakRef was made of until the end of the turn.
  await setImmediate();
  return ref;
}

it('collects what nobody holds, again after a minute', async () => {
  let now = 0;
  const collect = garbageCollector({ monotonic: () => now });
  const first = await dropped();
  collect();
  assert.equal(first.deref(), undefined);
  now += 60_000;
  const second = await dropped();
  collect();
  assert.equal(second.deref(), undefined);
});
