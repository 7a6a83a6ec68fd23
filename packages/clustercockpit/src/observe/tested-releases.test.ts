import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTestedRelease } from './tested-releases.ts';

test('a release is tested or not, whatever it is called', () => {
  for (const text of ['22.05.8', '24.11.5', '25.05.0-rc1', '26.05.1']) assert.ok(isTestedRelease(text), text);
  for (const text of ['21.08.8', '26.11.0', '99.05.0', '', 'slurm']) assert.ok(!isTestedRelease(text), text);
});
