import assert from 'node:assert/strict';
import { test } from 'node:test';
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
