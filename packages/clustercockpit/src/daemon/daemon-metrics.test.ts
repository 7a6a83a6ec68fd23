import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { createMetrics } from '@sluice/service';
import type { RunJournal } from '../journal/run-journal.ts';
import { daemonMetrics } from './daemon-metrics.ts';

test('what waits is counted once for all gauges of a sink, and anew for the next exposition', async () => {
  const metrics = createMetrics({ prefix: 't_', processMetrics: false });
  const clock = manualClock();
  let asked = 0;
  const counts = () => ({ startsWaiting: ++asked, stopsWaiting: 3, awaitingCommit: 2, aside: 4, unsent: 0, oldestMs: null });
  const journal = {
    runs: { openCounts: () => ({ open: 0, missing: 0 }) },
    deliveries: { counts },
    bytes: () => 1,
  } as unknown as RunJournal;
  const never = () => null;
  daemonMetrics({ metrics, journal: () => journal, sinks: ['rest'], looked: never, tokenExpires: never, clock });
  assert.match(await metrics.text(), /^t_rest_waiting 2$[\s\S]*^t_rest_awaiting_commit 2$[\s\S]*^t_rest_set_aside 4$/m);
  assert.equal(asked, 1);
  await clock.advance(15_000);
  assert.match(await metrics.text(), /^t_rest_waiting 3$/m);
});
