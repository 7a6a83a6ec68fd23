import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '@sluice/io';
import type { SyncOutcome, SyncResult } from './report.ts';
import { type Work, Writes } from './writes.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

function work(jobId: number, act: Work['act']): Work {
  return { what: 'stop', run: { cluster: 'c', jobId, start: 1 }, act };
}

const ends = (result: SyncResult) => async () => ({ result });

function writes(options: { readonly limit?: number; readonly concurrency?: number; readonly signal?: AbortSignal } = {}) {
  const outcomes: SyncOutcome[] = [];
  return { outcomes, writes: new Writes({ limit: 1000, concurrency: 2, told: (outcome) => outcomes.push(outcome), ...options }) };
}

test('no more are under way than may be', async () => {
  let now = 0;
  let most = 0;
  const act = async (): ReturnType<Work['act']> => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
    return { result: 'sent' };
  };
  const { writes: two, outcomes } = writes();
  assert.equal(await two.all(ids(20).map((id) => work(id, act))), 0);
  assert.deepEqual([most, outcomes.length], [2, 20]);
});

test('the limit counts what was sent or failed, not what was refused or there', async () => {
  const results: readonly SyncResult[] = ['refused', 'there', 'sent', 'left out', 'waits', 'sent', 'sent', 'refused'];
  const { writes: three, outcomes } = writes({ limit: 3 });
  const left = await three.all(results.map((result, index) => work(index, ends(result))));
  assert.deepEqual([left, outcomes.length, three.open], [2, 6, false]);
});

test('room that a refusal leaves at the very end is used', async () => {
  const later = async (): ReturnType<Work['act']> => {
    await new Promise(setImmediate);
    return { result: 'refused' };
  };
  const { writes: one, outcomes } = writes({ limit: 1 });
  assert.equal(await one.all([work(1, later), work(2, ends('sent'))]), 0);
  assert.equal(outcomes.length, 2);
});

test('what is cc-backend’s trouble ends it at once, what is one run’s only after several in a row', async () => {
  const failing = (code: 'cc.denied' | 'http.timeout') => async () => {
    throw new SluiceError(code, 'no');
  };
  const denied = writes({ concurrency: 1 });
  assert.equal(await denied.writes.all(ids(3).map((id) => work(id, failing('cc.denied')))), 2);
  assert.equal(denied.writes.trouble?.code, 'cc.denied');

  const slow = writes({ concurrency: 1 });
  const mixed = ids(12).map((id) => work(id, id % 4 === 0 ? ends('sent') : failing('http.timeout')));
  assert.deepEqual([await slow.writes.all(mixed), slow.writes.trouble], [0, null]);
  assert.equal(await slow.writes.all(ids(9).map((id) => work(id, failing('http.timeout')))), 4);
  assert.equal(slow.writes.trouble?.code, 'http.timeout');
});

test('a fault of ours, and an interruption, are thrown when nothing is under way any more', async () => {
  const broken = async () => {
    throw new TypeError('ours');
  };
  const { writes: two, outcomes } = writes();
  await assert.rejects(two.all([work(1, broken), work(2, ends('sent'))]), TypeError);
  assert.equal(outcomes.length, 1);
  await assert.rejects(writes({ signal: AbortSignal.abort(new Error('stop')) }).writes.all([work(1, ends('sent'))]), /stop/);
});
