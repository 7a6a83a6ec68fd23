import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { instanceHolder } from './instance-holder.ts';
import { lockInstance } from './instance-lock.ts';

test('the holder of a lock is seen while it holds it, and not before or after', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-holder-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'journal.db.lock');
  assert.equal(instanceHolder(path), null);
  const lock = lockInstance(path, process.pid);
  assert.equal(instanceHolder(path), process.pid);
  lock.release();
  assert.equal(instanceHolder(path), null);
});

test('where the kernel does not list its locks nothing is claimed', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-holder-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'lock');
  lockInstance(path, process.pid).release();
  assert.equal(instanceHolder(path, join(dir, 'none')), undefined);
});
