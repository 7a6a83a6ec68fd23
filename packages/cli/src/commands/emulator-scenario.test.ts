import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock, systemProcesses } from '@sluice/io';
import { runSluice } from '../program.ts';

async function sluice(...args: string[]) {
  let out = '';
  let err = '';
  const into = (add: (text: string) => void) => ({ write: add, columns: undefined });
  const code = await runSluice(['emulator', 'scenario', ...args], {
    stdout: into((text) => {
      out += text;
    }),
    stderr: into((text) => {
      err += text;
    }),
    env: {},
    configFile: '/nonexistent/sluice.yaml',
    clock: systemClock(),
    processes: systemProcesses({}),
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
  });
  return { code, out, err };
}

function file(t: TestContext, steps: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-scenario-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'mine.yaml');
  writeFileSync(path, `name: mine\ntitle: Mine\nsteps:\n${steps}`);
  return path;
}

test('a shipped scenario by its name: each step, a summary, 0', async () => {
  const { code, out, err } = await sluice('qos_thresholds');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /\nstep 3 of 5, .*: 1100 node-hours: slowdown/);
  assert.match(out, /\n✓ qos_thresholds: all \d+ expectations met in 5 steps\n$/);
});

test('an expectation that fails: 1, and what was found, as text and as JSON', async (t) => {
  const path = file(t, '  - {title: one, do: [{usage: {account: a, node-hours: 5}}, {expect: {account: a, used: 6}}]}\n');
  const { code, out } = await sluice(path);
  assert.equal(code, 1);
  assert.match(out, /✗ mine: 1 of 1 expectations failed\n {2}step 1: a: used this period: expected 6 ± 0.01 node-hours, found 5\n$/);
  const json = await sluice(path, '--json');
  const { passed, failed, steps } = JSON.parse(json.out);
  assert.deepEqual([json.code, passed, failed, steps[0].actions.at(-1).kind], [1, false, 1, 'failed']);
});

test('a file that is no scenario: 65, a line for each thing that is wrong', async (t) => {
  const { code, out, err } = await sluice(file(t, '  - {title: one, do: [{usage: {acount: a}}, {wait: 5}]}\n'));
  assert.deepEqual([code, out], [65, '']);
  assert.match(err, /mine\.yaml:4:\d+: steps\[0\]\.do\[0\]\.usage\.acount: unknown key; did you mean "account"\?\n/);
  assert.match(err, /mine\.yaml:4:\d+: steps\[0\]\.do\[1\]\.wait: unknown key/);
  assert.equal((await sluice('/nowhere/at-all.yaml')).code, 65);
});

test('what is shipped is listed, searched and described', async () => {
  const { out } = await sluice('--list', '--json');
  assert.equal(JSON.parse(out).length, 9);
  const found = (await sluice('--list', 'carryover')).out;
  assert.match(found, /sequence/);
  assert.doesNotMatch(found, /concurrent_grp_tres/);
  const schema = JSON.parse((await sluice('--schema')).out);
  assert.deepEqual(schema.required, ['name', 'title', 'steps']);
  assert.match((await sluice('--describe', 'sequence')).out, /\nSteps:\n {2}1\. /);
});

test('a word that is no scenario, and options that exclude each other, are errors of the command line', async () => {
  const unknown = await sluice('seqence');
  assert.deepEqual([unknown.code, /did you mean "sequence"/.test(unknown.err)], [64, true]);
  assert.equal((await sluice()).code, 64);
  assert.equal((await sluice('sequence', '--json', '--step-by-step')).code, 64);
});

test('step by step it waits for Enter, and ends with q', async () => {
  const program = {
    name: 'node',
    dir: join(process.execPath, '..'),
    timeoutMs: 240_000,
    inherit: ['PATH', 'NODE_COMPILE_CACHE'],
    maxOutputBytes: 1_000_000,
  };
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const args = ['--conditions=@sluice/source', main, 'emulator', 'scenario', 'sequence', '--step-by-step'];
  const { code, stdout, stderr } = await systemProcesses(process.env).run({ program, args, stdin: '\nq\n' });
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.toString('utf8').match(/^step \d of 9/gm), ['step 1 of 9', 'step 2 of 9']);
});
