import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock, SluiceError } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import { aRun } from '../journal/run.fixture.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import { Delivery } from './delivery.ts';
import type { Outcome, Sink } from './sink.ts';

const stands: Outcome = { kind: 'stands', fresh: true };
const end = { time: 1_700_000_100, state: 'COMPLETED' };

describe('delivery to a sink', () => {
  let directory: string;
  let clock: ManualClock;
  let journal: RunJournal;
  let lines: string[];
  let sent: string[];
  let start: (jobId: number) => Promise<Outcome>;
  /** By how much the time of day has been set back. */
  let backMs: number;
  const stopping: (() => Promise<void>)[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-delivery-'));
    clock = manualClock(1_700_000_200_000);
    [lines, sent, backMs] = [[], [], 0];
    start = async () => stands;
  });
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
    journal.close();
    rmSync(directory, { recursive: true });
  });

  async function begin(maxBytes?: number): Promise<Delivery> {
    const limits = maxBytes === undefined ? {} : { maxBytes };
    journal = await openRunJournal(join(directory, 'j.db'), {
      clock,
      sinks: ['rest'],
      first: 'rest',
      durability: 'process-kill',
      ...limits,
    });
    const sink: Sink = {
      name: 'rest',
      concurrency: { start: 2, stop: 1 },
      async start({ run }) {
        sent.push(`start ${run.jobId}`);
        return start(run.jobId);
      },
      async stop({ run }) {
        sent.push(`stop ${run.jobId}`);
        return stands;
      },
      stopAfterMs: () => 0,
    };
    const log = createLog({ name: 'delivery', form: 'json', destination: { write: (line) => void lines.push(line) } });
    const said = saidOnce({ log, clock });
    const shown = { ...clock, now: () => clock.now() - backMs };
    return new Delivery({ sink, deliveries: journal.deliveries, clock: shown, random: () => 0.5, log, said });
  }

  function go(delivery: Delivery): void {
    const stop = new AbortController();
    const running = delivery.run(stop.signal);
    stopping.push(async () => {
      stop.abort();
      await clock.advance(1000);
      await running;
    });
  }

  const record = (jobIds: readonly number[], more: { backlog?: boolean } = {}) =>
    journal.runs.record(jobIds.map((jobId) => ({ run: aRun({ jobId, ended: end }), complete: true, backlog: false, ...more })));

  async function until(isSo: () => boolean): Promise<void> {
    for (let turns = 0; !isSo(); turns++) {
      assert.ok(turns < 2000, `not reached; sent: ${sent.join(', ')}`);
      await clock.advance(250);
    }
  }

  it('what happens now goes before what comes from history', async () => {
    const delivery = await begin();
    await record([1, 2, 3], { backlog: true });
    await record([9]);
    go(delivery);
    await until(() => sent.length === 8);
    assert.equal(sent[0], 'start 9');
  });

  // A firewall before cc-backend may dislike the script of one job.
  for (const code of ['cc.failed', 'cc.blocked'] as const) {
    it(`one run that always fails (${code}) is tried again and again, and never takes the sink for dead`, async () => {
      start = async (jobId) => {
        if (jobId === 1) throw new SluiceError(code, 'it was answered with 500, or 403');
        return stands;
      };
      const delivery = await begin();
      await record([1]);
      go(delivery);
      await until(() => sent.length >= 15);
      assert.equal(delivery.state.trouble, null);
      await record([2]);
      delivery.wake();
      await until(() => sent.includes('start 2'));
      assert.equal(delivery.state.trouble, null);
    });
  }

  it('a sink in trouble is tried again soon though the clock is set back meanwhile', async () => {
    start = async () => {
      throw new SluiceError('http.unreachable', 'nobody is there');
    };
    const delivery = await begin();
    await record([1]);
    go(delivery);
    await until(() => delivery.state.trouble !== null);
    backMs = 86_400_000;
    start = async () => stands;
    await until(() => delivery.state.delivered.start === 1);
  });

  it('ten runs that fail are the sink’s trouble: it pauses, is said once, and goes on with the first success', async () => {
    let broken = true;
    start = async () => {
      if (broken) throw new SluiceError('cc.failed', 'cc-backend answered with 500');
      return stands;
    };
    const delivery = await begin();
    await record(Array.from({ length: 40 }, (_, index) => index + 1));
    go(delivery);
    await until(() => delivery.state.trouble !== null);
    await clock.advance(300_000);
    assert.ok(sent.length < 100, `${sent.length} requests within five minutes`);
    broken = false;
    await until(() => sent.filter((what) => what.startsWith('stop')).length === 40);
    assert.equal(lines.filter((line) => line.includes('takes nothing at the moment')).length, 1);
  });

  it('what was read ahead and is given back when another daemon delivers is read anew', async () => {
    const delivery = await begin();
    const gate = Promise.withResolvers<void>();
    start = async () => {
      await gate.promise;
      return stands;
    };
    await record([1, 2, 3, 4, 5]);
    go(delivery);
    await until(() => sent.length === 2);
    delivery.hold(true);
    gate.resolve();
    await until(() => journal.deliveries.due('rest', 'stop', 10, new Set()).length === 2);
    assert.equal(sent.length, 2, 'only what was under way');
    const waiting = journal.deliveries.due('rest', 'start', 10, new Set());
    await journal.deliveries.correct(
      'rest',
      waiting.map(({ id }) => ({ id, stands: 'stop' as const })),
    );
    delivery.hold(false);
    await until(() => sent.length === 4);
    await clock.advance(5000);
    assert.deepEqual(sent, ['start 1', 'start 2', 'stop 1', 'stop 2']);
  });

  it('a journal that is full while delivering loses nothing: what was sent is sent once more, and no stop before its start', async () => {
    const delivery = await begin(220_000);
    let full = false;
    for (let jobId = 1; !full; jobId++) {
      await journal.runs
        .record([{ run: aRun({ jobId, ended: end, script: 'x'.repeat(2000) }), complete: true, backlog: false }])
        .catch((error: SluiceError) => {
          assert.equal(error.code, 'journal.full');
          full = true;
        });
    }
    const count = journal.runs.count();
    go(delivery);
    await until(() => new Set(sent.filter((what) => what.startsWith('stop'))).size === count);
    for (let jobId = 1; jobId <= count; jobId++) assert.ok(sent.indexOf(`start ${jobId}`) < sent.indexOf(`stop ${jobId}`));
    await clock.advance(5000);
    assert.equal(journal.deliveries.counts('rest').startsWaiting + journal.deliveries.counts('rest').stopsWaiting, 0);
  });
});
