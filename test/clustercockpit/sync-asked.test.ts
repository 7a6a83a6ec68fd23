import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncExitCode } from '@sluice/clustercockpit';
import { now, standIn } from './client-bed.ts';
import { said, scriptedSlurm, sync } from './sync-bed.ts';

const held = [
  { jobId: 1, start: now - 600 },
  { jobId: 2, start: now - 5, state: 'PENDING' },
  { jobId: 3, start: now - 600, state: 'COMPLETED', end: now - 5 },
];
const rows = [{ jobId: 4, start: now - 9000, end: now - 8000, state: 'COMPLETED' }];

test('sync of one job says what is so of it where nothing is to be done, and ends with 65 if Slurm does not know it', async () => {
  await using line = await standIn();
  await sync(line, { held, rows });
  await line.backend.sync();
  for (const [jobId, is, code] of [
    [1, 'running', 0],
    [2, 'waiting', 0],
    [3, 'ended', 0],
    [4, 'ended', 0],
    [999, 'unknown', 65],
  ] as const) {
    const report = await sync(line, { held, rows }, { jobId });
    assert.deepEqual([said(report), report.asked, syncExitCode(report)], [[], { jobId, is }, code]);
  }
});

test('a job that accounting cannot be asked about is not called unknown', async () => {
  await using line = await standIn();
  const report = await sync(line, { held, down: ['accounting'] }, { jobId: 999 });
  assert.deepEqual([report.asked?.is, syncExitCode(report)], ['unasked', 75]);
});

test('nothing more is asked where something was done, or no job was named', async () => {
  await using line = await standIn();
  const { slurm, asked } = scriptedSlurm({ held, rows });
  assert.deepEqual([(await sync(line, slurm, { jobId: 1 })).asked, (await sync(line, slurm)).asked, asked], [null, null, []]);
});
