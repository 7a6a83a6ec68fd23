import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { LineError, readLines } from './line-protocol.ts';

const eventOf = (line: string) => [...readLines(line)][0]?.fields.get('event')?.value;

test('§6.3 what is written by the rules is read back: any text as event, any text but line breaks as tag', () => {
  const field = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const tag = (text: string) => text.replace(/[,= ]/g, '\\$&');
  const tagText = fc.stringMatching(/^[^\\\n\r\t\v\f]*[^\\\s]$/);
  fc.assert(
    fc.property(fc.string({ unit: character }), tagText, (text, name) => {
      const lines = [...readLines(`job,function=start_job,x=${tag(name)} event="${field(text)}" 1\njob event="b" 2`)];
      assert.equal(lines[0]?.fields.get('event')?.value, text);
      assert.equal(lines[0]?.tags.get('x'), name);
      assert.equal(lines[1]?.timestamp, 2n);
    }),
  );
});

test('§6.3 the examples of the contract', () => {
  const start = String.raw`job,function=start_job event="{\"jobId\":123000,\"metaData\":{\"jobName\":\"my \\\"job\\\"\",\"jobScript\":\"#!/bin/bash\\necho a\\\\b\\n\"}}" 1649723812000000000`;
  assert.deepEqual(JSON.parse(eventOf(start) ?? ''), {
    jobId: 123000,
    metaData: { jobName: 'my "job"', jobScript: '#!/bin/bash\necho a\\b\n' },
  });
  assert.equal([...readLines(start)][0]?.timestamp, 1649723812000000000n);
});

test('§6.3 a payload whose quotes alone are escaped is no JSON any more; a raw line break is legal', () => {
  assert.equal(eventOf('job event="{\\"a\\":\\"x\\ny\\"}" 1'), '{"a":"x\ny"}');
  assert.equal(eventOf('job event="a\nb" 1'), 'a\nb');
});

test('§6.2 lines that are none, and what is read before them', () => {
  const cases: [text: string, error: RegExp][] = [
    ['job event="x"', /timestamp cannot be zero/],
    ['job event="x" 0', /timestamp cannot be zero/],
    ['job,function= event="x" 1', /expected tag value/],
    ['job,=a event="x" 1', /expected tag key/],
    ['job', /expected field key/],
    ['job 1', /expected field key/],
    ['this is garbage', /expected field key/],
    ['job event=word 1', /unrecognized type/],
    ['job event="x" 1x', /invalid timestamp/],
    ['job event="x"y 1', /unexpected character/],
    [',a=b event="x" 1', /invalid measurement/],
  ];
  for (const [text, error] of cases) {
    const lines = readLines(`job event="before" 1\n${text}\njob event="behind" 1`);
    assert.equal(lines.next().value?.fields.get('event')?.value, 'before');
    assert.throws(() => [...lines], error, text);
  }
  assert.throws(() => [...readLines('job event="x')], /closing quote/);
  assert.deepEqual([...readLines('\n# a comment\n\n  \n')], []);
  assert.equal([...readLines('metric,hostname=h value=1.5,count=3i,ok=true 7\r\n')][0]?.fields.size, 3);
});

test('§6.2 any text is read or refused', () => {
  const piece = fc.constantFrom('job', ',', '=', ' ', '"', '\\', '\n', '\r', '1', 'event=', 'a=b', '#', 'ü');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: character }),
        fc.array(piece).map((all) => all.join('')),
      ),
      (text) => {
        try {
          for (const line of readLines(text)) assert.notEqual(line.measurement, '');
        } catch (error) {
          assert.ok(error instanceof LineError, String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
