import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { createLog, saidOnce } from '@sluice/service';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import { Comparisons } from './comparisons.ts';

test('a clock that is set back puts off no comparison', async () => {
  const time = manualClock(1_700_000_000_000);
  let backMs = 0;
  const clock = { ...time, now: () => time.now() - backMs };
  const log = createLog({ name: 'test', level: 'fatal' });
  let compared = 0;
  const comparisons = new Comparisons({
    // Without clusters neither is asked.
    client: {} as CcBackendClient,
    journal: {} as RunJournal,
    sinks: ['rest'],
    delivers: () => true,
    watches() {
      compared++;
      return [];
    },
    ccName: (cluster) => cluster,
    clock,
    log,
    said: saidOnce({ log, clock }),
    intervalMs: 60_000,
    marginMs: 1000,
    corrected: () => {},
  });
  const ended = new AbortController();
  const running = comparisons.run(ended.signal);
  await time.advance(30_000);
  backMs = 86_400_000;
  await time.advance(30_000);
  assert.equal(compared, 1);
  comparisons.doubt();
  await time.advance(1000);
  assert.equal(compared, 2);
  ended.abort();
  await running;
});
