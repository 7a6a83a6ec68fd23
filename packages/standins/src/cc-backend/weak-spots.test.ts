import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bench, bench, now, start } from '../testing/backend.ts';

const startPath = '/api/jobs/start_job/';
const stopPath = '/api/jobs/stop_job/';

const begin = (b: Bench, changes: Record<string, unknown> = {}) => b.said('POST', startPath, start(changes));
const end = (b: Bench, changes: Record<string, unknown> = {}) =>
  b.said('POST', stopPath, { jobId: 1, cluster: 'labcluster', stopTime: now, ...changes });
const states = (b: Bench) => b.backend.rows('job').map(({ start_time, job_state }) => [start_time - now, job_state]);

test('W2: a requeue within a day is refused once the first run is committed, and only the order start, start, stop, stop works', async () => {
  await using refused = await bench();
  assert.equal(await begin(refused), '201 success');
  assert.equal(await end(refused, { stopTime: now - 500 }), '200');
  assert.match(await begin(refused, { startTime: now - 400 }), /^422 a job with that jobId/);

  await using taken = await bench();
  for (const startTime of [now - 1000, now - 400]) assert.equal(await begin(taken, { startTime }), '201 success');
  for (const startTime of [now - 1000, now - 400]) assert.equal(await end(taken, { startTime, stopTime: startTime + 100 }), '200');
  assert.deepEqual(states(taken), [
    [-1000, 'completed'],
    [-400, 'completed'],
  ]);
});

test('W4: the 422 of a start says nothing of the start that is there', async () => {
  await using b = await bench();
  await begin(b);
  await b.backend.sync();
  const same = await begin(b);
  assert.equal(await begin(b, { startTime: now - 500 }), same);
  assert.equal(same, '422 a job with that jobId, cluster and startTime already exists: dbid: 1, jobid: 1');
  const { jobs } = (await b.ask('GET', `/api/jobs/?start-time=${now - 1000}-${now - 1000}&cluster=labcluster`)).json as { jobs: object[] };
  assert.equal(jobs.length, 1);
});

test('W5: one tag: seen at once, duplicates are 422, no check of smt', async () => {
  await using b = await bench();
  const tags = [{ type: 'source', name: 'adapter', scope: 'global' }];
  assert.equal(await begin(b, { tags, smt: 2 }), '201 success');
  assert.match(await begin(b, { tags }), /^422 /);
  assert.equal((await b.ask('GET', '/api/jobs/1')).status, 200);
});

test('§4.1.6 W5: a tag that cannot be added is 500, the job stays, later tags are left out', async () => {
  await using b = await bench();
  const tags = ['a', 'a', 'b'].map((name) => ({ type: 't', name }));
  assert.equal(await begin(b, { tags }), '500 adding tag to new job 1 failed: UNIQUE constraint failed: jobtag.job_id, jobtag.tag_id');
  assert.deepEqual(
    b.backend.tags(1).map(({ tag_name }) => tag_name),
    ['a'],
  );
  assert.match(await begin(b, { jobId: 2, tags: [{ type: 't', name: 'x', scope: 'other' }] }), /^500 .*cannot write tag scope/);
  assert.equal(b.backend.rows('job').length, 2);
});

test('W7: submitTime and requestedMemory are taken and lost; §3.1: id, statistics and concurrentJobs are ignored', async () => {
  await using b = await bench();
  const statistics = { cpu_load: { unit: { base: '' }, avg: 1, min: 0, max: 2 } };
  const ignored = { id: 77, statistics, concurrentJobs: { items: [{ id: 1, jobId: 2 }], count: 1 }, energyFootprint: { a: 1 } };
  assert.equal(await begin(b, { submitTime: 5, requestedMemory: 7, energy: 1.5, footprint: { cpu_load: 2 }, ...ignored }), '201 success');
  await b.backend.sync();
  const { Meta } = (await b.ask('GET', '/api/jobs/1')).json as { Meta: Record<string, unknown> };
  assert.deepEqual(
    [Meta['submitTime'], Meta['requestedMemory'], Meta['energy'], Meta['footprint'], Meta['energyFootprint'], Meta['statistics']],
    [undefined, undefined, 1.5, { cpu_load: 2 }, null, null],
  );
  assert.deepEqual([Meta['concurrentJobs'], Meta['id']], [{ items: null, count: 0 }, 1]);
});

