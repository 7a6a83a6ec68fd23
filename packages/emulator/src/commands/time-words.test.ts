import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { timeTexts } from './time-text.ts';
import { readTimeWords } from './time-words.ts';
import { timeZone } from './time-zone.ts';

/** Saturday, 21 November 2026, 12:30:15 UTC. */
const now = Date.UTC(2026, 10, 21, 12, 30, 15) / 1000;
const utc = timeZone('UTC');
const berlin = timeZone('Europe/Berlin');

function read(text: string, { past = true, zone = utc } = {}): string {
  const time = readTimeWords(text, { now, zone, past });
  return 'position' in time ? `at ${time.position}` : new Date(time.epoch * 1000).toISOString().slice(0, 19);
}

describe('times as Slurm reads them', () => {
  const forms: readonly (readonly [text: string, time: string])[] = [
    ['now', '2026-11-21T12:30:15'],
    ['now-1hour', '2026-11-21T11:30:15'],
    ['now-1hours', '2026-11-21T11:30:15'],
    ['now+90', '2026-11-21T12:31:45'],
    ['now + 2 days', '2026-11-23T12:30:15'],
    ['today', '2026-11-21T00:00:00'],
    ['tomorrow', '2026-11-22T00:00:00'],
    ['midnight', '2026-11-21T00:00:00'],
    ['noon', '2026-11-21T12:00:00'],
    ['teatime', '2026-11-21T16:00:00'],
    ['14:05', '2026-11-21T14:05:00'],
    ['02:05PM', '2026-11-21T14:05:00'],
    ['12:00am', '2026-11-21T00:00:00'],
    ['2026-10-24', '2026-10-24T00:00:00'],
    ['2026-10-24T23:00:07', '2026-10-24T23:00:07'],
    ['1024', '2026-10-24T00:00:00'],
    ['10/24/25', '2025-10-24T00:00:00'],
    ['12.24', '2025-12-24T00:00:00'],
    ['uts1792882800', '2026-10-24T23:00:00'],
  ];
  for (const [text, time] of forms) it(`reads ${text}`, () => assert.equal(read(text), time));

  it('takes the next such moment where the past does not count', () => {
    assert.equal(read('10:00', { past: false }), '2026-11-22T10:00:00');
    assert.equal(read('14:00', { past: false }), '2026-11-21T14:00:00');
    assert.equal(read('10/24', { past: false }), '2027-10-24T00:00:00');
  });

  // Positions as sacct of 22.05 and 26.05 print them, or as its grammar has them.
  const refusals: readonly (readonly [text: string, position: number])[] = [
    ['foo', 0],
    ['1792882800', 0],
    ['uts12', 0],
    ['2026-10-24T23:00:00Z', 19],
    ['2026-10-25T01:00:00+02:00', 19],
  ];
  for (const [text, position] of refusals) it(`refuses ${text}`, () => assert.equal(read(text), `at ${position}`));

  it('reads and writes the time of a zone, winter’s clock where it shows a time twice or never', () => {
    assert.equal(read('2026-10-25T02:30:00', { zone: berlin }), '2026-10-25T01:30:00');
    assert.equal(read('2026-03-29T02:30:00', { zone: berlin }), '2026-03-29T01:30:00');
    assert.equal(timeTexts({ TZ: 'Europe/Berlin', SLURM_TIME_FORMAT: '%FT%T%z' }, now).time(now), '2026-11-21T13:30:15+0100');
    assert.equal(timeTexts({ TZ: 'UTC', SLURM_TIME_FORMAT: 'relative' }, now).time(now - 86_400), 'Ystday 12:30');
  });

  it('is total, and says where it stops', () => {
    const words = fc.stringMatching(/^[0-9nowtdayT:+.\-/ pamhours]{0,24}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), words), fc.boolean(), (text, past) => {
        const time = readTimeWords(text, { now, zone: berlin, past });
        if ('position' in time) assert.ok(time.position >= 0 && time.position <= text.length);
        else assert.ok(Number.isFinite(time.epoch));
      }),
    );
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }), (epoch) => {
        assert.deepEqual(readTimeWords(timeTexts({ TZ: 'UTC' }, now).time(epoch), { now, zone: utc, past: true }), { epoch });
      }),
    );
  });
});
