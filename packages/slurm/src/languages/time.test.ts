import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { formatDuration, formatTimeLimit, formatUts, parseDuration, parseTime, parseTimeLimit } from './time.ts';

test('durations in seconds', () => {
  const cases = {
    '1-02:03:04': 93_784,
    '02:03:04': 7384,
    '03:04': 184,
    '0:10': 10,
    '03:04.567': 184.567,
    '1-02': 93_600,
    '1-02:03': 93_780,
    '365-00:00:00': 31_536_000,
    '00:00:00': 0,
    '900': 900,
  };
  for (const [text, seconds] of Object.entries(cases)) assert.equal(parseDuration(text), seconds, text);
});

test('text that is no duration is refused', () => {
  for (const text of [
    '',
    ':',
    '1:',
    ':1',
    '1-',
    '-1',
    '1:2:3:4',
    '1-2-3',
    '1.5:00',
    '1e3',
    'INVALID',
    'UNLIMITED',
    '１:00',
    '9007199254740991:00:00',
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('durations are written as sacct writes Elapsed', () => {
  assert.equal(formatDuration(93_784), '1-02:03:04');
  assert.equal(formatDuration(5), '00:00:05');
  assert.equal(formatDuration(184.567), '00:03:04.567');
  fc.assert(fc.property(fc.nat(), (milliseconds) => assert.equal(parseDuration(formatDuration(milliseconds / 1000)), milliseconds / 1000)));
});

// sbatch(1), --time.
test('time limits in minutes, seconds rounded up', () => {
  const cases = {
    '30': 30,
    '30:00': 30,
    '30:01': 31,
    '1:30:00': 90,
    '1:30:59': 91,
    '2-12': 3600,
    '2-12:30': 3630,
    '2-12:30:15': 3631,
    '365-00:00:00': 525_600,
    '0': 0,
  };
  for (const [text, minutes] of Object.entries(cases)) assert.equal(parseTimeLimit(text), minutes, text);
});

test('time limits as sbatch 22.05 takes them and squeue and scontrol then show them', () => {
  const recorded: Record<string, readonly [squeue: string, scontrol: string] | null> = {
    '1': ['1:00', '00:01:00'],
    '30': ['30:00', '00:30:00'],
    '90': ['1:30:00', '01:30:00'],
    '30:00': ['30:00', '00:30:00'],
    '30:01': ['31:00', '00:31:00'],
    '30:59': ['31:00', '00:31:00'],
    '0:01': ['1:00', '00:01:00'],
    '0:59': ['1:00', '00:01:00'],
    '90:00': ['1:30:00', '01:30:00'],
    '1:30:00': ['1:30:00', '01:30:00'],
    '1:30:01': ['1:31:00', '01:31:00'],
    '01:02:03': ['1:03:00', '01:03:00'],
    '100:00:00': ['4-04:00:00', '4-04:00:00'],
    '1:60:00': ['2:00:00', '02:00:00'],
    '1:00:90': ['1:02:00', '01:02:00'],
    '1-0': ['1-00:00:00', '1-00:00:00'],
    '1-12': ['1-12:00:00', '1-12:00:00'],
    '2-12:30': ['2-12:30:00', '2-12:30:00'],
    '2-12:30:15': ['2-12:31:00', '2-12:31:00'],
    '1-00:00:00': ['1-00:00:00', '1-00:00:00'],
    '365-0': ['365-00:00:00', '365-00:00:00'],
    '0-1': ['1:00:00', '01:00:00'],
    UNLIMITED: ['UNLIMITED', 'UNLIMITED'],
    infinite: ['UNLIMITED', 'UNLIMITED'],
    INFINITE: ['UNLIMITED', 'UNLIMITED'],
    unlimited: ['UNLIMITED', 'UNLIMITED'],
    '-1': ['UNLIMITED', 'UNLIMITED'],
    '1:': null,
    ':30': null,
    '1:2:3:4': null,
    '1-2-3': null,
    '1h': null,
    '1.5': null,
  };
  for (const [asked, shown] of Object.entries(recorded)) {
    const limit = parseTimeLimit(asked);
    assert.equal(limit === undefined || limit === null ? null : formatTimeLimit(limit), shown?.[1] ?? null, asked);
    if (shown !== null) assert.equal(parseTimeLimit(shown[0]), limit, asked);
  }
});

test('time limits in words', () => {
  for (const text of ['UNLIMITED', 'unlimited', 'infinite', 'INFINITE', '-1']) assert.equal(parseTimeLimit(text), 'unlimited');
  assert.equal(parseTimeLimit('Partition_Limit'), 'partition');
  for (const text of ['', 'NONE', 'n/a', 'N/A', 'NOT_SET']) assert.equal(parseTimeLimit(text), null);
  for (const text of ['INVALID', 'ınfınıte', ' UNLIMITED', '1:2:3:4', '-2', '30.5', '1h', 'partition'])
    assert.equal(parseTimeLimit(text), undefined, text);
});

test('time limits are written as they are read', () => {
  assert.equal(formatTimeLimit(1440), '1-00:00:00');
  assert.equal(formatTimeLimit('unlimited'), 'UNLIMITED');
  assert.equal(formatTimeLimit('partition'), 'Partition_Limit');
  const limit = fc.oneof(fc.nat(), fc.constantFrom('unlimited' as const, 'partition' as const));
  fc.assert(fc.property(limit, (value) => assert.equal(parseTimeLimit(formatTimeLimit(value)), value)));
});

test('points in time', () => {
  assert.equal(parseTime('1792882800'), 1_792_882_800);
  assert.equal(parseTime('2026-10-24T23:00:00'), 1_792_882_800);
  for (const text of [
    '',
    '0',
    'None',
    'Unknown',
    'N/A',
    'NONE',
    '(null)',
    'INFINITE',
    '0004294967294',
    '4294967294',
    '18446744073709551614',
  ])
    assert.equal(parseTime(text), null);
});

test('text that is no point in time is refused', () => {
  const texts = [
    '2026-10-25T02:15:00Z',
    '2026-10-25T02:15:00+0200',
    '2026-10-25',
    '2026-02-30T00:00:00',
    '2026-01-01T24:00:00',
    '2026-13-01T00:00:00',
    '0226-11-21T09:38:14',
    '-5',
    '1e9',
    'now',
    '２０２６-10-25T02:15:00',
  ];
  for (const text of texts) assert.equal(parseTime(text), undefined, text);
});

for (const release of ['22.05', '24.11']) {
  // The same jobs, every 15 minutes around the end of summer time in Berlin, as sacct gives them.
  test(`the hour that the clock change repeats, ${release}`, () => {
    const starts = (file: string): ReadonlyMap<string, number | null | undefined> => {
      const text = readFileSync(new URL(`recordings/time/${release}-autumn-all-${file}.txt`, import.meta.url), 'utf8');
      const rows = text.split('\n').map((line) => line.split('|'));
      return new Map(rows.flatMap(([id = '', , start = '']) => (/^[0-9]+$/.test(id) ? [[id, parseTime(start)] as const] : [])));
    };
    const utc = starts('utc');
    const epochs = starts('berlin-epoch');
    assert.equal(utc.size, 17);
    assert.deepEqual(utc, epochs);
    assert.equal(new Set(utc.values()).size, 17);
  });
}

test('points in time are asked for in a form that no time zone changes', () => {
  assert.equal(formatUts(1_792_882_800), 'uts1792882800');
  assert.equal(formatUts(1_792_882_800.9), 'uts1792882800');
  assert.equal(formatUts(0), 'uts1000000');
});

test('a second of UTC is the same as digits and as a date', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000_000_000 }), (epoch) => {
      assert.equal(parseTime(`${epoch}`), epoch);
      assert.equal(parseTime(new Date(epoch * 1000).toISOString().slice(0, 19)), epoch);
    }),
  );
});

test('any text is read without a throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: character }), (text) => {
      parseTime(text);
      parseDuration(text);
      parseTimeLimit(text);
    }),
  );
});