test('W8: after the start nothing is changed but by deleting; delete, start and stop repair', async () => {
  await using b = await bench();
  await begin(b, { walltime: 60 });
  await b.backend.sync();
  assert.match(await begin(b, { walltime: 120 }), /^422/);
  assert.equal(await b.said('DELETE', '/api/jobs/delete_job/', { jobId: 1 }), '200 Successfully deleted job 1');
  assert.equal(await begin(b, { walltime: 120 }), '201 success');
  assert.equal(b.backend.job('labcluster', 1, now - 1000)?.walltime, 120);
});

test('W9 §4.4: with-metadata=false turns it on; no filter by job, user or node; ties keep no order but all come', async () => {
  await using b = await bench();
  for (let jobId = 1; jobId <= 30; jobId++) await begin(b, { jobId, metaData: { k: 'v' } });
  await b.backend.sync();
  for (const key of ['jobId', 'user', 'node', 'subCluster']) {
    assert.equal(await b.said('GET', `/api/jobs/?${key}=1`), `400 invalid query parameter: ${key}`);
  }
  const page = async (query: string) =>
    (await b.ask('GET', `/api/jobs/?${query}`)).json as { jobs: { metaData: unknown }[]; items: number };
  assert.equal((await page('')).jobs.length, 25);
  assert.deepEqual((await page('page=2')).jobs.length, 5);
  assert.deepEqual((await page('items-per-page=9999999')).jobs.length, 30);
  assert.deepEqual([(await page('with-metadata=false')).jobs[0]?.metaData, (await page('')).jobs[0]?.metaData], [{ k: 'v' }, null]);
});

test('W11: a stop takes states that are no end, a start takes 0 and the future', async () => {
  await using b = await bench();
  for (const [index, jobState] of ['running', 'pending', 'suspended'].entries()) {
    await begin(b, { jobId: index + 1 });
    assert.equal(await end(b, { jobId: index + 1, jobState }), '200');
  }
  assert.deepEqual(
    b.backend.rows('job').map(({ job_state }) => job_state),
    ['running', 'pending', 'suspended'],
  );
  assert.equal(await begin(b, { jobId: 0, startTime: 0 }), '201 success');
  assert.equal(await begin(b, { jobId: -5, startTime: now + 1_000_000 }), '201 success');
});

test('W17: two kinds of 404, told apart by the body', async () => {
  await using rest = await bench();
  const job = await rest.ask('POST', stopPath, { jobId: 1, stopTime: now });
  assert.deepEqual(
    [job.status, job.json['status'], job.json['error']],
    [404, 'Not Found', 'finding job failed: sql: no rows in result set'],
  );
  await using nats = await bench({ natsMode: true });
  const route = await nats.ask('POST', stopPath, { jobId: 1, stopTime: now });
  assert.deepEqual([route.status, route.json['status']], [404, 'Resource not found']);
});

test('§4.1 the least that starts; what is never checked', async () => {
  await using b = await bench();
  const least = {
    jobId: 1,
    cluster: 'labcluster',
    user: 'u',
    numNodes: 1,
    resources: [{ hostname: 'node01' }],
    startTime: 1_700_000_000,
    metaData: {},
  };
  assert.equal(await b.said('PUT', startPath, least), '201 success');
  const anything = {
    partition: 'no such',
    project: '',
    walltime: -1,
    numNodes: 2,
    resources: [{ hostname: 'node01', hwthreads: [999], accelerators: ['none'] }, { hostname: 'no such host' }],
    jobState: 'nonsense',
  };
  assert.equal(await begin(b, { jobId: 2, ...anything }), '201 success');
  assert.equal(b.backend.job('labcluster', 2, now - 1000)?.job_state, 'running');
});

test('§4.1.5 one id in the cache with two starts: both are kept; §4.2.6: a transfer onto a row that is there is 500', async () => {
  await using b = await bench();
  for (const startTime of [now - 1000, now - 999]) assert.equal(await begin(b, { startTime }), '201 success');
  assert.equal(b.backend.rows('job_cache').length, 2);
  await b.backend.sync();
  await b.ask('DELETE', '/api/jobs/delete_job/1');
  await b.ask('DELETE', '/api/jobs/delete_job/2');
  assert.equal(await begin(b), '201 success');
  await begin(b, { tags: [{ type: 'a', name: 'b' }] });
  assert.match(await end(b), /^500 jobId 1 \(id 1\) on labcluster : transferring cached job failed: UNIQUE constraint failed: job\.job_id/);
});

