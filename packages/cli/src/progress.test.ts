import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { progressLine } from './progress.ts';

function written(columns: number | undefined): string {
  const texts: string[] = [];
  const progress = progressLine({ write: (text) => void texts.push(text), columns });
  progress.clear();
  progress.show('one');
  progress.show('two');
  progress.clear();
  progress.clear();
  return texts.join('');
}

test('on a terminal the line is overwritten and gone at the end', () => {
  assert.equal(written(80), 'one\r\x1b[Ktwo\r\x1b[K');
});

test('nothing is written where there is no terminal, or where the line would wrap', () => {
  assert.equal(written(undefined), '');
  assert.equal(written(3), '');
});

test('a log gets a line of long work now and then', async () => {
  const texts: string[] = [];
  const clock = manualClock(0);
  const progress = progressLine({ write: (text) => void texts.push(text), columns: undefined }, { clock, everyMs: 60_000 });
  for (let second = 0; second <= 150; second += 10) {
    progress.show(`${second} s`);
    await clock.advance(10_000);
  }
  progress.clear();
  assert.deepEqual(texts, ['60 s\n', '120 s\n']);
});
