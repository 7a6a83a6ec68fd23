import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outcomesOf, syncExitCode } from '@sluice/clustercockpit';
import { isCode } from '@sluice/io';
import type { CcBackend, FaultRequest } from '@sluice/standins';
import { errorOf, job, now, standIn } from './client-bed.ts';
import { said, scriptedSlurm, sync } from './sync-bed.ts';

const day = 86_400;

/** Runs that cc-backend has as running. */
async function listing(...runs: readonly (readonly [jobId: number, start: number])[]) {
  const line = await standIn();
  for (const [jobId, startTime] of runs) await line.client.start({ ...job, jobId, startTime });
  await line.backend.sync();
  return line;
}

function stateOf(backend: CcBackend, jobId: number, start: number) {
  const row = backend.job('labcluster', jobId, start);
  return row && [row.job_state, row.start_time + row.duration];
}

const isStop = ({ path }: FaultRequest) => path.startsWith('/api/jobs/stop_job');

describe('sync stops', () => {
  test('what has ended, with the end that slurmctld or accounting says, and nothing twice', async () => {
    await using line = await listing([1, now - 900], [2, now - 900], [3, now - 900], [4, now - 900]);
    const { slurm, asked } = scriptedSlurm({
      held: [
        { jobId: 1, start: now - 900 },
        { jobId: 2, start: now - 900, state: 'TIMEOUT', end: now - 60 },
        { jobId: 3, start: now - 900, state: 'COMPLETING' },
      ],
      rows: [{ jobId: 4, start: now - 900, end: now - 30, state: 'OUT_OF_MEMORY' }],
    });
    const report = await sync(line, slurm);
    assert.deepEqual(said(report), ['stop 2 sent', 'stop 4 sent']);
    assert.deepEqual([report.running, report.listed, syncExitCode(report)], [2, 4, 0]);
    assert.deepEqual(asked, [4], 'accounting is asked only where slurmctld does not know');
    assert.deepEqual(stateOf(line.backend, 2, now - 900), ['timeout', now - 60]);
    assert.deepEqual(stateOf(line.backend, 4, now - 900), ['out_of_memory', now - 30]);
    assert.equal(stateOf(line.backend, 3, now - 900)?.[0], 'running', 'how a completing job ended is not final');
    assert.deepEqual(said(await sync(line, slurm)), []);
  });

  test('§11 of two runs of an id the right one', async () => {
    await using line = await listing([7, now - 3 * day]);
    const report = await sync(line, {
      held: [{ jobId: 7, start: now - 600 }],
      rows: [
        { jobId: 7, start: now - 3 * day, end: now - 2 * day, state: 'FAILED' },
        { jobId: 7, start: now - 600, end: null, state: 'RUNNING' },
      ],
    });
    assert.deepEqual(said(report), ['stop 7 sent', 'start 7 sent']);
    assert.deepEqual(stateOf(line.backend, 7, now - 3 * day), ['failed', now - 2 * day]);
    assert.equal(stateOf(line.backend, 7, now - 600)?.[0], 'running');
  });

  test('a requeued run as cancelled, a resized one with the end of its last row', async () => {
    await using line = await listing([1, now - 900], [2, now - 900]);
    const report = await sync(line, {
      held: [{ jobId: 1, start: now + 100, state: 'PENDING' }],
      rows: [
        { jobId: 1, start: now - 900, end: now - 500, state: 'REQUEUED' },
        { jobId: 2, start: now - 900, end: now - 600, state: 'RESIZING' },
        { jobId: 2, start: now - 600, end: now - 100, state: 'COMPLETED' },
      ],
    });
    assert.deepEqual(said(report), ['stop 1 sent', 'stop 2 sent']);
    assert.deepEqual(stateOf(line.backend, 1, now - 900), ['cancelled', now - 500]);
    assert.deepEqual(stateOf(line.backend, 2, now - 900), ['completed', now - 100]);
  });

  test('a suspended run goes on', async () => {
    await using line = await listing([1, now - 900]);
    assert.deepEqual(said(await sync(line, { held: [{ jobId: 1, start: now - 900, state: 'SUSPENDED' }] })), []);
  });

  test('nothing that Slurm does not know: a stray is told and left alone', async () => {
    await using line = await listing([1, now - 900], [2, now - 900]);
    const rows = [{ jobId: 2, start: now - 800, end: now - 700, state: 'COMPLETED' }];
    const report = await sync(line, { rows });
    assert.deepEqual(said(report), ['stop 1 stray', 'stop 2 stray']);
    assert.deepEqual(
      report.outcomes.map(({ reason }) => reason),
      ['neither slurmctld nor accounting knows the job', 'Slurm knows other runs of the job, and none that began then'],
    );
    assert.equal(syncExitCode(report), 65);
    assert.equal(stateOf(line.backend, 1, now - 900)?.[0], 'running');
  });

  test('nothing without an end: a run that accounting has not ended yet waits', async () => {
    await using line = await listing([1, now - 900]);
    const report = await sync(line, { rows: [{ jobId: 1, start: now - 900, end: null, state: 'RUNNING' }] });
    assert.deepEqual(said(report), ['stop 1 waits']);
    assert.match(report.outcomes[0]?.reason ?? '', /sacctmgr show runawayjobs/);
    assert.equal(syncExitCode(report), 75);
  });

  test('nothing when accounting cannot be asked, and starts go on', async () => {
    await using line = await listing([1, now - 900], [2, now - 900]);
    const held = [
      { jobId: 2, start: now - 900, state: 'FAILED', end: now - 5 },
      { jobId: 3, start: now - 10 },
    ];
    const report = await sync(line, { held, down: ['accounting'] });
    assert.deepEqual(said(report), ['stop 1 waits', 'stop 2 sent', 'start 3 sent']);
    assert.equal(syncExitCode(report), 75);
  });

  test('nothing when slurmctld cannot be asked, whatever accounting says', async () => {
    await using line = await listing([1, now - 900]);
    const rows = [{ jobId: 1, start: now - 900, end: now - 5, state: 'COMPLETED' }];
    const error = await errorOf(sync(line, { rows, down: ['controller'] }));
    assert.deepEqual([error.code, error.exitCode], ['slurm.unreachable', 69]);
    assert.equal(stateOf(line.backend, 1, now - 900)?.[0], 'running');
  });

  test('W9 nothing by a list of which a part could not be had', async () => {
    let lists = 0;
    const fault = ({ path }: FaultRequest) =>
      path.startsWith('/api/jobs/?') && ++lists === 2 ? ({ kind: 'refuse', status: 500, error: 'database is locked' } as const) : undefined;
    await using line = await standIn({ fault }, { pageSize: 2 });
    for (const jobId of [1, 2, 3, 4]) await line.client.start({ ...job, jobId, startTime: now - jobId });
    await line.backend.sync();
    const rows = [1, 2, 3, 4].map((jobId) => ({ jobId, start: now - jobId, end: now, state: 'COMPLETED' }));
    assert.ok(isCode(await errorOf(sync(line, { rows })), 'cc.failed'));
    assert.ok(line.backend.rows('job').every(({ job_state }) => job_state === 'running'));
  });

  test('one that fails costs no other, and is repeated', async () => {
    let failing = true;
    const fault = (request: FaultRequest) =>
      failing && isStop(request) && request.jobId === 1
        ? ({ kind: 'refuse', status: 500, error: 'database is locked' } as const)
        : undefined;
    await using line = await standIn({ fault });
    for (const jobId of [1, 2]) await line.client.start({ ...job, jobId });
    await line.backend.sync();
    const rows = [1, 2].map((jobId) => ({ jobId, start: job.startTime, end: now, state: 'COMPLETED' }));
    const report = await sync(line, { rows });
    assert.deepEqual([said(report), syncExitCode(report)], [['stop 1 waits', 'stop 2 sent'], 75]);
    failing = false;
    assert.deepEqual(said(await sync(line, { rows })), ['stop 1 sent']);
  });

  test('a stop whose answer was lost is done all the same', async () => {
    const fault = (request: FaultRequest) => (isStop(request) ? ({ kind: 'drop', when: 'after' } as const) : undefined);
    await using line = await standIn({ fault });
    await line.client.start(job);
    await line.backend.sync();
    const rows = [{ jobId: 7, start: job.startTime, end: now, state: 'COMPLETED' }];
    assert.deepEqual(said(await sync(line, { rows })), ['stop 7 waits']);
    assert.deepEqual(said(await sync(line, { rows })), [], 'it is not listed any more');
  });

  test('a cc-backend that takes nothing more ends the sync, and the starts are not tried', async () => {
    const fault = (request: FaultRequest) => (isStop(request) ? ({ kind: 'panic' } as const) : undefined);
    await using line = await standIn({ fault });
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const jobId of ids) await line.client.start({ ...job, jobId });
    await line.backend.sync();
    const rows = ids.map((jobId) => ({ jobId, start: job.startTime, end: now, state: 'COMPLETED' }));
    const report = await sync(line, { rows, held: [{ jobId: 99, start: now }] });
    assert.equal(report.trouble?.code, 'cc.failed');
    assert.equal(syncExitCode(report), 75);
    assert.ok(outcomesOf(report, 'waits').length < 8, 'it gives up soon');
    assert.deepEqual([report.limited, line.backend.job('labcluster', 99, now)], [[], undefined]);
  });
});
