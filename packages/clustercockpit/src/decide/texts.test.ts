import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../run.ts';
import type { Privacy } from './context.ts';
import { run as fixture } from './decide.fixture.ts';
import { fit, maxEnvironment, maxScript, metaDataOf } from './texts.ts';

const all: Privacy = { script: true, slurmInfo: true, environment: true, comments: true };
const of = (changes: Partial<Run>, privacy: Partial<Privacy> = {}) =>
  metaDataOf(fixture([], changes), { ...all, ...privacy }, { devicesUnnamed: false });

test('§5.5 each text leaves the cluster only if it may', () => {
  const told = { script: '#!/bin/sh\n', description: 'JobId=7\n   WorkDir=/h\n   Comment=mine', environment: 'A=1' };
  const { jobName, jobScript, slurmInfo, submitTime } = of(told);
  assert.deepEqual([jobName, jobScript, typeof submitTime], ['n', '#!/bin/sh\n', 'string']);
  assert.equal(slurmInfo, 'JobId=7\n   WorkDir=/h\n   Comment=mine\nENV:\n====\nA=1');
  assert.equal(of(told, { comments: false, environment: false })['slurmInfo'], 'JobId=7\n   WorkDir=/h');
  assert.equal(of(told, { slurmInfo: false })['slurmInfo'], 'ENV:\n====\nA=1');
  const nothing = of(told, { script: false, slurmInfo: false, environment: false });
  assert.deepEqual(Object.keys(nothing), ['jobName', 'submitTime']);
});

test('long texts are cut, and say so', () => {
  const script = of({ script: 'x'.repeat(maxScript + 1) })['jobScript'] ?? '';
  assert.equal(script.length, maxScript);
  assert.match(script.slice(-40), /\[cut: 4194305 characters\]$/);
  const info = of({ description: null, environment: `A=${'é'.repeat(10 * maxEnvironment)}` })['slurmInfo'] ?? '';
  assert.equal(info.length, 'ENV:\n====\n'.length + maxEnvironment);
  assert.equal(fit('x'.repeat(100), 100).length, 100);
});

test('whatever a text is, what is sent of it is well-formed and within its bound', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\ud800', '\udc00', '\u0000', '😀') }),
      fc.integer({ min: 30, max: 60 }),
      (text, max) => {
        const sent = fit(text, max);
        assert.ok(sent.isWellFormed() && sent.length <= max);
        if (text.length <= max) assert.equal(sent, text.toWellFormed());
      },
    ),
  );
});
