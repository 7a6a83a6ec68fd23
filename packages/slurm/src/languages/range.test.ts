import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRanges, parseRanges } from './range.ts';

test('numbers of a bitmap', () => {
  assert.deepEqual(parseRanges('0-3,8-9'), [0, 1, 2, 3, 8, 9]);
  assert.deepEqual(parseRanges('7'), [7]);
  assert.deepEqual(parseRanges(''), []);
});

test('text that is no list of ranges is refused', () => {
  for (const text of ['N/A', ',', '1,', '-', '1-', '-1', '3-1', '1--2', '0-3:2', ' 1', '1\n', '１', '1e3', '9007199254740992']) {
    assert.equal(parseRanges(text), undefined, text);
  }
});

test('no more numbers than asked for', () => {
  assert.equal(parseRanges('0-4', 4), undefined);
  assert.equal(parseRanges('0-3', 4)?.length, 4);
  assert.equal(parseRanges('0-9007199254740990'), undefined);
  assert.equal(parseRanges('0-999999,'.repeat(1000)), undefined);
});

test('numbers come back in their order', () => {
  assert.equal(formatRanges([0, 1, 2, 3, 8, 9]), '0-3,8-9');
  assert.equal(formatRanges([3, 2, 2, 3]), '3,2,2-3');
  fc.assert(fc.property(fc.array(fc.nat({ max: 40 })), (numbers) => assert.deepEqual(parseRanges(formatRanges(numbers)), numbers)));
});
