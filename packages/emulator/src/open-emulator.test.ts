import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { testStart } from './engine/testing/history.ts';
import { alice, labCluster, wrapped } from './engine/testing/lab-cluster.ts';
import { openEmulator } from './open-emulator.ts';

test('a state that cannot be written is said once, and what was written before is there', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-open-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'state.db');
  const clock = manualClock(testStart * 1000);
  const failed: { readonly code: string; readonly message: string }[] = [];
  const open = () => openEmulator({ spec: labCluster(), file, clock, rate: 0, failed: (error) => failed.push(error) });
  const first = open();
  first.controller.submit([wrapped('sleep 5')], alice);
  await first.close();
  assert.equal(failed.length, 0);

  const slurm = open();
  const other = new DatabaseSync(file);
  other.exec('BEGIN EXCLUSIVE');
  await clock.advance(2000);
  slurm.controller.submit([wrapped('sleep 5')], alice);
  await clock.advance(2000);
  slurm.controller.submit([wrapped('sleep 5')], alice);
  await clock.advance(2000);
  assert.deepEqual(
    failed.map(({ code }) => code),
    ['journal.unusable'],
  );
  assert.match(failed[0]?.message ?? '', /state\.db: database is locked/);
  await slurm.close();
  other.exec('ROLLBACK');
  other.close();

  const again = open();
  assert.deepEqual(
    [...again.controller.jobs()].map(({ jobId }) => jobId),
    [1],
  );
  await again.close();
});
