import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import fc from 'fast-check';
import type { ListedJob } from './listed-job.ts';
import { type AskRange, type ListSlice, slices } from './slices.ts';

const row = (startTime: number, jobId: number): ListedJob => ({ jobId, cluster: 'c', startTime, jobState: 'running', duration: 0 });

/** A server that gives the first `items` of what it has in a range, newest first if `ordered`; ties fall differently every time. */
function server(jobs: readonly ListedJob[], items: number, options: { readonly ordered: boolean; readonly random: () => number }) {
  const questions: number[] = [];
  const ask: AskRange = async (from, to, factor) => {
    questions.push(items * factor);
    const shuffled = jobs
      .filter(({ startTime }) => startTime >= from && startTime <= to)
      .map((job) => ({ job, key: options.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ job }) => job);
    if (options.ordered) shuffled.sort((a, b) => b.startTime - a.startTime);
    const rows = shuffled.slice(0, items * factor);
    return { rows, full: rows.length >= items * factor };
  };
  return { ask, questions };
}

async function all(list: AsyncIterable<ListSlice>): Promise<readonly ListSlice[]> {
  const found: ListSlice[] = [];
  for await (const slice of list) found.push(slice);
  return found;
}

const starts = fc.array(fc.oneof(fc.integer({ min: 100, max: 120 }), fc.integer({ min: 0, max: 1_000_000 })), { maxLength: 120 });

test('§4.4 W9: whatever the ties, every job is listed once, in slices without gap or overlap', async () => {
  await fc.assert(
    fc.asyncProperty(
      starts,
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1 })),
      async (times, items, keys) => {
        const jobs = times.map(row);
        const random = () => keys.next().value as number;
        const found = await all(slices(server(jobs, items, { ordered: true, random }).ask, 50, 900_000));
        const expected = jobs.filter(({ startTime }) => startTime >= 50 && startTime <= 900_000).map(({ jobId }) => jobId);
        assert.deepEqual(
          found.flatMap((slice) => slice.jobs.map(({ jobId }) => jobId)).toSorted((a, b) => a - b),
          expected,
        );
        let upper = 900_000;
        for (const { from, to, jobs: within } of found) {
          assert.equal(to, upper);
          assert.ok(within.every(({ startTime }) => startTime >= from && startTime <= to));
          upper = from - 1;
        }
        assert.equal(upper, 49);
      },
    ),
    { numRuns: 60 },
  );
});

test('W9: 10,000 jobs of one second among others, and no page is turned', async () => {
  const jobs = Array.from({ length: 12_000 }, (_, at) => row(at < 10_000 ? 5000 : at, at));
  const { ask, questions } = server(jobs, 1000, { ordered: true, random: Math.random });
  const found = await all(slices(ask, 0, 1_000_000));
  assert.equal(new Set(found.flatMap((slice) => slice.jobs.map(({ jobId }) => jobId))).size, 12_000);
  assert.ok(questions.length <= 8, `${questions}`);
  assert.equal(Math.max(...questions), 16_000);
});

test('a slice that fails ends the list with its error', async () => {
  const jobs = Array.from({ length: 10 }, (_, at) => row(at, at));
  const { ask } = server(jobs, 4, { ordered: true, random: Math.random });
  let questions = 0;
  const failing: AskRange = (from, to, factor) => (++questions === 3 ? Promise.reject(new Error('down')) : ask(from, to, factor));
  await assert.rejects(all(slices(failing, 0, 20)), /down/);
});

test('a server that overlooks the order or the range is not believed', async () => {
  const jobs = Array.from({ length: 40 }, (_, at) => row(at, at));
  const unordered = server(jobs, 20, { ordered: false, random: Math.random });
  await assert.rejects(all(slices(unordered.ask, 0, 100)), (error) => isCode(error, 'cc.failed'));
  const ask: AskRange = async () => ({ rows: [row(99, 1)], full: false });
  await assert.rejects(all(slices(ask, 0, 20)), (error) => isCode(error, 'cc.failed'));
});

test('an empty range asks nothing', async () => {
  const ask: AskRange = () => assert.fail();
  assert.deepEqual(await all(slices(ask, 20, 19)), []);
});