test('§11 TestRestApi: StartJob, StopJob, CheckArchive, CheckDoubleStart, StartJobFailed, StopJobFailed, GetUsedNodesNoRunning', async () => {
  await using b = await bench();
  const job = {
    jobId: 123,
    user: 'testuser',
    project: 'testproj',
    cluster: 'labcluster',
    partition: 'default',
    walltime: 3600,
    arrayJobId: 0,
    numNodes: 1,
    numHwthreads: 8,
    numAcc: 0,
    shared: 'none',
    monitoringStatus: 1,
    smt: 1,
    resources: [{ hostname: 'node01', hwthreads: [0, 1, 2, 3, 4, 5, 6, 7] }],
    metaData: { jobScript: 'blablabla...' },
    startTime: 123_456_789,
  };
  assert.equal(await b.said('POST', startPath, job), '201 success');
  await b.backend.sync();
  const { Meta } = (await b.ask('GET', '/api/jobs/1')).json as { Meta: Record<string, unknown> };
  const { arrayJobId, numAcc, ...shown } = job;
  assert.deepEqual([arrayJobId, numAcc], [0, 0], 'what is 0 is left out of the answer');
  assert.deepEqual({ ...Meta, ...shown }, Meta);
  assert.equal(Meta['subCluster'], 'cpu');
  const key = { jobId: 123, cluster: 'labcluster', startTime: 123_456_789 };
  assert.equal(await b.said('POST', stopPath, { ...key, jobState: 'completed', stopTime: 123_457_789 }), '200');
  const stopped = b.backend.job('labcluster', 123, 123_456_789);
  assert.deepEqual([stopped?.job_state, stopped?.duration, stopped?.meta_data], ['completed', 1000, JSON.stringify(job.metaData)]);
  await b.backend.archived();
  assert.deepEqual(
    b.backend.archive().map(({ path, meta }) => [path, meta['duration']]),
    [['labcluster/0/123/123456789', 1000]],
  );
  assert.match(await b.said('POST', startPath, { ...job, startTime: 123_456_790 }), /^422 /);
  const little = {
    jobId: 12345,
    user: 'testuser',
    project: 'testproj',
    cluster: 'labcluster',
    partition: 'default',
    walltime: 3600,
    numNodes: 1,
  };
  assert.equal(
    await b.said('POST', startPath, {
      ...little,
      shared: 'none',
      monitoringStatus: 1,
      smt: 1,
      resources: [{ hostname: 'node01' }],
      startTime: 12_345_678,
    }),
    '201 success',
  );
  await b.backend.sync();
  assert.equal(await b.said('POST', stopPath, { jobId: 12345, cluster: 'labcluster', jobState: 'failed', stopTime: 12_355_678 }), '200');
  assert.equal(b.backend.job('labcluster', 12345, 12_345_678)?.job_state, 'failed');
  assert.deepEqual((await b.ask('GET', '/api/jobs/used_nodes?ts=123456790')).json, { usedNodes: {} });
});

test('§11 jobCreate_test: transfer gives a new id and keeps the data, the commit moves all and empties the cache', async () => {
  await using b = await bench();
  await begin(b, { jobId: 9, tags: [{ type: 'a', name: 'b' }] });
  for (const jobId of [1, 2, 3])
    await begin(b, { jobId, metaData: jobId === 2 ? null : { jobName: 'x' }, footprint: jobId === 3 ? {} : { cpu_load: 1 } });
  const cached = b.backend.job('labcluster', 2, now - 1000);
  assert.equal(await end(b, { jobId: 2, jobState: 'timeout' }), '200');
  const moved = b.backend.job('labcluster', 2, now - 1000);
  assert.deepEqual([cached?.table, cached?.id, moved?.table, moved?.id], ['job_cache', 2, 'job', 2]);
  assert.deepEqual({ ...cached, job_state: 'timeout', duration: 1000, monitoring_status: 3, table: 'job' }, { ...moved });
  await b.backend.sync();
  await b.backend.sync();
  assert.equal(b.backend.rows('job_cache').length, 0);
  assert.deepEqual(
    b.backend.rows('job').map(({ job_id, id, meta_data, footprint }) => [job_id, id, meta_data, footprint]),
    [
      [1, 3, '{"jobName":"x"}', '{"cpu_load":1}'],
      [2, 2, null, '{"cpu_load":1}'],
      [3, 4, '{"jobName":"x"}', '{}'],
      [9, 1, '{}', '{}'],
    ],
  );
  await begin(b, { jobId: 4 });
  assert.equal(b.backend.rows('job_cache')[0]?.id, 1, 'ids of the cache begin again after a commit');
});
