import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manualClock, systemClock, systemProcesses } from '@sluice/io';
import fc from 'fast-check';
import { openSpool, type Spool, type SpoolOptions } from './spool.ts';
import { decodeEvent } from './spool-file.ts';
import { dayOf, seenMsOf } from './spool-layout.ts';
import { writeSpoolEvent } from './spool-write.ts';

const noon = Date.UTC(2026, 10, 21, 12);
const today = '20261121';
const dayMs = 86_400_000;

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-spool-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'spool');
  mkdirSync(path);
  return path;
}

function open(path: string, options: Partial<SpoolOptions> = {}): Spool {
  return openSpool({ path, clock: manualClock(noon), ...options });
}

const hook = { SLURM_CLUSTER_NAME: 'lab', SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld' };

function write(spool: string, jobId: number, nowMs = noon): void {
  assert.equal(writeSpoolEvent({ spool, environment: { ...hook, SLURM_JOB_ID: String(jobId) }, nowMs, pid: 7 }), true);
}

const jobsOf = (spool: Spool, max: number) => spool.read(max).events.map(({ event }) => event.jobId);
const text = 'SLURM_JOB_ID=9\nSLURM_CLUSTER_NAME=lab\nSLURM_SCRIPT_CONTEXT=prolog_slurmctld\nEND\n';
const eventName = (jobId: number) => `1795262400.000000000.${jobId}.prolog.1.event`;

test('what the client writes is read, across days oldest first, again until it is removed', (t) => {
  const path = place(t);
  const spool = open(path, { window: 2 });
  for (const [jobId, back] of [
    [3, 0],
    [1, 2 * dayMs],
    [2, dayMs],
    [4, -1],
  ] as const) {
    write(path, jobId, noon - back);
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
  assert.deepEqual(spool.depth(), { state: 'ready', files: 4, bytes: text.length * 4, oldestMs: noon - 2 * dayMs });
  assert.deepEqual(spool.remove(events.slice(0, 3).map(({ file }) => file)), []);
  assert.deepEqual(jobsOf(spool, 10), [4]);
  assert.deepEqual(
    readdirSync(path).filter((name) => /^\d+$/.test(name)),
    ['20261120', today],
    'the empty day before yesterday is gone',
  );
});

test('a spool that is missing, or cannot be listed, is a state and no error', (t) => {
  const path = place(t);
  rmSync(path, { recursive: true });
  const spool = open(path);
  assert.deepEqual(spool.read(5), { state: 'missing', events: [], refused: [] });
  assert.deepEqual(spool.depth(), { state: 'missing', files: 0, bytes: 0, oldestMs: null });
  assert.equal(spool.fullSince(), null);
  assert.deepEqual(spool.remove([`${today}/${eventName(1)}`]), []);
  spool.clearFull();
  writeFileSync(path, '');
  assert.equal(spool.read(5).state, 'unreadable');
  rmSync(path);
  mkdirSync(path);
  write(path, 1);
  assert.deepEqual(jobsOf(spool, 5), [1]);
});

test('what is no event is set aside with its reason, and what is one still arrives', async (t) => {
  const path = place(t);
  const day = join(path, today);
  write(path, 1);
  const outside = join(path, '..', 'outside');
  writeFileSync(outside, text);
  symlinkSync(outside, join(day, eventName(20)));
  symlinkSync(outside, join(path, '20261119'));
  mkdirSync(join(path, '..', 'elsewhere'));
  writeFileSync(join(path, '..', 'elsewhere', eventName(99)), text);
  symlinkSync(join(path, '..', 'elsewhere'), join(path, '20261118'));
  mkdirSync(join(day, eventName(21)));
  writeFileSync(join(day, eventName(22)), 'x'.repeat(100_000));
  writeFileSync(join(day, eventName(23)), text.slice(0, -4));
  writeFileSync(join(day, eventName(24)), '');
  writeFileSync(join(day, eventName(25)), text.replace('lab', 'l\x07b'));
  writeFileSync(join(day, eventName(26)), text.replace('=9', '=0'));
  writeFileSync(join(day, eventName(27)), text.replace('prolog_slurmctld', '__proto__'));
  writeFileSync(join(day, 'README'), text);
  const fifo = await systemProcesses(process.env).run({
    program: { name: 'mkfifo', timeoutMs: 5000, inherit: [], maxOutputBytes: 100 },
    args: [join(day, eventName(28))],
  });
  assert.equal(fifo.code, 0);

  const spool = open(path);
  const { events, refused } = spool.read(50);
  assert.deepEqual(
    events.map(({ event }) => event.jobId),
    [1],
  );
  const reasons = Object.fromEntries(
    refused.map(({ file, reason }) => [file.replace(/.*\/(\d+\.\d+\.)?/, '').replace(/\..*/, ''), reason]),
  );
  assert.deepEqual(reasons, {
    20: 'it is a symbolic link',
    21: 'it is not a regular file',
    22: 'it is larger than 8192 bytes',
    23: 'it does not end as an event does',
    24: 'it does not end as an event does',
    25: 'SLURM_CLUSTER_NAME is not the name of a cluster',
    26: 'SLURM_JOB_ID is not the number of a job',
    27: 'SLURM_SCRIPT_CONTEXT is neither prolog_slurmctld nor epilog_slurmctld',
    28: 'it is not a regular file',
    README: 'its name is not one that the hook gives',
  });
  assert.deepEqual(spool.read(50).refused, [], 'each is told once');
  assert.equal(readdirSync(join(path, 'refused')).length, 9, 'the large one is deleted');
  assert.equal(readFileSync(outside, 'utf8'), text);
});

test('the directory of refused files is bounded', (t) => {
  const path = place(t);
  mkdirSync(join(path, today));
  for (let n = 0; n < 10; n += 1) writeFileSync(join(path, today, `junk${n}`), '');
  const spool = open(path, { maxRefused: 4 });
  assert.equal(spool.read(50).refused.length, 10);
  assert.equal(readdirSync(join(path, 'refused')).length, 4);
  assert.deepEqual(readdirSync(join(path, today)), []);
});

test('files that nobody may take away do not keep the others from being read', (t) => {
  const path = place(t);
  const day = join(path, today);
  mkdirSync(join(day, '.kept'), { recursive: true });
  // A directory that is not empty cannot be removed, and without room in refused/ not be moved.
  writeFileSync(join(day, '.kept', 'x'), '');
  const spool = open(path, { maxRefused: 0, window: 1 });
  assert.deepEqual(spool.read(1).refused, [{ file: `${today}/.kept`, reason: 'its name is not one that the hook gives' }]);
  write(path, 5);
  assert.deepEqual(jobsOf(spool, 1), [5]);
  assert.equal(spool.depth().files, 2);
});

test('an event that cannot be removed is told and not given again', (t) => {
  const path = place(t);
  write(path, 5);
  const spool = open(path);
  const [{ file } = assert.fail()] = spool.read(5).events;
  rmSync(join(path, file));
  mkdirSync(join(path, file));
  assert.match(spool.remove([file])[0]?.reason ?? '', /^it cannot be removed: E/);
  assert.deepEqual(spool.read(5), { state: 'ready', events: [], refused: [] });
});

test('only the owners that are named count, if any are', (t) => {
  const path = place(t);
  write(path, 5);
  const own = process.getuid?.() ?? 0;
  assert.deepEqual(jobsOf(open(path, { owners: [own] }), 5), [5]);
  assert.deepEqual(
    open(path, { owners: [own + 1] })
      .read(5)
      .refused.map(({ reason }) => reason),
    [`it belongs to uid ${own}`],
  );
});

test('unfinished files are left alone for an hour and removed after', (t) => {
  const path = place(t);
  mkdirSync(join(path, today));
  const young = join(path, today, '.tmp.1.prolog.1');
  const old = join(path, today, '.tmp.2.prolog.2');
  for (const [file, ageMs] of [
    [young, 3_500_000],
    [old, 3_700_000],
  ] as const) {
    writeFileSync(file, 'SLURM');
    utimesSync(file, (noon - ageMs) / 1000, (noon - ageMs) / 1000);
  }
  const spool = open(path);
  assert.equal(spool.depth().files, 0);
  assert.equal(existsSync(old), true, 'asking for the depth changes nothing');
  assert.deepEqual(spool.read(5), { state: 'ready', events: [], refused: [] });
  assert.deepEqual([existsSync(young), existsSync(old)], [true, false]);
});

test('the count of written events follows what waits, and is followed through no link', (t) => {
  const path = place(t);
  const written = join(path, 'written');
  write(path, 1);
  truncateSync(written, 5000);
  const spool = open(path);
  spool.read(5);
  assert.equal(statSync(written).size, 1);
  rmSync(written);
  const outside = join(path, '..', 'outside');
  writeFileSync(outside, 'x'.repeat(5000));
  symlinkSync(outside, written);
  spool.read(5);
  assert.equal(statSync(outside).size, 5000);
});

test('a backlog is read whole and in order, however large its directory', (t) => {
  const path = place(t);
  const count = 12_000;
  mkdirSync(join(path, today));
  for (let n = 1; n <= count; n += 1) {
    writeFileSync(join(path, today, `1795262400.${String(n * 1000).padStart(9, '0')}.${n}.prolog.1.event`), text.replace('9', String(n)));
  }
  const spool = open(path, { window: 1000 });
  const seen: number[] = [];
  for (let batch = spool.read(700); batch.events.length > 0; batch = spool.read(700)) {
    seen.push(...batch.events.map(({ event }) => event.jobId));
    assert.deepEqual(spool.remove(batch.events.map(({ file }) => file)), []);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, index) => index + 1),
  );
});

