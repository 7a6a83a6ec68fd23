import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import fc from 'fast-check';
import { collect } from '../../test/accounting-questions.ts';
import { recorded } from '../../test/accounting-recordings.ts';
import { scriptedProcesses } from '../../test/scripted-processes.ts';
import type { EndedJobsQuery } from '../facets.ts';
import type { AccountedJob } from '../records.ts';
import { endedJobs, listed } from './accounting-ended-jobs.ts';
import { type Sacct, sacct } from './sacct.ts';
import { jobDecoder } from './sacct-job.ts';
import { nextLength, sliceLimits } from './slices.ts';
import { Bursts } from './slices-bursts.ts';
import { slurmCommands } from './slurm-command.ts';

/** Slurm takes no earlier times than some days after the epoch. */
const base = 1_790_000_000;
const limits = { aim: 30, cap: 50, firstSeconds: 4, longestSeconds: 1000 };
const job = jobDecoder(['JobIDRaw', 'State'])(['1', 'COMPLETED']) as AccountedJob;

/** A history that answers as sacct does: by end, both ends included, a window without length a second longer. */
function history(ends: readonly number[]): { readonly sacct: Sacct; readonly largest: () => number } {
  let largest = 0;
  async function* ask(filters: readonly string[]): ReturnType<Sacct['ask']> {
    const value = (option: string) => filters[filters.indexOf(option) + 1] ?? '';
    const from = Number(value('-S').slice(3));
    const to = Math.max(Number(value('-E').slice(3)), from + 1);
    const ids = filters.includes('-j') ? new Set(value('-j').split(',').map(Number)) : undefined;
    const states = value('--state').split(',');
    const records = ends
      .map((end, index) => ({ ...job, jobId: index + 1, end }))
      .filter(({ end, jobId, state }) => end >= from && end <= to && (ids?.has(jobId) ?? true) && states.includes(state.base));
    largest = Math.max(largest, records.length);
    yield { kind: 'records', records };
    return { rows: records.length, rejected: 0 };
  }
  const unused = () => Promise.reject(new Error('unused'));
  return { sacct: { ask, columns: unused, forgetColumns: () => {} }, largest: () => largest };
}

async function ids(sacct: Sacct, bursts: Bursts, query: EndedJobsQuery) {
  const { jobs, slices } = await collect(endedJobs({ sacct, bursts, limits }, query, ['--local']));
  return { ids: jobs.map(({ jobId }) => jobId).sort((a, b) => a - b), slices };
}

test('every job of a window comes exactly once, whatever the density, first and when read again', async () => {
  const ends = fc.array(
    fc.oneof(fc.integer({ min: base, max: base + 400 }), fc.constantFrom(base + 200, base + 200, base + 201, base + 399)),
    { maxLength: 600 },
  );
  await fc.assert(
    fc.asyncProperty(ends, fc.integer({ min: base - 10, max: base + 250 }), fc.integer({ min: 0, max: 200 }), async (all, from, length) => {
      const { sacct } = history(all);
      const bursts = new Bursts(manualClock(), limits.cap);
      const to = from + length;
      const expected = all.flatMap((end, index) => (end >= from && end <= to ? [index + 1] : []));
      for (let again = 0; again < 2; again++) {
        const read = await ids(sacct, bursts, { from, to });
        assert.deepEqual(read.ids, expected);
        assert.equal(read.slices[0]?.from, from);
        assert.equal(read.slices.at(-1)?.to, to);
      }
    }),
    { numRuns: 100 },
  );
});

test('a burst within one second is asked by ids when it is known, and no question is above the cap', async () => {
  const all = [...Array.from({ length: 500 }, () => base), base - 1, base + 1];
  const bursts = new Bursts(manualClock(), limits.cap);
  await ids(history(all).sacct, bursts, { from: base - 100, to: base + 100 });
  const again = history(all);
  assert.equal((await ids(again.sacct, bursts, { from: base - 100, to: base + 100 })).ids.length, 502);
  assert.ok(again.largest() <= limits.cap, `${again.largest()}`);
});

test('a burst is asked by time again after a while, for jobs of it that accounting learnt of later', async () => {
  const clock = manualClock();
  const bursts = new Bursts(clock, limits.cap);
  const all = Array.from({ length: 500 }, () => base);
  await ids(history(all).sacct, bursts, { from: base, to: base });
  const late = [...all, ...Array.from({ length: 3000 }, () => base - 1000), base];
  assert.equal((await ids(history(late).sacct, bursts, { from: base, to: base })).ids.length, 500);
  await clock.advance(11 * 60_000);
  assert.equal((await ids(history(late).sacct, bursts, { from: base, to: base })).ids.length, 501);
});

test('slices grow fourfold at most, shrink to what the denser end lets expect, and are never shorter than a second', () => {
  const seen = { from: 0, to: 899, rows: 0, recentRows: 0 };
  assert.equal(nextLength(seen, sliceLimits), 3600);
  assert.equal(nextLength({ ...seen, rows: 9000 }, sliceLimits), 400);
  assert.equal(nextLength({ ...seen, rows: 9000, recentRows: 9000 }, sliceLimits), 100);
  assert.equal(nextLength({ from: 0, to: 0, rows: 1e6, recentRows: 1e6 }, sliceLimits), 1);
  assert.equal(nextLength({ from: 0, to: 80_000, rows: 1, recentRows: 0 }, sliceLimits), 86_400);
});

