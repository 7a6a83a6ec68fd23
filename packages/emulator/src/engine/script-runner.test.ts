import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemProcesses } from '@sluice/io';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRequest } from '../model/job.ts';
import { openEmulator } from '../open-emulator.ts';
import { alice, labCluster, root, wrapped } from './testing/lab-cluster.ts';
import { scratch, until } from './testing/machine.ts';

const path = '/usr/bin:/bin';

/** A cluster that runs its scripts, sixty times as fast as the machine. */
function running(dir: string, settings: Readonly<Record<string, string>> = {}): EmulatedSlurm {
  return openEmulator({
    spec: labCluster({ EmulatedPlay: 'script', ...settings }),
    file: join(dir, 'state.db'),
    clock: systemClock(),
    rate: 60,
    processes: systemProcesses(process.env),
  });
}

function submit(slurm: EmulatedSlurm, dir: string, text: string, more: Partial<JobRequest> = {}): number {
  const request = wrapped(text, { workDir: dir, environment: { PATH: path, MINE: 'a b' }, tasks: 1, ...more });
  return slurm.controller.submit([request], alice).jobId;
}

async function ended(slurm: EmulatedSlurm, id: number): Promise<string> {
  await until(() => !['PENDING', 'RUNNING'].includes(slurm.controller.job(id)?.state ?? ''), `the end of job ${id}`);
  const job = slurm.controller.job(id);
  return `${job?.state} ${job?.exit.code}:${job?.exit.signal}`;
}

test('a batch script runs in its directory, with its environment, into its files', async (t) => {
  const dir = scratch(t);
  const slurm = running(dir);
  t.after(() => slurm.close());
  const id = submit(
    slurm,
    dir,
    'pwd; echo "$MINE $1 $SLURM_JOB_ID $SLURM_JOB_NODELIST $SLURM_CPUS_ON_NODE $CUDA_VISIBLE_DEVICES"; echo oops >&2; cat; exit 3',
    {
      partitions: ['gpu'],
      gresPerNode: 'gpu:2',
      stdout: 'out.%j.%N.%x.txt',
      stderr: 'err.%J',
      scriptArguments: ['word'],
      name: 'n',
    },
  );
  assert.equal(await ended(slurm, id), 'FAILED 3:0');
  assert.equal(readFileSync(join(dir, `out.${id}.gpu01.n.txt`), 'utf8'), `${dir}\na b word ${id} gpu01 2 0,1\n`);
  assert.equal(readFileSync(join(dir, `err.${id}`), 'utf8'), 'oops\n');
});

test('a script that a signal ends, one that can not write its output, and one that is cancelled', async (t) => {
  const dir = scratch(t);
  const slurm = running(dir, { KillWait: '36000' });
  t.after(() => slurm.close());
  const killed = submit(slurm, dir, 'kill -SEGV $$');
  const nowhere = submit(slurm, dir, 'exit 0', { stdout: '/nonexistent/dir/x' });
  const trapping = submit(slurm, dir, "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done", {
    stdout: 'trap',
    stderr: 'trap.err',
  });
  assert.equal(await ended(slurm, killed), 'FAILED 0:11');
  assert.equal(await ended(slurm, nowhere), 'FAILED 0:53');
  await until(() => existsSync(join(dir, 'trap')) && readFileSync(join(dir, 'trap'), 'utf8') === 'up\n', 'the trap');
  slurm.controller.signal(`${trapping}`, null, { batchOnly: false, full: false }, root);
  assert.equal(await ended(slurm, trapping), 'CANCELLED 0:15');
  // A job is cancelled while its script still ends.
  await until(() => readFileSync(join(dir, 'trap'), 'utf8') === 'up\nbye\n', 'the last word');
});

test('a script that outlives its limit is told, then killed with all that it started', async (t) => {
  const dir = scratch(t);
  const slurm = running(dir, { KillWait: '30' });
  t.after(() => slurm.close());
  const id = submit(slurm, dir, "trap '' TERM; (trap '' TERM; sleep 1000) & echo $! > child; while :; do sleep 0.1; done", {
    timeLimit: 1,
  });
  assert.equal(await ended(slurm, id), 'TIMEOUT 0:15');
  const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
  await until(() => !alive(child), 'the end of the child');
});

test('closing the emulator ends the scripts; their jobs are lost and begin again', async (t) => {
  const dir = scratch(t);
  const first = running(dir);
  const id = submit(first, dir, 'echo $$ > pid; sleep 1000');
  await until(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8') !== '', 'the start');
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  await first.close();
  assert.equal(alive(pid), false);
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.includes('spool')),
    [],
  );
  const second = running(dir);
  t.after(() => second.close());
  assert.deepEqual([second.controller.job(id)?.state, second.controller.job(id)?.restarts], ['PENDING', 1]);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
