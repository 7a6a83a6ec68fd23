import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { manualClock } from './clock-manual.ts';
import { systemClock } from './clock-system.ts';

const reason = new Error('enough');
const isReason = (error: unknown) => error === reason;

for (const [name, clock] of Object.entries({ systemClock: systemClock(), manualClock: manualClock() })) {
  test(`${name}: sleeping is ended by the signal with its reason, and leaves no listener`, async () => {
    const abort = new AbortController();
    const asleep = clock.sleep(2 ** 40, abort.signal);
    abort.abort(reason);
    await assert.rejects(asleep, isReason);
    await assert.rejects(clock.sleep(1, AbortSignal.abort(reason)), isReason);
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  });
}

test('systemClock: sleeps, and its monotonic time goes on', async () => {
  const clock = systemClock();
  const before = clock.monotonic();
  const abort = new AbortController();
  await clock.sleep(5, abort.signal);
  await clock.sleep(-5);
  assert.ok(clock.monotonic() > before);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});

test('manualClock: sleepers wake in the order of their time and at their time', async () => {
  const clock = manualClock(1_000_000);
  const woken: string[] = [];
  const sleeper = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push(`${name}@${clock.now() - 1_000_000}`);
  };
  const all = [sleeper('c', 30), sleeper('a', 10), sleeper('b', 20), sleeper('a2', 10)];
  assert.equal(clock.sleeping, 4);
  await clock.advance(20);
  assert.deepEqual(woken, ['a@10', 'a2@10', 'b@20']);
  assert.equal(clock.now(), 1_000_020);
  assert.equal(clock.monotonic(), 20);
  await clock.advance(9);
  assert.equal(clock.sleeping, 1);
  await clock.advance(1);
  await Promise.all(all);
  assert.equal(woken.at(-1), 'c@30');
});

test('manualClock: one advance carries a loop through all its rounds', async () => {
  const clock = manualClock();
  const rounds: number[] = [];
  const loop = (async () => {
    while (rounds.length < 5) {
      await clock.sleep(10);
      rounds.push(clock.now());
    }
  })();
  await clock.advance(100);
  await loop;
  assert.deepEqual(rounds, [10, 20, 30, 40, 50]);
  assert.equal(clock.now(), 100);
});

test('manualClock: one can wait until somebody sleeps', async () => {
  const clock = manualClock();
  const two = clock.untilSleeping(2);
  void clock.sleep(1);
  void clock.sleep(2);
  await two;
  await clock.untilSleeping();
  await clock.advance(2);
  assert.equal(clock.sleeping, 0);
});