test('the client keeps the bound that the script keeps', (t) => {
  const path = place(t);
  const environment = { ...hook, SLURM_JOB_ID: '1' };
  write(path, 1);
  truncateSync(join(path, 'written'), 8192);
  assert.equal(writeSpoolEvent({ spool: path, maxEvents: 1, environment, nowMs: noon, pid: 1 }), false);
  const spool = open(path);
  assert.notEqual(spool.fullSince(), null);
  assert.equal(spool.depth().files, 1);
  assert.equal(writeSpoolEvent({ spool: join(path, 'none'), environment, nowMs: noon, pid: 1 }), false);
  assert.equal(existsSync(join(path, 'none')), false);
});

test('arrivals wake the watcher; it finds a spool that comes later or is replaced', async (t) => {
  const path = place(t);
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
    write(path, jobId, Date.now());
    await arrived.promise;
    arrived = Promise.withResolvers();
  }
  end.abort();
  await ended;
  assert.deepEqual(seen, [1, 2, 3]);
});

test('the bell alone wakes the watcher, without the slow look', async (t) => {
  const path = place(t);
  const clock = manualClock(noon);
  const spool = openSpool({ path, clock });
  const end = new AbortController();
  const arrived = Promise.withResolvers<void>();
  const ended = spool.watch(arrived.resolve, end.signal);
  await clock.untilSleeping();
  write(path, 1);
  await arrived.promise;
  end.abort();
  await ended;
});

