import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StartPayload } from '../cc/payloads.ts';
import { character } from '../character.fixture.ts';
import { bytesOnTheLine, fittedLines } from './fitted-lines.ts';
import { decodeLines } from './line-decoder.fixture.ts';
import { type JobEvent, jobLines } from './line-protocol.ts';

function start(metaData: Record<string, string>): JobEvent {
  const payload: StartPayload = {
    jobId: 1,
    cluster: 'c',
    user: 'u',
    project: 'p',
    partition: 'main',
    shared: 'none',
    startTime: 1_700_000_000,
    numNodes: 1,
    numHwthreads: 1,
    numAcc: 0,
    resources: [{ hostname: 'n1' }],
    metaData,
  };
  return { function: 'start_job', payload };
}

const stop: JobEvent = {
  function: 'stop_job',
  partition: 'main',
  payload: { jobId: 1, cluster: 'c', startTime: 1_700_000_000, jobState: 'completed', stopTime: 1_700_000_100 },
};
const script = '#!/bin/bash\necho "a\\b"\n'.repeat(500);
const info = 'JobId=1 Command=/home/u/"job".sh\n'.repeat(100);

const metaDataOf = (lines: string | undefined): Record<string, string> => JSON.parse(decodeLines(lines ?? '')[0]?.event ?? '').metaData;
const size = (text: string | undefined) => Buffer.byteLength(text ?? '');

test('§6.4: a message that fits is left as it is', () => {
  const events = [start({ jobScript: script, slurmInfo: info }), stop];
  const lines = jobLines(events, 'h');
  assert.equal(fittedLines(events, 'h', size(lines)), lines);
});

test('§6.4: of a message that is too large the script goes first, as little of it as possible, and says so', () => {
  const events = [start({ jobName: 'n', jobScript: script, slurmInfo: info }), stop];
  const limit = size(jobLines(events, 'h')) - 1000;
  const lines = fittedLines(events, 'h', limit);
  const { jobName, jobScript = '', slurmInfo } = metaDataOf(lines);
  assert.deepEqual([jobName, slurmInfo], ['n', info]);
  assert.match(jobScript, /^#!\/bin\/bash\n[^[]*\n?\[Cut by Sluice: \d+ characters do not fit into a NATS message of \d+ bytes\.\]$/);
  assert.ok(size(lines) <= limit && size(lines) > limit - 8, `${size(lines)} of ${limit}`);
  assert.equal(decodeLines(lines ?? '').length, 2);
});

test('§6.4: Slurm’s text goes next, and nothing else', () => {
  const events = [start({ jobName: 'n', jobScript: script, slurmInfo: info })];
  const { jobName, jobScript = '', slurmInfo = '' } = metaDataOf(fittedLines(events, 'h', 2000));
  assert.equal(jobName, 'n');
  assert.match(jobScript, /^\n\[Cut by Sluice/);
  assert.match(slurmInfo, /^JobId=1 .*\[Cut by Sluice/s);
});

test('§6.4: what is too large even so has no lines', () => {
  assert.equal(fittedLines([start({ jobName: 'n'.repeat(3000), jobScript: script })], 'h', 2000), undefined);
  assert.equal(fittedLines([stop], 'h', 50), undefined);
});

test('whatever a script holds, the message keeps its bound and its form', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\\', '"', '\n', '\0', 'ä', '€', '😀', '\ud800'),
      fc.string({ unit: character, minLength: 1, maxLength: 1 }),
    ),
    maxLength: 400,
  });
  fc.assert(
    fc.property(text, text, fc.integer({ min: 900, max: 2500 }), (jobScript, slurmInfo, limit) => {
      const events = [start({ jobScript, slurmInfo }), stop];
      const whole = jobLines(events, 'h');
      const empty = jobLines([start({ jobScript: '', slurmInfo: '' }), stop], 'h');
      assert.equal(bytesOnTheLine(jobScript) + bytesOnTheLine(slurmInfo), size(whole) - size(empty));
      const lines = fittedLines(events, 'h', limit);
      assert.ok(lines !== undefined && size(lines) <= limit);
      assert.equal(decodeLines(lines).length, 2);
      if (size(whole) <= limit) assert.equal(lines, whole);
    }),
  );
});
