import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock } from '@sluice/io';
import fc from 'fast-check';
import type { Run } from '../run.ts';
import { aRun } from './run.fixture.ts';
import { openRunJournal, type RunJournal } from './run-journal.ts';
import type { Settled, Sighting, SinkName } from './types.ts';

const none: ReadonlySet<number> = new Set();
const seen = (run: Run, more: Partial<Sighting> = {}): Sighting => ({ run, complete: true, backlog: false, ...more });
const end = { time: 1_700_000_100, state: 'COMPLETED' };

describe('the journal of runs', () => {
  let directory: string;
  let clock: ManualClock;
  let journal: RunJournal;
  const open = (sinks: readonly SinkName[], first?: SinkName) =>
    openRunJournal(join(directory, 'journal.db'), { clock, sinks, first, durability: 'process-kill' });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
    clock = manualClock(1_700_000_200_000);
    journal = await open(['rest', 'nats'], 'rest');
  });
  afterEach(() => {
    journal.close();
    rmSync(directory, { recursive: true });
  });

  const due = (what: 'start' | 'stop', sink: SinkName = 'rest') => journal.deliveries.due(sink, what, 10, none);
  const settle = (settled: Settled, sink: SinkName = 'rest') => journal.deliveries.settle(sink, [settled]);
  const onlyDue = (what: 'start' | 'stop', sink: SinkName = 'rest') => {
    const runs = due(what, sink);
    assert.equal(runs.length, 1, `one ${what} is due in ${sink}`);
    return runs[0] as (typeof runs)[number];
  };

  it('knows which of many jobs it has, be they few or most of those between the first and the last', async () => {
    const of = (...jobIds: readonly number[]) => jobIds.map((jobId) => seen(aRun({ jobId, ended: end })));
    const many = Array.from({ length: 120 }, (_, index) => 10 + index);
    assert.deepEqual(await journal.runs.record(of(...many)), { started: 120, ended: 120 });
    assert.deepEqual(await journal.runs.record(of(9, 50, 130)), { started: 2, ended: 2 });
    assert.deepEqual(await journal.runs.record(of(129, 130, 131, 132, 133)), { started: 3, ended: 3 });
    assert.deepEqual(await journal.runs.record(of(...many)), { started: 0, ended: 0 });
    assert.equal(journal.runs.count(), 125);
  });

  it('gives a run back as it was recorded, once, however often it was seen', async () => {
    const run = aRun({ ended: end, name: 'a|b\n☃', comment: 'x' });
    assert.deepEqual(await journal.runs.record([seen(run)]), { started: 1, ended: 1 });
    assert.deepEqual(await journal.runs.record([seen(run), seen(run)]), { started: 0, ended: 0 });
    assert.deepEqual(onlyDue('start').run, run);
  });

  it('sends the start first, then the stop, then nothing', async () => {
    await journal.runs.record([seen(aRun())]);
    const { id } = onlyDue('start');
    await settle({ id, did: 'start', stopAfterMs: 0 });
    assert.deepEqual([due('start'), due('stop')], [[], []]);
    await journal.runs.record([seen(aRun({ ended: end }))]);
    assert.equal(onlyDue('stop').run.ended?.time, end.time);
    await settle({ id, did: 'stop' });
    assert.deepEqual([due('start'), due('stop')], [[], []]);
  });

  it('an earlier run of a job that waits is a rival however long before it began, and no longer once it stands', async () => {
    const early = aRun({ ended: end });
    const late = aRun({ start: early.start + 4 * 86_400, submit: early.start + 3 * 86_400 });
    await journal.runs.record([seen(early), seen(late), seen(aRun({ jobId: 8 }))]);
    assert.deepEqual(
      due('start')
        .map(({ run, alone }) => `${run.jobId} ${alone}`)
        .sort(),
      ['7 false', '7 false', '8 true'],
    );
    const starts = () => journal.deliveries.rivals('rest', late).map(({ start, waits }) => [start, waits]);
    assert.deepEqual(starts(), [[early.start, true]]);
    await settle({ id: journal.deliveries.standingOf('rest', early)?.id ?? 0, did: 'start', stopAfterMs: 0 });
    assert.deepEqual(starts(), []);
  });

  it('a run that slurmctld forgot and began anew stays one, by the start that was told; a requeued job has another', async () => {
    const run = aRun();
    await journal.runs.record([seen(run)]);
    await settle({ id: onlyDue('start').id, did: 'start', stopAfterMs: 0 });
    const anew = { ...run, start: run.start + 3 };
    assert.deepEqual(await journal.runs.record([seen({ ...anew, ended: end })]), { started: 0, ended: 1 });
    const { start, ended } = onlyDue('stop').run;
    assert.deepEqual([start, ended, journal.runs.resizedFrom(run.cluster, run.jobId, anew.start)], [run.start, end, run.start]);
    const requeued = { ...run, start: run.start + 50, submit: Number(run.submit) + 40 };
    assert.deepEqual(await journal.runs.record([seen(requeued)]), { started: 1, ended: 0 });
    assert.deepEqual([journal.runs.requeuedAt(run), journal.runs.requeuedAt(requeued)], [requeued.submit, undefined]);
  });

  it('W1: holds a stop back until the start has been committed, and shows it as that', async () => {
    await journal.runs.record([seen(aRun({ ended: end }))]);
    await settle({ id: onlyDue('start').id, did: 'start', stopAfterMs: 240_000 });
    assert.deepEqual(due('stop'), []);
    const { awaitingCommit, stopsWaiting, oldestMs } = journal.deliveries.counts('rest');
    assert.deepEqual({ awaitingCommit, stopsWaiting, oldestMs }, { awaitingCommit: 1, stopsWaiting: 1, oldestMs: null });
    assert.equal(journal.deliveries.nextDueMs('rest'), clock.now() + 240_000);
    await clock.advance(240_000);
    onlyDue('stop');
  });

  it('an end that comes during that wait waits too', async () => {
    await journal.runs.record([seen(aRun())]);
    await settle({ id: onlyDue('start').id, did: 'start', stopAfterMs: 240_000 });
    await journal.runs.record([], { endings: [{ cluster: 'alpha', jobId: 7, start: 1_700_000_000, ended: end }] });
    assert.deepEqual(due('stop'), []);
    await clock.advance(240_000);
    onlyDue('stop');
  });

  it('sends nothing of a run about whose start not all has been asked', async () => {
    await journal.runs.record([seen(aRun({ script: null }), { complete: false })]);
    assert.deepEqual(due('start'), []);
    await journal.runs.record([seen(aRun())]);
    assert.equal(journal.deliveries.due('rest', 'start', 10, none)[0]?.run.script, '#!/bin/sh\n');
  });

  it('tells the second sink of a run when the first has it, and of its end when the first has been told', async () => {
    await journal.runs.record([seen(aRun({ ended: end }))]);
    assert.deepEqual(due('start', 'nats'), []);
    await settle({ id: onlyDue('start').id, did: 'start', stopAfterMs: 0 });
    const { id } = onlyDue('start', 'nats');
    await settle({ id, did: 'start', stopAfterMs: 0 }, 'nats');
    assert.deepEqual(due('stop', 'nats'), []);
    await settle({ id: onlyDue('stop').id, did: 'stop' });
    onlyDue('stop', 'nats');
  });

  it('tells a second sink that was away of the end, too, and of one that is known late', async () => {
    await journal.runs.record([seen(aRun({ ended: end })), seen(aRun({ jobId: 8 }))]);
    for (const { id } of due('start')) await settle({ id, did: 'start', stopAfterMs: 0 });
    const late = due('start').length === 0 && due('start', 'nats').find(({ run }) => run.jobId === 8);
    await settle({ id: onlyDue('stop').id, did: 'stop' });
    assert.deepEqual(due('stop', 'nats'), []);
    for (const { id } of due('start', 'nats')) await settle({ id, did: 'start', stopAfterMs: 0 }, 'nats');
    assert.equal(onlyDue('stop', 'nats').run.jobId, aRun().jobId);
    // A comparison finds ended what goes on as far as is known.
    assert.ok(late);
    await journal.deliveries.correct('rest', [{ id: late.id, stands: 'stop' }]);
    assert.equal(due('stop', 'nats').length, 1);
    await journal.runs.record([seen(aRun({ jobId: 8, ended: end }))]);
    assert.equal(due('stop', 'nats').length, 2);
  });

  it('tells the second sink of an end that the first is not to be told of', async () => {
    await journal.runs.record([seen(aRun({ ended: end }))]);
    const { id } = onlyDue('start');
    await settle({ id, did: 'start', stopAfterMs: 0 });
    await settle({ id, did: 'start', stopAfterMs: 0 }, 'nats');
    await settle({ id, did: 'unsent', reason: 'a later run of the job has taken its place' });
    onlyDue('stop', 'nats');
  });

  it('tells the second sink nothing of a run that is not to be sent', async () => {
    await journal.runs.record([seen(aRun())]);
    await settle({ id: onlyDue('start').id, did: 'unsent', reason: 'ignored' });
    assert.deepEqual([due('start'), due('start', 'nats')], [[], []]);
    assert.deepEqual([journal.deliveries.counts('rest').unsent, journal.deliveries.counts('nats').unsent], [1, 1]);
  });

  it('does not send the start of what stands already, only its stop', async () => {
    await journal.runs.record([seen(aRun(), { stands: 'start' })]);
    assert.deepEqual(due('start'), []);
    await journal.runs.record([seen(aRun({ ended: end }))]);
    onlyDue('stop');
  });

  it('a job that the server does not know at its stop is started again', async () => {
    await journal.runs.record([seen(aRun({ ended: end }))]);
    const { id } = onlyDue('start');
    await settle({ id, did: 'start', stopAfterMs: 0 });
    await settle({ id, did: 'missing', reason: 'not found', dueMs: clock.now() });
    assert.equal(onlyDue('start').attempts, 1);
    assert.deepEqual(due('stop'), []);
  });

  it('lists what is set aside with its reason, and takes it up again when asked', async () => {
    await journal.runs.record([seen(aRun()), seen(aRun({ jobId: 8 }))]);
    for (const { id } of due('start')) await settle({ id, did: 'aside', reason: 'no such host' });
    assert.deepEqual(due('start'), []);
    const [first] = journal.deliveries.setAside();
    assert.deepEqual([first?.reason, first?.what, first?.sink], ['no such host', 'start', 'rest']);
    assert.equal(await journal.deliveries.retry([8]), 1);
    assert.equal(onlyDue('start').run.jobId, 8);
    assert.equal(await journal.deliveries.retry(), 1);
    assert.equal(due('start').length, 2);
  });

  it('what happens now goes before what comes from history', async () => {
    await journal.runs.record([seen(aRun({ jobId: 1 }), { backlog: true })]);
    await clock.advance(1000);
    await journal.runs.record([seen(aRun({ jobId: 2 }))]);
    assert.deepEqual(
      due('start').map(({ run }) => run.jobId),
      [2, 1],
    );
  });

  it('an end that is known stays, and a later one wins until the stop is sent', async () => {
    await journal.runs.record([seen(aRun({ ended: end }))]);
    await journal.runs.record([seen(aRun({ ended: { time: end.time - 50, state: 'FAILED' } })), seen(aRun())]);
    assert.deepEqual(onlyDue('start').run.ended, end);
    await journal.runs.record([seen(aRun({ ended: { time: end.time + 50, state: 'FAILED' } }))]);
    assert.deepEqual(onlyDue('start').run.ended, { time: end.time + 50, state: 'FAILED' });
  });

  it('of two states at the same time history has the last word', async () => {
    await journal.runs.record([seen(aRun({ ended: { ...end, state: 'CANCELLED' } }))]);
    await journal.runs.record([seen(aRun({ ended: { ...end, state: 'NODE_FAIL' } }), { backlog: true })]);
    await journal.runs.record([seen(aRun({ ended: { ...end, state: 'CANCELLED' } }))]);
    assert.equal(onlyDue('start').run.ended?.state, 'NODE_FAIL');
  });

  it('keeps notes and resizes with what was seen', async () => {
    await journal.runs.record([], { resizes: [{ cluster: 'alpha', jobId: 7, start: 10, at: 20 }], notes: { mark: '20' } });
    assert.equal(journal.runs.resizedFrom('alpha', 7, 20), 10);
    assert.equal(journal.runs.resizedFrom('alpha', 7, 21), undefined);
    assert.equal(journal.book.note('mark'), '20');
  });

  it('marks runs that the controller does not have, and since when', async () => {
    await journal.runs.record([seen(aRun())]);
    await clock.advance(1);
    const [run] = [...journal.runs.openRuns('alpha', clock.now())];
    assert.ok(run);
    await journal.runs.markMissing([run.id], []);
    assert.deepEqual(journal.runs.openCounts(), { open: 1, missing: 1 });
    await journal.runs.markMissing([], [run.id]);
    assert.deepEqual(journal.runs.openCounts(), { open: 1, missing: 0 });
  });

  it('asks again how a run started that stood before we came and is lost there', async () => {
    await journal.runs.record([seen(aRun({ user: '', nodes: [] }), { stands: 'start' })]);
    const id = journal.deliveries.standingOf('rest', aRun())?.id ?? 0;
    await journal.deliveries.correct('rest', [{ id, stands: null }]);
    assert.deepEqual(due('start'), []);
    assert.deepEqual(journal.runs.stateOf(aRun()), { complete: false, ended: false });
    await journal.runs.record([seen(aRun())]);
    onlyDue('start');
  });

  it('forgets what is done after its time, and nothing else', async () => {
    await journal.runs.record([seen(aRun({ ended: end })), seen(aRun({ jobId: 8 }))]);
    for (const sink of ['rest', 'nats'] as const) {
      for (const { id, run } of due('start', sink)) {
        if (run.jobId !== 7) continue;
        await settle({ id, did: 'start', stopAfterMs: 0 }, sink);
        await settle({ id, did: 'stop' }, sink);
      }
    }
    assert.equal(await journal.purge(clock.now()), 0);
    await clock.advance(1000);
    assert.equal(await journal.purge(clock.now()), 1);
    assert.equal(journal.runs.count(), 1);
  });

  it('forgets what waits for a sink that is configured no more; the other one is told', async () => {
    await journal.runs.record([seen(aRun())]);
    journal.close();
    journal = await open(['nats']);
    assert.deepEqual(due('start'), []);
    assert.equal(onlyDue('start', 'nats').run.jobId, 7);
  });

  it('never has a stop due before its start stands, nor anything due after both, whatever comes in whatever order', async () => {
    const action = fc.record({
      jobId: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom('see', 'end', 'start', 'stop', 'missing', 'aside', 'retry', 'correct'),
      stands: fc.constantFrom('start', 'stop', null),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const path = join(directory, `model-${Math.random()}.db`);
        const model = await openRunJournal(path, { clock, sinks: ['rest'], first: 'rest', durability: 'process-kill' });
        const stands = new Map<number, 'start' | 'stop' | null>();
        try {
          for (const { jobId, kind, stands: found } of actions) {
            await clock.advance(1);
            const id = model.deliveries.standingOf('rest', aRun({ jobId }))?.id;
            if (kind === 'see') await model.runs.record([seen(aRun({ jobId }))]);
            if (kind === 'end') await model.runs.record([seen(aRun({ jobId, ended: end }))]);
            if (kind === 'retry') await model.deliveries.retry();
            if (kind === 'correct' && id) {
              await model.deliveries.correct('rest', [{ id, stands: found }]);
              stands.set(jobId, found);
            }
            const dueStart = model.deliveries.due('rest', 'start', 10, none).find(({ run }) => run.jobId === jobId);
            const dueStop = model.deliveries.due('rest', 'stop', 10, none).find(({ run }) => run.jobId === jobId);
            if (kind === 'start' && dueStart) {
              await model.deliveries.settle('rest', [{ id: dueStart.id, did: 'start', stopAfterMs: 0 }]);
              stands.set(jobId, 'start');
            }
            if (kind === 'stop' && dueStop) {
              await model.deliveries.settle('rest', [{ id: dueStop.id, did: 'stop' }]);
              stands.set(jobId, 'stop');
            }
            if (kind === 'missing' && dueStop) {
              await model.deliveries.settle('rest', [{ id: dueStop.id, did: 'missing', reason: '-', dueMs: 0 }]);
              stands.set(jobId, null);
            }
            const dueAny = dueStart ?? dueStop;
            if (kind === 'aside' && dueAny) await model.deliveries.settle('rest', [{ id: dueAny.id, did: 'aside', reason: '-' }]);
          }
          for (const { run } of model.deliveries.due('rest', 'start', 10, none)) assert.equal(stands.get(run.jobId) ?? null, null);
          for (const { run } of model.deliveries.due('rest', 'stop', 10, none)) {
            assert.equal(stands.get(run.jobId), 'start');
            assert.ok(run.ended);
          }
        } finally {
          model.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