test('the slow look finds what inotify missed', async (t) => {
  const path = place(t);
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
  writeFileSync(join(path, today, eventName(1)), text);
  assert.equal(calls, 0);
  arrived = Promise.withResolvers();
  await clock.advance(5000);
  await arrived.promise;
  end.abort();
  await ended;
  assert.equal(calls, 1);
});

test('whatever bytes and names lie in the spool, nothing throws and true events arrive', (t) => {
  const path = place(t);
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((word) => word.replaceAll(/[/\0]/g, '_')),
    fc.constant(eventName(3)),
    fc.constantFrom('.tmp.x', '1795262400.1.1.prolog.1.event', 'written', 'bell'),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string().map((word) => Buffer.from(text.replace('9', word))),
    fc.constant(Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, content), { maxLength: 8 }), (files) => {
      const day = join(path, today);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(day, { recursive: true });
      for (const [file, bytes] of files) {
        if (file !== '.' && file !== '..' && Buffer.byteLength(file) < 255) writeFileSync(join(day, file), bytes);
      }
      write(path, 77);
      const spool = open(path);
      const { events } = spool.read(100);
      assert.ok(events.some(({ event }) => event.jobId === 77));
      for (const { event } of events) assert.ok(Number.isSafeInteger(event.jobId) && event.jobId > 0 && event.cluster !== '');
      assert.deepEqual(spool.remove(events.map(({ file }) => file)), []);
      assert.deepEqual(spool.read(100), { state: 'ready', events: [], refused: [] });
    }),
    { numRuns: 100 },
  );
});

test('decoding is total, and no value forges another', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (word) => {
      const plain = word.replaceAll('\n', ' ');
      const found = decodeEvent(text.replace('END', `SLURM_JOB_START_TIME=${plain}\nSLURM_JOB_ID=8\nEND`), 5);
      assert.ok('event' in found && found.event.jobId === 9);
      decodeEvent(word, 5);
    }),
  );
});

test('names and days are those of UTC', () => {
  assert.equal(seenMsOf(eventName(1)), 1_795_262_400_000);
  assert.equal(seenMsOf('1795262400.987654321.4294967293.epilog.4194304.event'), 1_795_262_400_987);
  assert.equal(seenMsOf('x1795262400.987654321.1.epilog.1.event'), null);
  assert.equal(dayOf(Date.UTC(2026, 0, 1) - 1), '20251231');
});

test('a day that may not be entered is passed over', (t) => {
  const path = place(t);
  mkdirSync(join(path, '20261120'), { mode: 0 });
  write(path, 1);
  asAnyUser(path, () => assert.deepEqual(jobsOf(open(path), 5), [1]));
  chmodSync(join(path, '20261120'), 0o755);
});

/** Does the work as a user whom modes of files hold for: root enters every directory. The files below `path` become that user's. */
function asAnyUser(path: string, work: () => void): void {
  const nobody = 65_534;
  if (process.getuid?.() !== 0) {
    work();
    return;
  }
  chmodSync(dirname(path), 0o755);
  for (const name of ['', ...readdirSync(path, { recursive: true, encoding: 'utf8' })]) chownSync(join(path, name), nobody, nobody);
  process.seteuid?.(nobody);
  try {
    work();
  } finally {
    process.seteuid?.(0);
  }
}
