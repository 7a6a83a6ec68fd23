import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { manualClock } from './clock-manual.ts';
import { type ErrorCode, errorTable, isCode, SluiceError } from './errors.ts';
import { Backoff, fullJitter, isTransient, type RetryOptions, retry, retryAfterMs } from './retry.ts';

const unreachable = new SluiceError('http.unreachable', 'nobody there');

function setup(change: Partial<RetryOptions> = {}) {
  const clock = manualClock();
  const delays: number[] = [];
  const random = () => 0.5;
  const options = {
    attempts: 5,
    firstMs: 100,
    maxMs: 300,
    clock,
    random,
    onRetry: ({ delayMs }: { delayMs: number }) => delays.push(delayMs),
  };
  return { clock, delays, options: { ...options, ...change } };
}

test('delays double up to the bound, jittered, and the last error is the outcome', async () => {
  const { clock, delays, options } = setup();
  const attempts: number[] = [];
  const work = retry(async (attempt) => {
    attempts.push(attempt);
    throw unreachable;
  }, options);
  work.catch(() => {});
  await clock.advance(10_000);
  await assert.rejects(work, (error) => error === unreachable);
  assert.deepEqual(attempts, [1, 2, 3, 4, 5]);
  assert.deepEqual(delays, [50, 100, 150, 150]);
});

test('the first success is the outcome', async () => {
  const { clock, delays, options } = setup();
  const work = retry(async (attempt) => (attempt < 3 ? Promise.reject(unreachable) : attempt), options);
  await clock.advance(1000);
  assert.equal(await work, 3);
  assert.equal(delays.length, 2);
});

test('what is not transient is not tried again', async () => {
  const { delays, options } = setup();
  const refused = new SluiceError('slurm.refused', 'no');
  await assert.rejects(
    retry(() => Promise.reject(refused), options),
    (error) => error === refused,
  );
  assert.equal(delays.length, 0);
});

test("the other side's wish lengthens the delay, up to an hour", async () => {
  for (const [wish, delay] of [
    [5_000, 5_000],
    [10, 50],
    [undefined, 50],
    [1e12, 3_600_000],
  ] as const) {
    const { clock, delays, options } = setup({ delayFor: () => wish });
    const work = retry(async (attempt) => (attempt === 1 ? Promise.reject(unreachable) : attempt), options);
    await clock.advance(3_600_000);
    assert.equal(await work, 2);
    assert.deepEqual(delays, [delay]);
  }
});

test('the signal ends the wait with its reason', async () => {
  const abort = new AbortController();
  const { clock, options } = setup({ signal: abort.signal });
  const work = retry(() => Promise.reject(unreachable), options);
  await clock.untilSleeping();
  const reason = new Error('stop');
  abort.abort(reason);
  await assert.rejects(work, (error) => error === reason);
  assert.equal(clock.sleeping, 0);
});

test('every delay lies between nothing and its bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const delay = fullJitter(failures, { firstMs: 100, maxMs: 60_000 }, () => random);
      assert.ok(delay >= 0 && delay < 60_000 && delay <= 100 * 2 ** (failures - 1));
    }),
  );
});

test('transient is what may pass by itself', () => {
  const transient = (Object.keys(errorTable) as ErrorCode[]).filter((code) => isTransient(new SluiceError(code, 'x')));
  for (const code of [
    'http.unreachable',
    'http.timeout',
    'http.dropped',
    'slurm.unreachable',
    'process.timeout',
    'process.start',
  ] as const) {
    assert.ok(transient.includes(code), code);
  }
  for (const code of ['internal', 'usage', 'config.invalid', 'http.tls', 'slurm.denied', 'slurm.unknown', 'process.missing'] as const) {
    assert.ok(!transient.includes(code), code);
  }
  assert.equal(isTransient(new Error('x')), false);
  assert.ok(isCode(unreachable, 'http.unreachable'));
});

test('Retry-After is read as seconds or as a date, and nonsense is nothing', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Sun, 01 Mar 2026 12:00:30 GMT', now), 30_000);
  assert.equal(retryAfterMs('Sun, 01 Mar 2026 11:00:30 GMT', now), 0);
  for (const nonsense of [undefined, '', '-5', '1e9', '1.5', 'soon']) assert.equal(retryAfterMs(nonsense, now), undefined);
});

test('a periodic question slows down while it is not answered and recovers at once', () => {
  const backoff = new Backoff({ intervalMs: 1000, maxMs: 8000, random: () => 1 });
  const delays = [backoff.delayMs()];
  for (let failure = 0; failure < 5; failure += 1) {
    backoff.failed();
    delays.push(backoff.delayMs());
  }
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 8000, 8000]);
  assert.equal(backoff.failures, 5);
  backoff.succeeded();
  assert.equal(backoff.delayMs(), 1000);
  const eager = new Backoff({ intervalMs: 1000, maxMs: 10, random: () => 0 });
  eager.failed();
  assert.equal(eager.delayMs(), 1000);
});
