import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutComments } from './without-comments.ts';

interface Job {
  /** Whether it shows a command line (Slurm 25.11 and newer), which repeats the user's comment. */
  readonly submitLine: boolean;
  readonly batch: boolean;
  readonly comments: Partial<Record<'AdminComment' | 'SystemComment' | 'Comment' | 'Extra', string>>;
}

const before = ['JobId=7 JobName=x', '   UserId=a(1)', '   Command=/home/a/Comment=x.sh'];
const flag = (batch: boolean) => `   Requeue=1 Restarts=0 BatchFlag=${batch ? 1 : 0} Reboot=0 ExitCode=0:0`;
const files = ['   StdErr=/home/a/7.err', '   StdIn=/dev/null', '   StdOut=/home/a/7.out'];
const after = '   TresPerNode=gres/gpu:1';

/** In the order in which Slurm writes them. */
function textOf({ submitLine, batch, comments }: Job): string {
  return [
    ...[...before, flag(batch)],
    ...(submitLine ? [`   SubmitLine=sbatch --comment=${comments.Comment} x.sh`] : []),
    '   WorkDir=/home/a',
    ...Object.entries(comments).map(([key, value]) => `   ${key}=${value} `),
    ...(batch ? files : []),
    after,
  ].join('\n');
}

test('a comment goes, and what Slurm writes before and behind it stays', () => {
  const comments = { AdminComment: 'for operators', Comment: 'mine', Extra: 'more' };
  const whole = [...before, flag(true), '   WorkDir=/home/a', ...files, after].join('\n');
  for (const submitLine of [false, true]) assert.equal(withoutComments(textOf({ submitLine, batch: true, comments })), whole);
  assert.equal(withoutComments(whole), whole);
});

test('a comment of several lines goes as a whole, whatever its lines look like', () => {
  const lines = 'one\n\ntwo\n   Key=\n\tthree\n   WorkDir=/x\nfour\n   StdErr=/y\nfive';
  const text = textOf({ submitLine: false, batch: true, comments: { AdminComment: 'a\nb', SystemComment: lines, Comment: lines } });
  assert.equal(withoutComments(text), [...before, flag(true), '   WorkDir=/home/a', ...files, after].join('\n'));
});

test('behind a comment of a job without a batch script nothing can be believed', () => {
  const text = textOf({ submitLine: false, batch: false, comments: { Comment: 'a\n   StdErr=b' } });
  assert.equal(withoutComments(text), [...before, flag(false), '   WorkDir=/home/a'].join('\n'));
});

test('no piece of any comment is left over, and nothing that was not there is told', () => {
  const piece = fc.constantFrom(
    'canary',
    '\n',
    '\n\n',
    ' ',
    '\r',
    '   ',
    '=',
    'Key=',
    'Comment=',
    'Extra=',
    'SubmitLine=',
    'WorkDir=',
    'StdErr=',
    'StdOut=',
    'JobId=',
  );
  const slurmLine = fc
    .constantFrom(...files, after, '   WorkDir=/home/a', flag(true), flag(false), 'JobId=8 JobName=y')
    .map((line) => `\n${line} canary\n`);
  const comment = fc.array(fc.oneof(piece, slurmLine), { maxLength: 12 }).map((pieces) => `canary${pieces.join('')}`);
  const comments = fc.record({ AdminComment: comment, SystemComment: comment, Comment: comment, Extra: comment }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), comments, (submitLine, batch, hidden) => {
      const text = textOf({ submitLine, batch, comments: hidden });
      const told = withoutComments(text);
      assert.ok(!told.includes('canary'), told);
      const own = textOf({ submitLine: false, batch, comments: {} });
      const left = told.split('\n').filter((line) => !line.includes('SubmitLine='));
      assert.ok(
        left.every((line) => own.split('\n').includes(line)),
        told,
      );
      assert.ok(told.startsWith(before.join('\n')));
    }),
    { numRuns: 1000 },
  );
});
