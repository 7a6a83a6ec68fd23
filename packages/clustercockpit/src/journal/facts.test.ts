import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../run.ts';
import { dueRunOf, factsOf } from './facts.ts';
import { aRun } from './run.fixture.ts';

const rowOf = ({ cluster, jobId, start }: Run, facts: string) => ({
  ...{ id: 1, cluster, job_id: jobId, start, facts, ended: null, end_state: null, attempts: 0, started_ms: null, rivals: 0 },
});

test('what is usual and what a run may lack is left out of a row, and is there when it is read', () => {
  const run = aRun({ script: null, sharing: null, environment: null, adminComment: '' });
  const facts = factsOf(run);
  assert.doesNotMatch(facts, /null|""/);
  const { sharing, environment, adminComment, ...others } = run;
  assert.deepEqual(dueRunOf(rowOf(run, facts), 0).run, others);
});

test('a row in which all stands gives the same run', () => {
  const { cluster, jobId, start, ended, ...facts } = aRun({ gpus: 2, arrayJobId: 3, description: 'text', comment: '', adminComment: 'x' });
  const whole = { ...facts, sharing: null, environment: null };
  assert.deepEqual(dueRunOf(rowOf(aRun(), JSON.stringify(whole)), 0).run, { cluster, jobId, start, ended, ...whole });
});
