import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const main = join(import.meta.dirname, 'main.ts');
let dir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-interrupted-'));
  writeFileSync(join(dir, 'sluice.yaml'), `slurmBinPath: ${dir}\n`);
  writeFileSync(join(dir, 'warns.yaml'), 'cluster: alpha\nunknown: 1\n');
  // A Slurm that knows its release and then never answers.
  const hanging = `#!/bin/sh\nif [ "$1" = -V ]; then echo slurm 22.05.8; exit 0; fi\necho $$ > ${dir}/pid.part; mv ${dir}/pid.part ${dir}/pid\nexec sleep 600\n`;
  writeFileSync(join(dir, 'scontrol'), hanging, { mode: 0o755 });
  for (const name of ['squeue', 'sacct', 'sacctmgr', 'sdiag']) symlinkSync('scontrol', join(dir, name));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function sluice(args: readonly string[], stdout: 'pipe' | number = 'pipe'): ChildProcess {
  return spawn(process.execPath, ['--conditions=@sluice/source', main, ...args], { stdio: ['ignore', stdout, 'pipe'] });
}

async function endOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly err: string }> {
  assert.ok(child.stderr);
  const [[code], err] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  return { code, err };
}

async function pidOfSlurm(): Promise<number> {
  for (;;) {
    try {
      return Number(readFileSync(join(dir, 'pid'), 'utf8'));
    } catch {
      await sleep(20);
    }
  }
}

/** Until the process is no more, or only waits to be reaped by its new parent. */
async function gone(pid: number): Promise<void> {
  const alive = () => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (alive()) await sleep(20);
}

for (const [signal, code, command] of [
  ['SIGINT', 130, 'jobs'],
  ['SIGTERM', 143, 'ended'],
  ['SIGINT', 130, 'check'],
] as const) {
  test(`${signal} ends slurm ${command} and Slurm's command with it`, { timeout: 240_000 }, async () => {
    rmSync(join(dir, 'pid'), { force: true });
    const child = sluice(['slurm', command, '--config', join(dir, 'sluice.yaml')]);
    const pid = await pidOfSlurm();
    child.kill(signal);
    assert.deepEqual(await endOf(child), { code, err: '' });
    await gone(pid);
  });
}

test('a reader that has seen enough ends the command quietly', { timeout: 240_000 }, async () => {
  const child = sluice(['standin', 'cc-backend']);
  child.stdout?.destroy();
  assert.deepEqual(await endOf(child), { code: 0, err: '' });
});

test('a lost stderr does not end the work', { timeout: 240_000 }, async () => {
  const child = spawn(process.execPath, ['--conditions=@sluice/source', main, 'config', 'show', join(dir, 'warns.yaml')], {
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  });
  assert.ok(child.stdout);
  const [[code], out] = await Promise.all([once(child, 'exit'), text(child.stdout)]);
  assert.deepEqual([code, JSON.parse(out)], [0, { cluster: 'alpha' }]);
});

test('output that cannot be written is an error, not silence', { timeout: 240_000 }, async () => {
  const child = sluice(['config', 'schema'], openSync('/dev/full', 'w'));
  assert.deepEqual(await endOf(child), { code: 74, err: 'sluice: the output cannot be written: ENOSPC\n' });
});
