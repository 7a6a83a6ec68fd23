import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { systemProcesses } from '@sluice/io';
import fc from 'fast-check';
import { character } from '../character.fixture.ts';
import { eventName, eventText, jobsOf, noon, openAt, spoolDirectory, today, writeEvent } from './spool.fixture.ts';
import { decodeEvent } from './spool-file.ts';

test('what is no event is set aside with its reason, and what is one still arrives', async (t) => {
  const path = spoolDirectory(t);
  const day = join(path, today);
  writeEvent(path, 1);
  const outside = join(path, '..', 'outside');
  writeFileSync(outside, eventText);
  symlinkSync(outside, join(day, eventName(20)));
  symlinkSync(outside, join(path, '20261119'));
  mkdirSync(join(path, '..', 'elsewhere'));
  writeFileSync(join(path, '..', 'elsewhere', eventName(99)), eventText);
  symlinkSync(join(path, '..', 'elsewhere'), join(path, '20261118'));
  mkdirSync(join(day, eventName(21)));
  writeFileSync(join(day, eventName(22)), 'x'.repeat(100_000));
  writeFileSync(join(day, eventName(23)), eventText.slice(0, -4));
  writeFileSync(join(day, eventName(24)), '');
  writeFileSync(join(day, eventName(25)), eventText.replace('lab', 'l\x07b'));
  writeFileSync(join(day, eventName(26)), eventText.replace('=9', '=0'));
  writeFileSync(join(day, eventName(27)), eventText.replace('prolog_slurmctld', '__proto__'));
  writeFileSync(join(day, 'README'), eventText);
  const fifo = await systemProcesses(process.env).run({
    program: { name: 'mkfifo', timeoutMs: 120_000, inherit: [], maxOutputBytes: 100 },
    args: [join(day, eventName(28))],
  });
  assert.equal(fifo.code, 0);

  const spool = openAt(path);
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
  assert.equal(readFileSync(outside, 'utf8'), eventText);
});

test('the directory of refused files is bounded', (t) => {
  const path = spoolDirectory(t);
  mkdirSync(join(path, today));
  for (let n = 0; n < 10; n += 1) writeFileSync(join(path, today, `junk${n}`), '');
  const spool = openAt(path, { maxRefused: 4 });
  assert.equal(spool.read(50).refused.length, 10);
  assert.equal(readdirSync(join(path, 'refused')).length, 4);
  assert.deepEqual(readdirSync(join(path, today)), []);
});

test('files that nobody may take away do not keep the others from being read', (t) => {
  const path = spoolDirectory(t);
  const day = join(path, today);
  mkdirSync(join(day, '.kept'), { recursive: true });
  // A directory that is not empty cannot be removed, and without room in refused/ not be moved.
  writeFileSync(join(day, '.kept', 'x'), '');
  const spool = openAt(path, { maxRefused: 0, window: 1 });
  assert.deepEqual(spool.read(1).refused, [{ file: `${today}/.kept`, reason: 'its name is not one that the hook gives' }]);
  writeEvent(path, 5);
  assert.deepEqual(jobsOf(spool, 1), [5]);
  assert.equal(spool.depth().files, 2);
});

test('an event that cannot be removed is told and not given again', (t) => {
  const path = spoolDirectory(t);
  writeEvent(path, 5);
  const spool = openAt(path);
  const [{ file } = assert.fail()] = spool.read(5).events;
  rmSync(join(path, file));
  mkdirSync(join(path, file));
  assert.match(spool.remove([file])[0]?.reason ?? '', /^it cannot be removed: E/);
  assert.deepEqual(spool.read(5), { state: 'ready', events: [], refused: [] });
});

test('only the owners that are named count, if any are', (t) => {
  const path = spoolDirectory(t);
  writeEvent(path, 5);
  const own = process.getuid?.() ?? 0;
  assert.deepEqual(jobsOf(openAt(path, { owners: [own] }), 5), [5]);
  assert.deepEqual(
    openAt(path, { owners: [own + 1] })
      .read(5)
      .refused.map(({ reason }) => reason),
    [`it belongs to uid ${own}`],
  );
});

test('unfinished files are left alone for an hour and removed after', (t) => {
  const path = spoolDirectory(t);
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
  const spool = openAt(path);
  assert.equal(spool.depth().files, 0);
  assert.equal(existsSync(old), true, 'asking for the depth changes nothing');
  assert.deepEqual(spool.read(5), { state: 'ready', events: [], refused: [] });
  assert.deepEqual([existsSync(young), existsSync(old)], [true, false]);
});

test('the count of written events follows what waits, and is followed through no link', (t) => {
  const path = spoolDirectory(t);
  const written = join(path, 'written');
  writeEvent(path, 1);
  truncateSync(written, 5000);
  const spool = openAt(path);
  spool.read(5);
  assert.equal(statSync(written).size, 1);
  rmSync(written);
  const outside = join(path, '..', 'outside');
  writeFileSync(outside, 'x'.repeat(5000));
  symlinkSync(outside, written);
  spool.read(5);
  assert.equal(statSync(outside).size, 5000);
});

test('whatever bytes and names lie in the spool, nothing throws and true events arrive', (t) => {
  const path = spoolDirectory(t);
  const name = fc.oneof(
    fc.string({ unit: character, minLength: 1, maxLength: 40 }).map((word) => word.replaceAll(/[/\0]/g, '_')),
    fc.constant(eventName(3)),
    fc.constantFrom('.tmp.x', '1795262400.1.1.prolog.1.event', 'written', 'bell'),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string().map((word) => Buffer.from(eventText.replace('9', word))),
    fc.constant(Buffer.from(eventText)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, content), { maxLength: 8 }), (files) => {
      const day = join(path, today);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(day, { recursive: true });
      for (const [file, bytes] of files) {
        if (file !== '.' && file !== '..' && Buffer.byteLength(file) < 255) writeFileSync(join(day, file), bytes);
      }
      writeEvent(path, 77);
      const spool = openAt(path);
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
    fc.property(fc.string({ unit: character }), (word) => {
      const plain = word.replaceAll('\n', ' ');
      const found = decodeEvent(eventText.replace('END', `SLURM_JOB_START_TIME=${plain}\nSLURM_JOB_ID=8\nEND`), 5);
      assert.ok('event' in found && found.event.jobId === 9);
      decodeEvent(word, 5);
    }),
  );
});

test('a day that may not be entered is passed over', (t) => {
  const path = spoolDirectory(t);
  mkdirSync(join(path, '20261120'), { mode: 0 });
  writeEvent(path, 1);
  asAnyUser(path, () => assert.deepEqual(jobsOf(openAt(path), 5), [1]));
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
