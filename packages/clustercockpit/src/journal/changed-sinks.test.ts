import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ManualClock, manualClock } from '@sluice/io';
import { aRun } from './run.fixture.ts';
import { openRunJournal, type RunJournal } from './run-journal.ts';
import type { Settled, SinkName } from './types.ts';

const none: ReadonlySet<number> = new Set();
const end = { time: 1_700_000_100, state: 'COMPLETED' };

describe('a journal whose sinks change', () => {
  let directory: string;
  let clock: ManualClock;
  let journal: RunJournal | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-sinks-'));
    clock = manualClock(1_700_000_200_000);
  });
  afterEach(() => {
    journal?.close();
    rmSync(directory, { recursive: true });
  });

  async function reopened(...sinks: readonly SinkName[]): Promise<RunJournal> {
    journal?.close();
    const first = sinks.includes('rest') ? 'rest' : undefined;
    journal = await openRunJournal(join(directory, 'journal.db'), { clock, sinks, first, durability: 'process-kill' });
    return journal;
  }

  /** Jobs 1 to 4: one that waits, one that runs and stands, one whose stop waits, one that is over; and 5, of which not all is known. */
  async function filled(...sinks: readonly SinkName[]): Promise<void> {
    const { runs, deliveries } = await reopened(...sinks);
    for (const jobId of [1, 2, 3, 4, 5]) {
      await runs.record([{ run: aRun({ jobId, submit: 1_699_999_000 + jobId }), complete: jobId !== 5, backlog: false }]);
    }
    for (const sink of sinks) {
      const ids = new Map(deliveries.due(sink, 'start', 10, none).map(({ id, run }) => [run.jobId, id]));
      const did = (what: 'start' | 'stop', jobId: number): Settled => {
        const id = ids.get(jobId) ?? assert.fail(`job ${jobId} is due in ${sink}`);
        return what === 'stop' ? { id, did: 'stop' } : { id, did: 'start', stopAfterMs: 0 };
      };
      await deliveries.settle(sink, [did('start', 2), did('start', 3), did('start', 4)]);
      await deliveries.settle(sink, [did('stop', 4)]);
    }
    const ended = [3, 4].map((jobId) => aRun({ jobId, submit: 1_699_999_000 + jobId, ended: end }));
    await runs.record(ended.map((run) => ({ run, complete: true, backlog: false })));
  }

  const due = ({ deliveries }: RunJournal, sink: SinkName) =>
    Object.fromEntries(
      (['start', 'stop'] as const).map((what) => [
        what,
        deliveries
          .due(sink, what, 10, none)
          .map(({ run }) => run.jobId)
          .sort(),
      ]),
    );
  const endOf = (runs: RunJournal['runs'], jobId: number) =>
    runs.record([{ run: aRun({ jobId, submit: 1_699_999_000 + jobId, ended: end }), complete: true, backlog: false }]);

  for (const [from, to] of [
    ['rest', 'nats'],
    ['nats', 'rest'],
  ] as const) {
    it(`${to} takes over from ${from}: what waits is sent, what stands is stopped, what is over stays so`, async () => {
      await filled(from);
      const after = await reopened(to);
      assert.deepEqual(due(after, to), { start: [1], stop: [3] });
      await endOf(after.runs, 2);
      await endOf(after.runs, 5);
      assert.deepEqual(due(after, to), { start: [1, 5], stop: [2, 3] });
      const back = await reopened(from);
      assert.deepEqual([due(back, from), due(back, to)], [due(back, from), { start: [], stop: [] }]);
      assert.deepEqual(due(back, from), { start: [1, 5], stop: [2, 3] });
    });
  }

  it('a run that waited for REST to have it goes on by NATS when REST is no longer there', async () => {
    await filled('rest', 'nats');
    const both = await reopened('rest', 'nats');
    assert.deepEqual(
      [due(both, 'rest'), due(both, 'nats')],
      [
        { start: [1], stop: [3] },
        { start: [], stop: [] },
      ],
    );
    assert.deepEqual(due(await reopened('nats'), 'nats'), { start: [1], stop: [3] });
  });

  it('NATS that comes beside REST waits for what REST does not have yet', async () => {
    await filled('rest');
    const both = await reopened('rest', 'nats');
    assert.deepEqual(
      [due(both, 'rest'), due(both, 'nats')],
      [
        { start: [1], stop: [3] },
        { start: [], stop: [] },
      ],
    );
    const [stop] = both.deliveries.due('rest', 'stop', 1, none);
    await both.deliveries.settle('rest', [{ id: stop?.id ?? 0, did: 'stop' }]);
    assert.deepEqual(due(both, 'nats'), { start: [], stop: [3] });
  });

  it('why a run was set aside goes over with it, and nothing is left that keeps a run from being forgotten', async () => {
    await filled('rest');
    const before = await reopened('rest');
    const [one] = before.deliveries.due('rest', 'start', 1, none);
    await before.deliveries.settle('rest', [{ id: one?.id ?? 0, did: 'aside', reason: 'no such host' }]);
    const after = await reopened('nats');
    assert.deepEqual(
      after.deliveries.setAside().map(({ jobId, sink, reason }) => [jobId, sink, reason]),
      [[1, 'nats', 'no such host']],
    );
    assert.equal(await after.purge(clock.now() + 1), 1);
    assert.equal(after.runs.count(), 4);
  });
});
