import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ErrorCode } from '@sluice/io';
import { classifyFailure, saysUnknownJob } from './failure.ts';

const recordings = new URL('../../recordings/controller/', import.meta.url);

/** A recorded failure: the command on the first line, the exit code and the time on the last two. */
function recorded(release: string, name: string) {
  const text = readFileSync(new URL(`${release}/errors/${name}.txt`, recordings), 'utf8');
  const match = /^\$ .*\n([\s\S]*)rc=(\d+)\ntook/.exec(text);
  return { code: Number(match?.[2]), signal: null, stderr: match?.[1] ?? '', durationMs: 1 };
}

const expected: Readonly<Record<string, readonly [string, ErrorCode]>> = {
  'ctld-down-squeue': ['squeue', 'slurm.unreachable'],
  'ctld-down-sbatch': ['sbatch', 'slurm.unreachable'],
  'dbd-down-sacct': ['sacct', 'slurm.unreachable'],
  'scontrol-unknown-job': ['scontrol', 'slurm.unknown'],
  'scontrol-unknown-part': ['scontrol', 'slurm.unknown'],
  'scontrol-unknown-node': ['scontrol', 'slurm.unknown'],
  'squeue-unknown-job': ['squeue', 'slurm.unknown'],
  'sbatch-bad-account': ['sbatch', 'slurm.refused'],
  'sbatch-bad-partition': ['sbatch', 'slurm.refused'],
  'sacct-bad-field': ['sacct', 'slurm.unsupported'],
};

for (const release of ['22.05', '23.11', '24.11', '25.05', '26.05']) {
  describe(`failures of ${release}`, () => {
    for (const [name, [command, code]] of Object.entries(expected)) {
      test(name, () => {
        const ended = recorded(release, name);
        assert.equal(ended.code, 1);
        const error = classifyFailure(command, ended);
        assert.equal(error.code, code);
        assert.ok(error.message.startsWith(`${command}: `) && !error.message.startsWith(`${command}: ${command}`), error.message);
        assert.equal(saysUnknownJob(error), name.endsWith('unknown-job'));
      });
    }

    test('a change of another’s job', () => {
      // In the recording of 22.05 that job had ended, which Slurm says first.
      const code = release === '22.05' ? 'slurm.refused' : 'slurm.denied';
      assert.equal(classifyFailure('scontrol', recorded(release, 'scontrol-update-denied')).code, code);
    });
  });
}

test('Slurm’s words are kept, on one line; a program that says nothing is told by its exit code or signal', () => {
  const said = (stderr: string, code: number | null = 1, signal: NodeJS.Signals | null = null) =>
    classifyFailure('sbatch', { code, signal, stderr, durationMs: 1 });
  assert.equal(said('sbatch: error: one\nsbatch: \x1b[31mtwo\n').message, 'sbatch: error: one [31mtwo');
  assert.deepEqual([said('', 3).code, said('', 3).message], ['process.failed', 'sbatch ended with exit code 3 and no word']);
  assert.deepEqual([said('', null, 'SIGSEGV').code, said('', null, 'SIGSEGV').message], ['process.failed', 'sbatch was ended by SIGSEGV']);
  assert.ok(said('x'.repeat(10_000)).message.length < 2100);
});

test('what mends it is told where that is known', () => {
  const hint = (stderr: string) => classifyFailure('squeue', { code: 1, signal: null, stderr, durationMs: 1 }).hint;
  assert.match(
    hint('squeue: error: If munged is up, restart with --num-threads=10\nsqueue: error: Munge encode failed: x') ?? '',
    /munged/,
  );
  assert.match(hint('sbatch: error: Batch job submission failed: Socket timed out on send/recv operation') ?? '', /may have done/);
  assert.match(hint('squeue: fatal: Could not establish a configuration source') ?? '', /SLURM_CONF/);
});

test('a plain user who asks for runaway jobs is denied (22.05)', () => {
  const stderr = 'sacctmgr: error: You must have an AdminLevel>=Operator to fix runaway jobs\n';
  assert.equal(classifyFailure('sacctmgr', { code: 1, signal: null, stderr, durationMs: 1 }).code, 'slurm.denied');
});

test('a user whom the host does not know is unknown, not denied', () => {
  const failed = (command: string, stderr: string) => classifyFailure(command, { code: 1, signal: null, stderr, durationMs: 1 });
  const unknown = failed('sacct', 'sacct: error: Invalid user id: nosuch\n');
  assert.deepEqual([unknown.code, unknown.exitCode], ['slurm.unknown', 65]);
  assert.match(unknown.hint ?? '', /getent passwd/);
  assert.equal(failed('squeue', 'squeue: error: Invalid user: nosuch\n').code, 'slurm.unknown');
  assert.equal(failed('scontrol', 'Invalid user id for job 1\n').code, 'slurm.denied');
  assert.equal(failed('scancel', 'scancel: error: Kill job error on job id 1: Invalid user id\n').code, 'slurm.denied');
});
