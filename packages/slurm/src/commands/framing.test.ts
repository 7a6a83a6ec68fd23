import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reject } from '../facets.ts';
import { character } from '../languages/character.fixture.ts';
import { type FrameEnd, type FrameLimits, newFrame, readFrames } from './framing.ts';

const frame = newFrame('0123456789abcdef');
const d = frame.delimiter;

interface Read extends FrameEnd {
  readonly all: string[][];
  readonly rejects: Reject[];
}

async function read(parts: readonly (string | Buffer)[], columns: number, limits?: FrameLimits): Promise<Read> {
  async function* bytes() {
    for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
  }
  const all: string[][] = [];
  const rejects: Reject[] = [];
  const frames = readFrames(bytes(), frame, columns, 'test', limits);
  for (;;) {
    const step = await frames.next();
    if (step.done) return { ...step.value, all, rejects };
    for (const row of step.value.rows) all.push([...row]);
    rejects.push(...step.value.rejects);
  }
}

const record = (...fields: readonly string[]) => `${fields.map((field) => field + d).join('')}\n`;

test('fields keep newlines, pipes, quotes, control characters and text that looks like records', async () => {
  const nasty = ['\n1|root|', 'a"b\'c', '\n', '', '\x1f\x1f', '\x1f0123', 'é☃\u0000'];
  const { all, whole, rejected } = await read([record(...nasty), record(...nasty)], nasty.length);
  assert.deepEqual(all, [nasty, nasty]);
  assert.equal(whole, true);
  assert.equal(rejected, 0);
});

test('any fields cut into any chunks arrive as they are', async () => {
  const field = fc.oneof(
    fc.string({ unit: character, maxLength: 12 }),
    fc.constantFrom('\n', '', '\x1f', `\x1f0123456789abcde`, '\nx', '|', '\n1'),
  );
  const rows = fc.integer({ min: 1, max: 5 }).chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns })));
  await fc.assert(
    fc.asyncProperty(rows, fc.array(fc.nat({ max: 60 }), { maxLength: 20 }), async (expected, cuts) => {
      const clean = expected.filter((row) => row.every((value) => value.isWellFormed() && !value.includes(d)));
      const columns = clean[0]?.length ?? 1;
      const bytes = Buffer.from(clean.map((row) => record(...row)).join(''));
      const parts: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        parts.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      parts.push(bytes.subarray(at));
      const answer = await read(parts, columns);
      assert.deepEqual(answer.all, clean);
      assert.equal(answer.whole, true);
      assert.equal(answer.rejected, 0);
    }),
    { numRuns: 300 },
  );
});

test('invalid UTF-8 becomes U+FFFD and costs nothing else', async () => {
  const bytes = Buffer.concat([Buffer.from(`1${d}`), Buffer.from([0xff, 0x41, 0xc3]), Buffer.from(`${d}é${d}\n`)]);
  const { all } = await read([bytes], 3);
  assert.deepEqual(all, [['1', '\ufffdA\ufffd', 'é']]);
});

test('a record with the wrong number of fields is rejected, the others arrive', async () => {
  for (const broken of [record('b', 'b'), record('b', 'b', 'b', 'b'), record('b'), record('b', 'b', 'b', '', 'b')]) {
    const { all, rejected, whole, rejects } = await read([record('1', 'a', 'x'), broken, record('2', 'a', 'x'), record('3', 'a', 'x')], 3);
    assert.deepEqual(all, [
      ['1', 'a', 'x'],
      ['2', 'a', 'x'],
      ['3', 'a', 'x'],
    ]);
    assert.equal(rejected, 1);
    assert.equal(whole, true);
    assert.equal(rejects[0]?.source, 'test');
  }
});

test('after a broken record no field that begins with a newline shifts the columns', async () => {
  const parts = [
    record('b', 'b', 'b', 'b'),
    record('1', '\n9', 'x'),
    record('2', '\n9', 'x'),
    record('3', 'a', 'x'),
    record('4', '\n9', 'x'),
  ];
  const { all } = await read(parts, 3);
  assert.deepEqual(all, [
    ['3', 'a', 'x'],
    ['4', '\n9', 'x'],
  ]);
});

test('an answer cut anywhere is not whole, and the cut record is rejected', async () => {
  const text = record('1', 'a') + record('2', 'b');
  for (let length = 1; length < text.length; length++) {
    const { all, whole, rejected } = await read([text.slice(0, length)], 2);
    const atBorder = length === record('1', 'a').length;
    assert.equal(whole, atBorder, `cut at ${length}`);
    assert.equal(rejected, atBorder ? 0 : 1, `cut at ${length}`);
    assert.deepEqual(all, length >= record('1', 'a').length ? [['1', 'a']] : []);
  }
});

test('an answer cut behind a newline that begins a field is not whole', async () => {
  const text = record('1', 'a', 'x') + record('2', '\nb', '\n');
  for (const length of [text.indexOf('\nb') + 1, text.lastIndexOf(`\n${d}`) + 1]) {
    const { all, whole, rejected } = await read([text.slice(0, length)], 3);
    assert.deepEqual([all, whole, rejected], [[['1', 'a', 'x']], false, 1], `cut at ${length}`);
  }
});

test('an empty answer is whole and empty', async () => {
  const { all, whole, rejected } = await read([], 4);
  assert.deepEqual([all, whole, rejected], [[], true, 0]);
});

test('an overlong record is rejected, the others arrive', async () => {
  const parts = [
    record('1', 'a', 'b'),
    `2${d}`,
    ...Array.from({ length: 50 }, () => 'x'.repeat(100)),
    `${d}y${d}\n`,
    record('3', 'a', 'b'),
    record('4', 'a', 'b'),
  ];
  const { all, rejected, whole } = await read(parts, 3, { maxRecordBytes: 1000 });
  assert.deepEqual(
    all.map((row) => row[0]),
    ['1', '3', '4'],
  );
  assert.equal(rejected, 1);
  assert.equal(whole, true);
});

test('a nonce that could be guessed or does not fit is refused', () => {
  for (const nonce of ['', 'short', 'has space in it', '\x1f'.repeat(10)]) assert.throws(() => newFrame(nonce), TypeError);
});
