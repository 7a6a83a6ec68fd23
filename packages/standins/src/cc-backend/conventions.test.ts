import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@sluice/io';
import { generateKeys, labCluster, mintToken, startCcBackend } from '../index.ts';
import { type Bench, bench, now, start } from '../testing/backend.ts';

const startPath = '/api/jobs/start_job/';
const stopPath = '/api/jobs/stop_job/';
const begin = (b: Bench, changes: Record<string, unknown> = {}) => b.said('POST', startPath, start(changes));
const end = (b: Bench, changes: Record<string, unknown> = {}) =>
  b.said('POST', stopPath, { jobId: 1, cluster: 'labcluster', stopTime: now, ...changes });

/** The job as it is listed once it is committed. */
async function listed(b: Bench, query = ''): Promise<Record<string, unknown>> {
  await b.backend.sync();
  const { jobs } = (await b.ask('GET', `/api/jobs/${query}`)).json as { jobs: Record<string, unknown>[] };
  return jobs[0] ?? {};
}

test('§2.1 keys are 32 and 64 bytes, a token says who, in which roles and since when, and only its own server takes it', async () => {
  const { publicKey, privateKey } = generateKeys();
  const [point, secret] = [publicKey, privateKey].map((key) => Buffer.from(key, 'base64'));
  assert.deepEqual([point?.length, secret?.length, secret?.subarray(32).equals(point as Buffer)], [32, 64, true]);
  const token = mintToken({ publicKey, privateKey }, { name: 'slurm', roles: ['api'] }, now, { exp: now + 60 });
  const [head, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  assert.equal(head, '{"alg":"EdDSA","typ":"JWT"}');
  assert.deepEqual(JSON.parse(claims ?? ''), { sub: 'slurm', roles: ['api'], iat: now, exp: now + 60 });
  await using own = await bench({ publicKey });
  await using foreign = await bench();
  const asked = (b: Bench) => b.ask('GET', '/api/clusters/', undefined, { 'x-auth-token': token });
  assert.deepEqual([(await asked(own)).status, (await asked(foreign)).status], [200, 401]);
});

test('§5.3 walltime is in seconds, the totals are taken as they are sent, smt is 0 or 1', async () => {
  await using b = await bench();
  const resources = [{ hostname: 'node01', accelerators: ['00000000:49:00.0'] }];
  const fields = { walltime: 86_400, arrayJobId: 77, numHwthreads: 99, numAcc: 3, smt: 1 };
  assert.equal(await begin(b, { ...fields, resources }), '201 success');
  const job = await listed(b);
  assert.deepEqual({ ...job, ...fields }, job);
  assert.equal(await begin(b, { jobId: 2, smt: 2 }), '500 insert into database failed: CHECK constraint failed: smt IN (0, 1)');
});

test('§5.4 of the resources only the first host is looked at; threads and accelerators that do not exist are kept', async () => {
  await using b = await bench();
  const resources = [
    { hostname: 'node01', hwthreads: [4096], accelerators: ['no such thing'] },
    { hostname: 'NODE02.example.org', hwthreads: [] },
  ];
  assert.equal(await begin(b, { numNodes: 2, resources }), '201 success');
  assert.deepEqual((await listed(b))['resources'], [resources[0], { hostname: 'NODE02.example.org' }]);
});

test('§5.5 metadata holds any key and any text, and nothing but texts', async () => {
  await using b = await bench();
  const metaData = { jobName: 'interactive', jobScript: '#!/bin/sh\necho "ä"\t\\\n', slurmInfo: '<a>', message: '', whatever: '1' };
  assert.equal(await begin(b, { metaData }), '201 success');
  assert.deepEqual((await listed(b, '?with-metadata=true'))['metaData'], metaData);
  assert.match(await begin(b, { jobId: 2, metaData: { submitTime: now } }), /^400 .*cannot unmarshal number/);
});

test('§5.6 a run is cluster, job id and start: the same id runs on two clusters and again a day later', async () => {
  const lab = labCluster();
  await using b = await bench({ clusters: [lab, { ...lab, name: 'other' }] });
  const runs = [
    ['labcluster', now - 86_400],
    ['other', now - 86_400],
    ['labcluster', now],
  ] as const;
  for (const [cluster, startTime] of runs) {
    assert.equal(await begin(b, { cluster, startTime }), '201 success');
    await b.backend.sync();
  }
  assert.equal(await end(b, { cluster: 'labcluster', startTime: now - 86_400 }), '200');
  assert.deepEqual(
    runs.map(([cluster, startTime]) => b.backend.job(cluster, 1, startTime)?.job_state),
    ['completed', 'running', 'running'],
  );
});

test('§7.2 a job of no time at all is started, stopped and archived like any other', async () => {
  await using b = await bench();
  assert.equal(await begin(b), '201 success');
  assert.equal(await end(b, { stopTime: now - 1000 }), '200');
  await b.backend.archived();
  const row = b.backend.job('labcluster', 1, now - 1000);
  assert.deepEqual([row?.duration, row?.job_state, row?.monitoring_status], [0, 'completed', 3]);
});

test('§7.4 starts and stops of many at once are taken one after the other: each once, none lost', async () => {
  await using b = await bench();
  const ids = Array.from({ length: 20 }, (_, index) => index + 1);
  const starts = await Promise.all([...ids, ...ids].map((jobId) => begin(b, { jobId })));
  assert.equal(starts.filter((said) => said === '201 success').length, ids.length);
  assert.equal(starts.filter((said) => said.startsWith('500 ') && said.includes('UNIQUE')).length, ids.length);
  const stops = await Promise.all([...ids, ...ids].map((jobId) => end(b, { jobId })));
  assert.equal(stops.filter((said) => said === '200').length, ids.length);
  assert.equal(stops.filter((said) => said.startsWith('422 ')).length, ids.length);
  assert.deepEqual(new Set(b.backend.rows('job').map(({ job_state }) => job_state)), new Set(['completed']));
});

test('§8 the least that an instance needs is a cluster, a key and the time', async () => {
  const keys = generateKeys();
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock: systemClock() });
  try {
    assert.match(backend.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual([backend.rows('job'), backend.rows('job_cache')], [[], []]);
  } finally {
    await backend.stop();
  }
});

test('§9.3 several runs of one id in one commit interval: all starts in their order, then the stops with their starts', async () => {
  await using b = await bench();
  const times = [now - 3000, now - 2000, now - 1000];
  for (const startTime of times) assert.equal(await begin(b, { startTime }), '201 success');
  for (const startTime of times) assert.equal(await end(b, { startTime, stopTime: startTime + 10 }), '200');
  assert.deepEqual(
    b.backend.rows('job').map(({ start_time, duration, job_state }) => [start_time, duration, job_state]),
    times.map((time) => [time, 10, 'completed']),
  );
});
