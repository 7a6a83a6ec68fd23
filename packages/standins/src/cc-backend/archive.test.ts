import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { type Bench, bench, now, start, until } from '../testing/backend.ts';

const stop = (b: Bench, jobId: number) => b.ask('POST', '/api/jobs/stop_job/', { jobId, stopTime: now });

async function started(b: Bench, count: number): Promise<void> {
  for (let jobId = 1; jobId <= count; jobId++) await b.ask('POST', '/api/jobs/start_job/', start({ jobId }));
}

const statuses = (b: Bench) => b.backend.rows('job').map(({ monitoring_status }) => monitoring_status);

test('§7.1 an archived job has status 3 and its directory; 0 is never archived; failed is 2, unfinished stays 1', async () => {
  const outcomes = { 1: 'archived', 2: 'failed', 3: 'unfinished' } as const;
  await using b = await bench({ archive: { outcome: ({ job_id }) => outcomes[job_id as 1 | 2 | 3] } });
  await started(b, 3);
  await b.ask('POST', '/api/jobs/start_job/', start({ jobId: 1_234_567, monitoringStatus: 0 }));
  for (const jobId of [1, 2, 3, 1_234_567]) assert.equal((await stop(b, jobId)).status, 200);
  assert.deepEqual(statuses(b), [3, 2, 1, 0]);
  assert.deepEqual(
    b.backend.archive().map(({ path, meta }) => [path, meta['jobState'], meta['duration']]),
    [[`labcluster/0/001/${now - 1000}`, 'completed', 1000]],
  );
});

test('§7.1 one archiver: job after job, each its time', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock, archive: { delayMs: ({ job_id }) => job_id * 100 } });
  await started(b, 3);
  for (const jobId of [1, 2, 3]) await stop(b, jobId);
  assert.equal(b.backend.archiving, 2, 'the first is being worked on');
  await clock.advance(100);
  assert.deepEqual(statuses(b), [3, 1, 1]);
  await clock.advance(499);
  assert.deepEqual(statuses(b), [3, 3, 1]);
  await clock.advance(1);
  await b.backend.archived();
  assert.deepEqual(statuses(b), [3, 3, 3]);
});

test('§7.1 W14: a full queue holds the mutex, so that starts, stops and the commit wait; the row is changed already', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock, archive: { delayMs: 1000, capacity: 1 } });
  await started(b, 5);
  await stop(b, 1);
  await stop(b, 2);
  const blocked = stop(b, 3);
  await until(() => b.backend.archiving === 2);
  const answered: string[] = [];
  const later = [
    b.ask('POST', '/api/jobs/start_job/', start({ jobId: 9 })).then(({ status }) => answered.push(`start ${status}`)),
    b.backend.sync().then(() => answered.push('sync')),
  ];
  assert.equal((await b.ask('GET', '/api/jobs/?state=completed')).status, 200, 'reading needs no mutex');
  assert.equal(b.backend.job('labcluster', 3, now - 1000)?.job_state, 'completed');
  assert.deepEqual([answered, b.backend.rows('job_cache').length], [[], 2]);
  await clock.advance(1000);
  assert.equal((await blocked).status, 200);
  await Promise.all(later);
  assert.deepEqual(answered.sort(), ['start 201', 'sync']);
  await clock.advance(3000);
});

test('§1 W14: who waits longer than the write time-out finds the connection closed and the work done', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock, archive: { delayMs: 20_000, capacity: 0 } });
  await started(b, 2);
  await stop(b, 1);
  const lost = assert.rejects(stop(b, 2), { code: 'http.dropped' });
  await until(() => b.backend.archiving === 1);
  await clock.advance(20_000);
  await lost;
  assert.equal(b.backend.job('labcluster', 2, now - 1000)?.job_state, 'completed');
  assert.match(await b.said('POST', '/api/jobs/stop_job/', { jobId: 2, stopTime: now }), /^422 .*already been stopped/);
});

test('§7.1 what waits when the server ends is never archived', async () => {
  const clock = manualClock(now * 1000);
  const b = await bench({ clock, archive: { delayMs: 1000 } });
  await started(b, 1);
  await stop(b, 1);
  assert.deepEqual(statuses(b), [1]);
  await b[Symbol.asyncDispose]();
});

test('§4.4 W9: one entry of the archive that cannot be read fails the whole page; statistics are read per job', async () => {
  await using b = await bench();
  await started(b, 2);
  for (const jobId of [1, 2]) await stop(b, jobId);
  const { jobs } = (await b.ask('GET', '/api/jobs/')).json as { jobs: { statistics: unknown }[] };
  assert.deepEqual(
    jobs.map(({ statistics }) => statistics),
    [{}, {}],
  );
  b.backend.loseArchived(`labcluster/0/001/${now - 1000}`);
  assert.match(await b.said('GET', '/api/jobs/'), /^500 open .*no such file or directory/);
  assert.equal((await b.ask('GET', '/api/jobs/?state=running')).status, 200);
});

test('W12: a null among the resources ends the process when it is archived, a null among the tags panics after the insert', async () => {
  await using b = await bench({ observe: () => {} });
  const resources = [null];
  assert.equal((await b.ask('POST', '/api/jobs/start_job/', start({ resources }))).status, 500, 'the first host is asked for');
  assert.equal((await b.ask('POST', '/api/jobs/start_job/', start({ resources, subCluster: 'cpu' }))).status, 201);
  assert.equal((await b.ask('POST', '/api/jobs/start_job/', start({ jobId: 2, tags: [null] }))).status, 500);
  assert.equal(b.backend.rows('job').length, 1);
  await assert.rejects(stop(b, 1));
  assert.ok(b.backend.crashed);
  await assert.rejects(b.ask('GET', '/api/jobs/'), { code: 'http.unreachable' });
});
