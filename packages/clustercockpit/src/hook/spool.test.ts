import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { manualClock, systemClock } from '@sluice/io';
import { eventName, eventText, hook, jobsOf, noon, openAt, spoolDirectory, today, writeEvent } from './spool.fixture.ts';
import { openSpool } from './spool.ts';
import { dayOf, seenMsOf } from './spool-layout.ts';
import { writeSpoolEvent } from './spool-write.ts';

const dayMs = 86_400_000;

test('what the client writes is read, across days oldest first, again until it is removed', (t) => {
  const path = spoolDirectory(t);
  const spool = openAt(path, { window: 2 });
  for (const [jobId, back] of [
    [3, 0],
    [1, 2 * dayMs],
    [2, dayMs],
    [4, -1],
  ] as const) {
    writeEvent(path, jobId, noon - back);
  }
  assert.deepEqual(jobsOf(spool, 1), [1]);
  assert.deepEqual(jobsOf(spool, 3), [1, 2, 3]);
  const busy = new Set(spool.read(3).events.map(({ file }) => file));
  assert.deepEqual(
    spool.read(3, busy).events.map(({ event }) => event.jobId),
    [4],
  );
  const { events, state } = spool.read(10);
  assert.equal(state, 'ready');
  assert.deepEqual(
    events.map(({ event }) => event.seenMs - noon),
    [-2 * dayMs, -dayMs, 0, 1],
  );
  assert.deepEqual(spool.depth(), { state: 'ready', files: 4, bytes: eventText.length * 4, oldestMs: noon - 2 * dayMs });
  assert.deepEqual(spool.remove(events.slice(0, 3).map(({ file }) => file)), []);
  assert.deepEqual(jobsOf(spool, 10), [4]);
  assert.deepEqual(
    readdirSync(path).filter((name) => /^\d+$/.test(name)),
    ['20261120', today],
    'the empty day before yesterday is gone',
  );
});

test('a spool that is missing, or cannot be listed, is a state and no error', (t) => {
  const path = spoolDirectory(t);
  rmSync(path, { recursive: true });
  const spool = openAt(path);
  assert.deepEqual(spool.read(5), { state: 'missing', events: [], refused: [] });
  assert.deepEqual(spool.depth(), { state: 'missing', files: 0, bytes: 0, oldestMs: null });
  assert.equal(spool.fullSince(), null);
  assert.deepEqual(spool.remove([`${today}/${eventName(1)}`]), []);
  spool.clearFull();
  writeFileSync(path, '');
  assert.equal(spool.read(5).state, 'unreadable');
  rmSync(path);
  mkdirSync(path);
  writeEvent(path, 1);
  assert.deepEqual(jobsOf(spool, 5), [1]);
});

test('a backlog is read whole and in order, however large its directory', (t) => {
  const path = spoolDirectory(t);
  const count = 6000;
  mkdirSync(join(path, today));
  for (let n = 1; n <= count; n += 1) {
    writeFileSync(
      join(path, today, `1795262400.${String(n * 1000).padStart(9, '0')}.${n}.prolog.1.event`),
      eventText.replace('9', String(n)),
    );
  }
  const spool = openAt(path, { window: 500 });
  const seen: number[] = [];
  for (let batch = spool.read(350); batch.events.length > 0; batch = spool.read(350)) {
    seen.push(...batch.events.map(({ event }) => event.jobId));
    assert.deepEqual(spool.remove(batch.events.map(({ file }) => file)), []);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, index) => index + 1),
  );
});

test('the client keeps the bound that the script keeps', (t) => {
  const path = spoolDirectory(t);
  const environment = { ...hook, SLURM_JOB_ID: '1' };
  writeEvent(path, 1);
  truncateSync(join(path, 'written'), 8192);
  assert.equal(writeSpoolEvent({ spool: path, maxEvents: 1, environment, nowMs: noon, pid: 1 }), false);
  const spool = openAt(path);
  assert.notEqual(spool.fullSince(), null);
  assert.equal(spool.depth().files, 1);
  assert.equal(writeSpoolEvent({ spool: join(path, 'none'), environment, nowMs: noon, pid: 1 }), false);
  assert.equal(existsSync(join(path, 'none')), false);
});

test('the client follows no link in the place of a mark', (t) => {
  const path = spoolDirectory(t);
  const victim = join(path, '..', `${basename(path)}-victim`);
  t.after(() => rmSync(victim, { force: true }));
  writeFileSync(victim, 'kept');
  for (const mark of ['bell', 'full']) symlinkSync(victim, join(path, mark));
  writeEvent(path, 1);
  symlinkSync(victim, join(path, 'written-now'));
  renameSync(join(path, 'written-now'), join(path, 'written'));
  const environment = { ...hook, SLURM_JOB_ID: '2' };
  assert.equal(writeSpoolEvent({ spool: path, environment, nowMs: noon, pid: 1 }), false);
  assert.equal(readFileSync(victim, 'utf8'), 'kept');
  assert.equal(openAt(path).depth().files, 1);
});

test('arrivals wake the watcher; it finds a spool that comes later or is replaced', async (t) => {
  const path = spoolDirectory(t);
  rmSync(path, { recursive: true });
  const spool = openSpool({ path, clock: systemClock(), rescanMs: 20 });
  const end = new AbortController();
  const seen: number[] = [];
  let arrived = Promise.withResolvers<void>();
  const ended = spool.watch(() => {
    const { events } = spool.read(100);
    spool.remove(events.map(({ file }) => file));
    seen.push(...events.map(({ event }) => event.jobId));
    if (events.length > 0) arrived.resolve();
  }, end.signal);
  for (const jobId of [1, 2, 3]) {
    if (jobId < 3) {
      if (existsSync(path)) renameSync(path, `${path}.old`);
      mkdirSync(path);
    }
    writeEvent(path, jobId, Date.now());
    await arrived.promise;
    arrived = Promise.withResolvers();
  }
  end.abort();
  await ended;
  assert.deepEqual(seen, [1, 2, 3]);
});

test('the bell alone wakes the watcher, without the slow look', async (t) => {
  const path = spoolDirectory(t);
  const clock = manualClock(noon);
  const spool = openSpool({ path, clock });
  const end = new AbortController();
  const arrived = Promise.withResolvers<void>();
  const ended = spool.watch(arrived.resolve, end.signal);
  await clock.untilSleeping();
  writeEvent(path, 1);
  await arrived.promise;
  end.abort();
  await ended;
});

test('the slow look finds what inotify missed', async (t) => {
  const path = spoolDirectory(t);
  const clock = manualClock(noon);
  const spool = openSpool({ path, clock });
  const end = new AbortController();
  let calls = 0;
  let arrived = Promise.withResolvers<void>();
  const ended = spool.watch(() => {
    calls += 1;
    arrived.resolve();
  }, end.signal);
  await clock.untilSleeping();
  mkdirSync(join(path, today));
  writeFileSync(join(path, today, eventName(1)), eventText);
  assert.equal(calls, 0);
  arrived = Promise.withResolvers();
  await clock.advance(5000);
  await arrived.promise;
  end.abort();
  await ended;
  assert.equal(calls, 1);
});

test('names and days are those of UTC', () => {
  assert.equal(seenMsOf(eventName(1)), 1_795_262_400_000);
  assert.equal(seenMsOf('1795262400.987654321.4294967293.epilog.4194304.event'), 1_795_262_400_987);
  assert.equal(seenMsOf('x1795262400.987654321.1.epilog.1.event'), null);
  assert.equal(dayOf(Date.UTC(2026, 0, 1) - 1), '20251231');
});
