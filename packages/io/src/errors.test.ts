import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeError, exitCodeOf } from './describe-error.ts';
import { type ErrorCode, errorTable, isCode, SluiceError } from './errors.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
// sysexits.h: EX_USAGE to EX_CONFIG.
const sysexits = new Set(Array.from({ length: 15 }, (_, at) => 64 + at));

test('every code has an exit code of sysexits.h, an HTTP error status and a meaning of its own', () => {
  for (const code of codes) {
    const { exit, http, meaning } = errorTable[code];
    assert.match(code, /^[a-z]+(\.[a-z-]+)?$/);
    assert.ok(sysexits.has(exit), code);
    assert.ok(http >= 400 && http < 600, code);
    assert.ok(meaning.length > 10, code);
  }
  assert.equal(new Set(codes.map((code) => errorTable[code].meaning)).size, codes.length);
});

test('the same kind of failure has the same exit code, so that units and timers can tell them apart', () => {
  const exits = (pattern: RegExp) => new Set(codes.filter((code) => pattern.test(code)).map((code) => errorTable[code].exit));
  assert.deepEqual(exits(/^config\./), new Set([78]));
  assert.deepEqual(exits(/\.denied$/), new Set([77]));
  assert.deepEqual(exits(/\.(timeout|incomplete|dropped)$/), new Set([75]));
  assert.deepEqual(exits(/\.(missing|unreachable)$/), new Set([69]));
});

test('an error carries its code, exit code, cause and hint', () => {
  const cause = new Error('c');
  const error = new SluiceError('slurm.denied', 'no', { cause, hint: 'ask' });
  assert.deepEqual([error.code, error.exitCode, error.cause, error.hint, error.name], ['slurm.denied', 77, cause, 'ask', 'SluiceError']);
  assert.ok(isCode(error, 'slurm.refused', 'slurm.denied'));
  assert.ok(!isCode(error, 'slurm.refused'));
  assert.ok(!isCode({ code: 'slurm.denied' }, 'slurm.denied'));
  assert.ok(!('cause' in new SluiceError('internal', 'x')));
  assert.deepEqual([exitCodeOf(error), exitCodeOf(cause), exitCodeOf(undefined)], [77, 70, 70]);
});

test('a description says what, why and what to do, once each', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  const http = new SluiceError('http.unreachable', 'GET http://h/: connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED)', {
    cause: refused,
    hint: 'Start it.',
  });
  assert.deepEqual(describeError(new SluiceError('slurm.unreachable', 'slurmrestd does not answer', { cause: http })), [
    'slurmrestd does not answer',
    'because: GET http://h/: connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED)',
    'hint: Start it.',
  ]);
  assert.deepEqual(describeError(new TypeError('x is not a function')), ['TypeError: x is not a function']);
  assert.deepEqual(describeError(new AggregateError([new Error('first'), new Error('second')], 'both')), [
    'AggregateError: both',
    'because: first',
    'because: second',
  ]);
});

test('a description shows a stack only when asked, and never a secret or a control character', () => {
  const error = new Error('password=s3cr3t \u001b[31mred\nsecond line');
  assert.deepEqual(describeError(error), ['password=[redacted] \ufffd[31mred; second line']);
  const lines = describeError(error, { stack: true });
  assert.ok(lines.length > 2 && lines.some((line) => line.includes('errors.test')));
  assert.ok(!lines.join().includes('s3cr3t'));
});

test('anything that can be thrown is described', () => {
  const circle = new Error('circle');
  circle.cause = circle;
  const hostile = Object.defineProperty({}, 'message', {
    get() {
      throw new Error('no');
    },
  });
  for (const thrown of [
    undefined,
    null,
    '',
    0,
    Symbol('s'),
    {},
    [],
    () => {},
    circle,
    hostile,
    new Proxy({}, {}),
    Object.create(null),
    10n,
  ]) {
    const lines = describeError(thrown, { stack: true });
    assert.ok(lines.length > 0 && lines[0] !== '');
  }
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (thrown, cause) => {
      for (const one of [thrown, new Error('x', { cause: thrown }), new AggregateError([thrown, cause], 'y', { cause })]) {
        const lines = describeError(one);
        assert.ok(lines.length > 0 && lines.every((line) => !line.includes('\n')));
      }
    }),
  );
});
