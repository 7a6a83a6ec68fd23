import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Finished, systemProcesses } from '@sluice/io';

const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
let dir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-demo-test-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

/** The demo, with its directory where we see what it leaves behind. */
async function demo(args: readonly string[], signal?: AbortSignal): Promise<Finished & { readonly text: string }> {
  const program = {
    name: process.execPath,
    timeoutMs: 240_000,
    inherit: ['PATH', 'NODE_COMPILE_CACHE'],
    env: { TMPDIR: dir },
    maxOutputBytes: 1 << 20,
  };
  const ended = await systemProcesses(process.env).run({
    program,
    args: ['--conditions=@sluice/source', main, 'demo', ...args],
    ...(signal ? { signal } : {}),
  });
  return { ...ended, text: `${ended.stdout}${ended.stderr}` };
}

test('every job that ran stands in ClusterCockpit, and nothing is left behind', async () => {
  const { code, text } = await demo(['--seconds', '8', '--seed', '5']);
  assert.equal(code, 0, text);
  const runs = Number(/All (\d+) jobs that ran stand in ClusterCockpit/.exec(text)?.[1]);
  assert.ok(runs >= 3, text);
  assert.match(text, /^ +\d+ s {2}\d+ pending, \d+ running, \d+ ended · delivered [1-9]\d* starts/m);
  assert.deepEqual(readdirSync(dir), []);
});

test('jobs that do not arrive make it fail, and are named', async () => {
  const { code, text } = await demo(['--seconds', '5', '--seed', '5', '--settle', '3', '--fault', 'cc-backend']);
  assert.equal(code, 70, text);
  assert.match(text, /WRONG {2}job 1 \(\w+\) is missing/);
  assert.match(text, /trouble: .*503/);
  assert.deepEqual(readdirSync(dir), []);
});

test('what it does not understand it does not begin', async () => {
  for (const args of [
    ['--seconds', '0'],
    ['--seconds', 'many'],
    ['--fault', 'nothing'],
    ['--release', '1.0'],
  ]) {
    const { code, text } = await demo(args);
    assert.equal(code, 64, `${args}: ${text}`);
    assert.deepEqual(readdirSync(dir), []);
  }
});
