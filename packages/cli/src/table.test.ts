import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, oneLine } from './table.ts';
import { formatEpoch, parseMoment } from './time.ts';

test('columns are as wide as what they hold; numbers stand right', () => {
  const table = formatTable(
    [{ title: 'JOB', align: 'right' }, { title: 'NAME' }, { title: 'X' }],
    [
      [7, 'ünï', null],
      [1234, 'b', ''],
    ],
  );
  assert.equal(table, ' JOB  NAME  X\n   7  ünï   -\n1234  b\n');
});

test('text of users cannot steer the terminal or start a line', () => {
  assert.equal(oneLine('a\nb\tc\r'), 'a\\nb\\tc\\r');
  assert.equal(oneLine('\u001b[31mred\u001b[0m \u001b]0;title\u0007'), 'red ');
  assert.equal(oneLine('a\u0000b\u202ec\u009b31m'), 'a·b·c');
  assert.equal(oneLine('x'.repeat(100), 10), 'xxxxxxxxx…');
});

test('points in time, as people write them', () => {
  const now = 1_795_000_000;
  assert.equal(parseMoment('2h', now), now - 7200);
  assert.equal(parseMoment('1w', now), now - 604_800);
  assert.equal(parseMoment('1795000000', now), 1_795_000_000);
  assert.equal(parseMoment('2026-11-21', now), Date.UTC(2026, 10, 21) / 1000);
  assert.equal(parseMoment('2026-11-21T10:30', now), Date.UTC(2026, 10, 21, 10, 30) / 1000);
  assert.equal(parseMoment('2026-11-21T10:30:00+02:00', now), Date.UTC(2026, 10, 21, 8, 30) / 1000);
  for (const text of ['', 'now', '2x', '2026-13-01', '21.11.2026', '5']) assert.equal(parseMoment(text, now), undefined, text);
  assert.equal(formatEpoch(Date.UTC(2026, 10, 21, 8, 30) / 1000), '2026-11-21 08:30:00');
  assert.equal(formatEpoch(null), '-');
});
