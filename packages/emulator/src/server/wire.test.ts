import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FieldReader, type Question, questionOf, stderrFrames, stdoutFrames } from './wire.ts';

const word = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)));

function fields(...words: (string | Buffer)[]): Buffer {
  return Buffer.concat(words.flatMap((one) => [Buffer.from(one as string), Buffer.of(0)]));
}

describe('a question of an executable', () => {
  it('is read the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.array(word, { maxLength: 6 }), fc.array(fc.nat(40)), (argv, environment, cuts) => {
        const bytes = fields(
          'ask',
          'token',
          'squeue',
          '1001',
          '100',
          '1',
          '/tmp',
          `${argv.length}`,
          ...argv,
          `${environment.length}`,
          ...environment,
        );
        const reader = new FieldReader();
        let question: Question | null = null;
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          const next = Math.min(bytes.length, at + cut);
          reader.push(bytes.subarray(at, next));
          at = next;
          question ??= questionOf(reader);
        }
        assert.deepEqual(question?.argv, argv);
        assert.deepEqual(question?.environment, environment);
        assert.deepEqual([question?.command, question?.uid, question?.terminals], ['squeue', 1001, { stdin: false, stdout: true }]);
      }),
    );
  });

  it('is refused when its numbers are none', () => {
    const reader = new FieldReader();
    reader.push(fields('ask', 'token', 'squeue', '1001', '100', '', '/', '-1', ''));
    assert.throws(() => questionOf(reader), RangeError);
  });
});

describe('an answer', () => {
  it('is cut into frames that a shell can take', () => {
    assert.equal(String(stdoutFrames(Buffer.from('abc'))), 'o 3\nabc');
    assert.equal(String(stdoutFrames(Buffer.from('a\0b')).subarray(0, 4)), 'b 3\n');
    assert.equal(String(stderrFrames(Buffer.from('a\0b'))), 'e 2\nab');
    const frames = stdoutFrames(Buffer.alloc(100_000, 'x'));
    assert.deepEqual([String(frames.subarray(0, 8)), frames.length], ['o 65536\n', 100_000 + 'o 65536\no 34464\n'.length]);
    assert.equal(stdoutFrames(Buffer.alloc(0)).length, 0);
  });
});
