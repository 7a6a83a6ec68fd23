import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planOf } from './interpret.ts';
import type { JobRecord } from './job-record.ts';

/** A job as far as its plan depends on it. */
function job(script: string, more: Partial<JobRecord> = {}): JobRecord {
  return { jobId: 7, array: null, restarts: 0, stdout: '', ...more, request: { script, environment: { N: '12' } } } as unknown as JobRecord;
}

const script = (text: string) => planOf(job(`#!/bin/bash\n#SBATCH -n1\n${text}\n`), 60);

/** Seconds, exit code and signal. */
function outcome(text: string): readonly number[] {
  const { seconds, exit } = script(text);
  return [seconds, exit.code, exit.signal];
}

test('what a simple script does is read off it', () => {
  assert.deepEqual(outcome('sleep 900'), [900, 0, 0]);
  assert.deepEqual(outcome('echo run $SLURM_RESTART_COUNT; sleep 25'), [25, 0, 0]);
  assert.deepEqual(outcome('env | grep -E "CUDA|GPU"; sleep 5m'), [300, 0, 0]);
  assert.deepEqual(outcome('echo "q" \'x\' | cat # ü\nsleep $N'), [12, 0, 0]);
  assert.deepEqual(outcome('exit 3'), [0, 3, 0]);
  assert.deepEqual(outcome('sleep 4; false'), [4, 1, 0]);
  assert.deepEqual(outcome('false && sleep 5; false || sleep 7'), [7, 0, 0]);
  assert.deepEqual(outcome('kill -SEGV $$; sleep 9'), [0, 0, 11]);
  assert.deepEqual(outcome('sleep 30 & sleep 10\nwait; sleep 1'), [31, 0, 0]);
  assert.deepEqual(outcome('srun --ntasks=2 sleep 10 > out 2>&1; exec sleep 5'), [15, 0, 0]);
});

test('steps are what srun runs', () => {
  const { steps, exit, seconds } = script('srun -n1 sleep 2; srun -J two -n3 -N 2 /usr/bin/sleep 8; srun --het-group=0,1 false');
  assert.deepEqual(
    steps.map(({ from, to, name, tasks, nodes, exit: { code }, hetGroup }) => [from, to, name, tasks, nodes, code, hetGroup]),
    [
      [0, 2, 'sleep', 1, null, 0, null],
      [2, 10, 'two', 3, 2, 0, null],
      [10, 10, 'false', null, null, 1, [0, 1]],
    ],
  );
  assert.deepEqual([exit.code, seconds, steps[0]?.submitLine], [1, 10, 'srun -n1 sleep 2']);
});

test('a task of an array takes its own branch', () => {
  const text = 'case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1|2) exit 4;; *) sleep 9;; esac';
  const of = (taskId: number) => planOf(job(text, { array: { jobId: 7, taskId, maxRunning: null } }), 60);
  assert.deepEqual([of(0).exit.code, of(2).exit.code, of(3).seconds], [0, 4, 9]);
});

test('a script that is not simple takes the time that the cluster has for such', () => {
  for (const text of [
    'for i in 1 2; do sleep $i; done',
    'if true; then sleep 3; fi',
    './simulate --steps 9',
    'sleep $(cat time)',
    'echo "open',
  ]) {
    assert.deepEqual(outcome(text), [60, 0, 0], text);
  }
});

test('any text has a plan', () => {
  const word = fc.constantFrom(
    'sleep',
    'case',
    'esac',
    'in',
    ')',
    ';;',
    '|',
    '&',
    '&&',
    '"',
    "'",
    '\\',
    '$',
    '#',
    '\n',
    '5',
    'srun',
    '-n',
    'kill',
    '$$',
    'exit',
    '>',
    '(',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join(' ')),
      ),
      (text) => {
        const { seconds, exit, steps } = planOf(job(text), 60);
        assert.ok(seconds >= 0 && Number.isFinite(seconds) && Number.isInteger(exit.code + exit.signal));
        for (const { from, to } of steps) assert.ok(to === null || (from <= to && to <= Math.max(seconds, to)));
      },
    ),
  );
});
