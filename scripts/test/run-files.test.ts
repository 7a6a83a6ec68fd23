import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

const fixture = join(import.meta.dirname, 'run-files.fixture.ts');

function directory(t: TestContext, files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-runner-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** What the runner printed; in a process of its own, because Node's runner does not run within itself. */
function ran(root: string, limitMs: number): { readonly lines: readonly string[]; readonly outcome: unknown } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [fixture, root, `${limitMs}`], {
    env,
    encoding: 'utf8',
    timeout: 200_000,
  });
  assert.equal(status, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  return { lines, outcome: JSON.parse(lines.pop() ?? '') };
}

/** Whether a process is there and does not only wait to be reaped. */
function alive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const imports = `
import { test, describe, it } from 'node:test';
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
`;

test('passes, failures and skips are counted for the file that was run, wherever the test stands', (t) => {
  const root = directory(t, {
    'cases.mjs': `${imports} export const cases = () => { it('stands elsewhere', () => {}); it('fails there', () => { throw new Error('on purpose'); }); };`,
    'one.test.mjs': `${imports} import { cases } from './cases.mjs';
      describe('outer', () => { cases(); it('is left out', { skip: 'the reason' }, () => {}); });`,
    'two.test.mjs': `${imports} test('passes', () => {});`,
  });
  const { lines, outcome } = ran(root, 300_000);
  assert.deepEqual(outcome, { passed: 2, failed: 1, skips: [{ name: 'one.test.mjs: outer › is left out', reason: 'the reason' }] });
  assert.ok(lines.some((line) => line === 'FAIL one.test.mjs: outer › fails there'));
  assert.ok(lines.some((line) => line.startsWith('  one.test.mjs: 1 passed, 1 FAILED, 1 skipped (')));
  assert.ok(lines.some((line) => line.startsWith('  two.test.mjs: 1 passed (')));
  assert.ok(!lines.some((line) => line.startsWith('  cases.mjs')));
});

test('a file that hangs is a failure with the name of the test that runs; it is ended with all that it started', async (t) => {
  const root = directory(t, {
    'hangs.test.mjs': `${imports} describe('outer', () => {
      it('ends', () => {});
      it('hangs', async () => {
        const child = spawn('sh', ['-c', 'trap "" TERM; sleep 200 & echo $!; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
        child.stdout.once('data', (pid) => { writeFileSync('pid.new', pid); renameSync('pid.new', 'pid'); });
        await new Promise(() => {});
      });
    });`,
    'quick.test.mjs': `${imports} test('passes', () => {});`,
  });
  const pid = join(root, 'pid');
  // A slow machine takes longer until the test hangs.
  for (let limitMs = 2000; limitMs <= 128_000; limitMs *= 4) {
    const { lines, outcome } = ran(root, limitMs);
    if (!existsSync(pid)) continue;
    assert.ok(
      lines.includes(
        `FAIL hangs.test.mjs: still running after ${limitMs / 1000} s, in outer › hangs; it is ended with all that it started`,
      ),
      lines.join('\n'),
    );
    assert.partialDeepStrictEqual(outcome, { passed: 2, failed: 1 });
    while (alive(readFileSync(pid, 'utf8').trim())) await pause(20);
    return;
  }
  assert.fail('the test did not begin within two minutes');
});