test('what is empty is asked once more only as a part of a longer question, or when there is none', async () => {
  const asked: string[] = [];
  const { jobs } = reader(({ args }) => {
    if (args[0] === '--helpformat') return columns;
    asked.push(`${Number(args.at(-3)?.slice(3)) - base} ${Number(args.at(-1)?.slice(3)) - base}`);
    return { stdout: whole([header]) };
  });
  const query = { from: base, to: base + 100 };
  const { slices } = await collect(endedJobs({ sacct: jobs, bursts: new Bursts(manualClock(), 50), limits }, query, ['--local']));
  assert.deepEqual(asked, ['0 3', '0 15', '0 63', '0 100', '0 100']);
  assert.deepEqual(slices, [{ kind: 'slice', from: base, to: base + 100, rows: 0, rejected: 0 }]);
  asked.length = 0;
  const parts = { sacct: jobs, bursts: new Bursts(manualClock(), 50), limits };
  await collect(endedJobs(parts, { from: base, to: base + 3, overlapped: true }, ['--local']));
  assert.deepEqual(asked, ['0 3'], 'nor when others ask about the same time');
});

test('an empty list of users asks nothing; names that sacct would split are refused', async () => {
  const { sacct } = history([base]);
  const bursts = new Bursts(manualClock(), 50);
  assert.deepEqual((await ids(sacct, bursts, { from: base, to: base + 1, users: [] })).ids, []);
  for (const name of ['a,b', '', 'a b', 'a\0']) assert.throws(() => listed('--user', [name]), { code: 'data.invalid' });
});

const nonce = () => 'abcdefgh012';

function reader(answer: Parameters<typeof scriptedProcesses>[0]) {
  const processes = scriptedProcesses(answer);
  return { processes, jobs: sacct({ commands: slurmCommands({ processes, clock: manualClock(), nonce }), nonce }) };
}

const columns = { stdout: 'JobIDRaw State End' };
const whole = (rows: readonly string[][]) => rows.map((row) => `${row.map((field) => `${field}\x1fabcdefgh012`).join('')}\n`).join('');
const header = ['JobIDRaw', 'State', 'End'];

test('slurmdbd down is slurm.unreachable at once, in the words of each release', async () => {
  for (const release of ['22.05', '24.11', '26.05'] as const) {
    const stderr = recorded(release, 'dbd-down-sacct.txt');
    const { jobs } = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stderr, code: 1 }));
    await assert.rejects(collect(jobs.ask([])), { code: 'slurm.unreachable' });
  }
});

test('a column that the release took away under us is asked for no more, once', async () => {
  let asked = 0;
  const stderr = recorded('26.05', 'sacct-bad-field.txt');
  const answer = { stdout: whole([header, ['7', 'COMPLETED', '100']]) };
  const { jobs, processes } = reader(({ args }) => (args[0] === '--helpformat' ? columns : ++asked === 1 ? { stderr, code: 1 } : answer));
  assert.equal((await collect(jobs.ask([]))).jobs.length, 1);
  assert.equal(processes.calls.filter(({ args }) => args[0] === '--helpformat').length, 2);
  const always = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stderr, code: 1 }));
  await assert.rejects(collect(always.jobs.ask([])), { code: 'slurm.unsupported' });
});

test('an answer whose header cannot be read is not whole, and no job stands in for the header', async () => {
  const rows = [['JobIDRaw', 'State'], ['6', 'JobIDRaw', 'State'], ['7', '8', 'COMPLETED'], header];
  const { jobs } = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stdout: whole(rows) }));
  await assert.rejects(collect(jobs.ask([])), { code: 'slurm.incomplete' });
});

test('an answer without rows is believed only when it comes twice', async () => {
  let asked = 0;
  const rows = [header, ['7', 'COMPLETED', '100']];
  const { jobs } = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stdout: whole(++asked === 1 ? [header] : rows) }));
  assert.equal((await collect(jobs.ask([]))).jobs.length, 1);
});

test('an answer with exit code 0 that speaks of a lost connection on stderr does not count', async () => {
  const stderr =
    'sacct: error: slurm_persist_conn_open: Something happened with the receiving/processing of the persistent connection: Connection refused';
  const { jobs } = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stdout: whole([header]), stderr }));
  await assert.rejects(collect(jobs.ask([])), { code: 'slurm.unreachable' });
});

test('MaxQueryTimeRange makes slices shorter, and is named when even a minute is too long', async () => {
  const tooWide = { stderr: 'sacct: error: Too wide of a date range in query', code: 1 };
  const span = (args: readonly string[]) => Number(args.at(-1)?.slice(3)) - Number(args.at(-3)?.slice(3));
  const narrow = reader(({ args }) => (args[0] === '--helpformat' ? columns : span(args) > 300 ? tooWide : { stdout: whole([header]) }));
  const parts = { bursts: new Bursts(manualClock(), 5000), limits: sliceLimits };
  const { slices } = await collect(endedJobs({ ...parts, sacct: narrow.jobs }, { from: base, to: base + 3600 }, ['--local']));
  assert.equal(slices.at(-1)?.to, base + 3600);
  const never = reader(({ args }) => (args[0] === '--helpformat' ? columns : tooWide));
  const refused = collect(endedJobs({ ...parts, sacct: never.jobs }, { from: base, to: base + 3600 }, ['--local']));
  await assert.rejects(
    refused,
    (error: Error & { code?: string; hint?: string }) => error.code === 'slurm.denied' && /MaxQueryTimeRange/.test(error.hint ?? ''),
  );
});

test('rows without job id or state are rejected with a reason, the others arrive', async () => {
  const rows = [header, ['x', 'COMPLETED', '1'], ['8', 'what is this', '1'], ['9', 'COMPLETED', '1']];
  const { jobs } = reader(({ args }) => (args[0] === '--helpformat' ? columns : { stdout: whole(rows) }));
  const { jobs: read, rejects } = await collect(jobs.ask([]));
  assert.deepEqual([read.map(({ jobId }) => jobId), rejects.length], [[9], 2]);
});
