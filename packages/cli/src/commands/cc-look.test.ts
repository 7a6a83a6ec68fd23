import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Processes, SluiceError, systemClock, systemProcesses } from '@sluice/io';
import { runSluice } from '../program.ts';

/** A machine without Slurm, where users are looked up as on any other. */
const processes: Processes = {
  run: (call) =>
    call.program.name === 'id'
      ? systemProcesses(process.env).run(call)
      : Promise.reject(new SluiceError('process.missing', 'scontrol is nowhere')),
  stream: () => {
    throw new SluiceError('process.missing', 'sacct is nowhere');
  },
};

async function sluice(t: TestContext, args: readonly string[], keys: object) {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-look-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'config.json');
  const places = { lastRunPath: join(dir, 'lastrun'), pidFilePath: join(dir, 'pid'), prepSockListenPath: '' };
  writeFileSync(file, JSON.stringify({ ccRestUrl: 'http://127.0.0.1:9', ccRestJwt: 'x', ...places, ...keys }), { mode: 0o600 });
  let out = '';
  let err = '';
  const into = (add: (text: string) => void) => ({ write: add, columns: undefined });
  const code = await runSluice(['cc', ...args, '-c', file], {
    stdout: into((text) => {
      out += text;
    }),
    stderr: into((text) => {
      err += text;
    }),
    env: {},
    configFile: '/nonexistent/sluice.yaml',
    clock: systemClock(),
    processes,
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
  });
  return { code, out, err };
}

test('status of a daemon that never ran: 75, as text and as JSON', async (t) => {
  const text = await sluice(t, ['status'], {});
  assert.deepEqual([text.code, /never run with this configuration/.test(text.out)], [75, true], text.err);
  const { code, out } = await sluice(t, ['status', '--json'], {});
  assert.deepEqual([code, JSON.parse(out).daemon.state, JSON.parse(out).exitCode], [75, 'never', 75]);
});

test('collect with a wrong --linger is 64, instead of leaving all events where they are', async (t) => {
  for (const linger of ['5s', '-1']) {
    const { code, err } = await sluice(t, ['collect', '--linger', linger], {});
    assert.deepEqual([code, err], [64, `sluice: --linger: "${linger}" is no number of seconds\n`]);
  }
});

test('commands that mend something name the configuration that was asked about', async (t) => {
  const never = await sluice(t, ['status', '--dry-run'], {});
  assert.match(never.out, /journal\.db\.dry-run\.\n {2}Start it: sluice cc daemon --config \S+\/config\.json --dry-run\n$/);
});

test('check without Slurm, token and server: each is said with what mends it, and the worst gives the exit code', async (t) => {
  const { code, out } = await sluice(t, ['check'], {});
  assert.equal(code, 77, out);
  assert.match(out, /^configuration\n {2}ok {5}file: .*config\.json\n/);
  assert.match(out, /\nSlurm\n {2}ERROR {2}Slurm’s commands: scontrol is nowhere\n {9}→ Install Slurm’s commands/);
  assert.match(out, /\ncc-backend\n {2}ERROR {2}ccRestJwt: what is configured is no JWT\n {9}→ .*cc-backend -jwt NAME/);
  assert.match(out, /ERROR {2}ccRestUrl: .*ECONNREFUSED/);
  assert.match(out, /\n3 errors, 0 warnings; judged for the user alice; --user judges for the daemon’s\n$/);
});

test('check of a configuration with errors is 78, and one JSON object', async (t) => {
  const { code, out } = await sluice(t, ['check', '--json'], { slurmPollInterval: 'often' });
  const { findings, exitCode } = JSON.parse(out);
  assert.deepEqual(
    [code, exitCode, findings[0].group, findings[0].what, findings[0].verdict],
    [78, 78, 'configuration', 'slurmPollInterval', 'error'],
  );
});

test('check for a user that does not exist, and a watch without a number, are usage errors', async (t) => {
  for (const args of [
    ['check', '--user', 'no-such-user-here'],
    ['status', '--watch', 'soon'],
  ]) {
    const { code, err } = await sluice(t, args, {});
    assert.deepEqual([code, /^sluice: --(user|watch): /.test(err)], [64, true], err);
  }
});
