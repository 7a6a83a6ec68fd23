import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../test/record-demo/run.ts', import.meta.url));
const recording = new URL('../recordings/demo.json', import.meta.url);

test('npm run record:demo records nothing when it is asked for help or not understood', () => {
  const before = readFileSync(recording);
  for (const [argument, expected] of [
    ['--help', 0],
    ['--hepl', 64],
    ['more', 64],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@sluice/source', script, argument], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(status, expected, stderr);
    assert.match(stdout + stderr, /Usage: npm run record:demo/);
  }
  assert.deepEqual(readFileSync(recording), before);
});
