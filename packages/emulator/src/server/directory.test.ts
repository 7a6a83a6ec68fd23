import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimDirectory, emulatorPaths } from './directory.ts';

test('a directory is made with those above it, and one that cannot be made is refused', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'sluice-directory-'));
  t.after(() => rmSync(base, { recursive: true }));
  claimDirectory(emulatorPaths(join(base, 'a', 'b')));
  claimDirectory(emulatorPaths(join(base, 'a', 'b')));
  writeFileSync(join(base, 'file'), '');
  assert.throws(() => claimDirectory(emulatorPaths(join(base, 'file'))), /file cannot be used: ENOTDIR/);
  assert.throws(() => claimDirectory(emulatorPaths(join(base, 'file', 'x'))), /cannot be used: ENOTDIR/);
  assert.throws(() => claimDirectory(emulatorPaths(base)), /is not empty and no directory of an emulated cluster: it holds a, file/);
  // Nothing can be made there: the kernel says that it does not exist.
  assert.throws(() => claimDirectory(emulatorPaths('/proc/sluice-directory')), /cannot be used: ENOENT/);
});
