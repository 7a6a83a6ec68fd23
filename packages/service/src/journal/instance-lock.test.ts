import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import { lockInstance } from './instance-lock.ts';

test('one holder at a time, named to the others, until it lets go', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'run', 'sluice.lock');
  const lock = lockInstance(path, 12);
  assert.throws(
    () => lockInstance(path, 13),
    (error) => isCode(error, 'instance.running') && error.message.includes('process 12'),
  );
  lock.release();
  lock.release();
  const next = lockInstance(path, 13);
  assert.throws(() => lockInstance(path, 14), /process 13/);
  next.release();
});

test('a lock that cannot be made is an error of its place', () => {
  assert.throws(
    () => lockInstance('/proc/sluice/lock', 1),
    (error) => isCode(error, 'journal.unusable'),
  );
});
