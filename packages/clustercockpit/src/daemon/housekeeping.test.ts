import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, manualClock } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import { aRun } from '../journal/run.fixture.ts';
import { openRunJournal } from '../journal/run-journal.ts';
import { Housekeeping, type HousekeepingOptions } from './housekeeping.ts';

const none: ReadonlySet<number> = new Set();

/** A journal, and what keeps house in it. */
async function bed(t: TestContext, clock: Clock) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-housekeeping-'));
  const journal = await openRunJournal(join(directory, 'j.db'), { clock, sinks: ['rest'], first: 'rest', durability: 'process-kill' });
  t.after(() => {
    journal.close();
    rmSync(directory, { recursive: true });
  });
  const log = createLog({ name: 'test', level: 'fatal' });
  const said = saidOnce({ log, clock });
  const counted = { fellDue: 0, noted: 0 };
  const housekeeping = new Housekeeping({
    journal,
    config: { lastRunPath: join(directory, 'lastrun'), journalRetention: 604_800, ccCommitInterval: 120 },
    clock,
    log,
    said,
    watches: () => [],
    hooks: { spool: { fullSince: () => null, clearFull() {} }, endQuiet() {} },
    fellDue: () => counted.fellDue++,
    noted: () => counted.noted++,
    status: () => ({}) as ReturnType<HousekeepingOptions['status']>,
  });
  return { journal, housekeeping, said, counted };
}

test('what was to wait for a while waits no longer than that when the clock is set back', async (t) => {
  const time = manualClock(1_700_000_000_000);
  let backMs = 0;
  const { journal, housekeeping, counted } = await bed(t, { ...time, now: () => time.now() - backMs });
  await journal.runs.record([{ run: aRun({ ended: { time: 1_699_999_000, state: 'COMPLETED' } }), complete: true, backlog: false }]);
  const [start] = journal.deliveries.due('rest', 'start', 1, none);
  await journal.deliveries.settle('rest', [{ id: start?.id ?? 0, did: 'start', stopAfterMs: 240_000 }]);
  const due = () => journal.deliveries.due('rest', 'stop', 1, none).length;
  await housekeeping.once();
  await time.advance(15_000);
  await housekeeping.once();
  assert.deepEqual([due(), counted.fellDue], [0, 0], 'it waits for the commit');
  backMs = 86_400_000;
  await time.advance(15_000);
  await housekeeping.once();
  assert.deepEqual([due(), counted.fellDue], [1, 1]);
});

test('a journal that is removed while the daemon runs is said, and no more counts as written', async (t) => {
  const { journal, housekeeping, said, counted } = await bed(t, manualClock());
  await housekeeping.once();
  assert.deepEqual([counted.noted, [...said.lasting().keys()]], [1, []]);
  rmSync(journal.path);
  await housekeeping.once();
  assert.deepEqual([counted.noted, [...said.lasting().keys()]], [1, ['housekeeping status']]);
});
