import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { manualClock } from '@sluice/io';
import { type Fault, mintToken } from '../index.ts';
import { bench, keys, now, start } from '../testing/backend.ts';

const startPath = '/api/jobs/start_job/';
const stopPath = '/api/jobs/stop_job/';

test('§12.8 a fault is chosen by the request and the job in its body; what it does to the work', async () => {
  const faults: Record<number, Fault> = {
    1: { kind: 'refuse', status: 500, error: 'insert into database failed: database is locked' },
    2: { kind: 'panic' },
    3: { kind: 'body', status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway</html>' },
    4: { kind: 'body', status: 200, body: '', work: true },
    5: { kind: 'drop', when: 'before' },
    6: { kind: 'drop', when: 'after' },
  };
  await using b = await bench({ fault: ({ jobId, path }) => (path === startPath ? faults[jobId ?? 0] : undefined) });
  const ask = (jobId: number) =>
    b.ask('POST', startPath, start({ jobId })).then(
      ({ status, text }) => `${status} ${text.trim()}`,
      ({ code }) => code,
    );
  const done = (jobId: number) => b.backend.job('labcluster', jobId, now - 1000) !== undefined;
  const expected: [answer: string, done: boolean][] = [
    ['500 {"status":"Internal Server Error","error":"insert into database failed: database is locked"}', false],
    ['500 ', false],
    ['502 <html>Bad Gateway</html>', false],
    ['200 ', true],
    ['http.dropped', false],
    ['http.dropped', true],
    ['201 {"msg":"success"}', true],
  ];
  for (const [index, [answer, work]] of expected.entries()) {
    assert.equal(await ask(index + 1), answer);
    assert.equal(done(index + 1), work, `job ${index + 1}`);
  }
});

test('§12.8 slow: the work is done at once, the answer comes when it is time', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock, fault: () => ({ kind: 'slow', ms: 5000 }) });
  let answered = false;
  const answer = b.ask('POST', startPath, start()).finally(() => {
    answered = true;
  });
  await clock.untilSleeping();
  assert.equal(b.backend.rows('job_cache').length, 1);
  await clock.advance(4999);
  assert.equal(answered, false);
  await clock.advance(1);
  assert.equal((await answer).status, 201);
});

test('§12.8 stall: no answer ever, though the work is done', async () => {
  const told: string[] = [];
  await using b = await bench({ fault: () => ({ kind: 'stall' }), observe: ({ status }) => told.push(String(status)) });
  await assert.rejects(b.ask('POST', startPath, start(), undefined, 200), { code: 'http.timeout' });
  assert.deepEqual([told, b.backend.rows('job_cache').length], [['201'], 1]);
});

test('W1: the commit between lookup and transfer: the answer is 200, another row is stopped, the job runs on', async () => {
  for (const how of ['fault', 'raceNextStop'] as const) {
    await using b = await bench(how === 'fault' ? { fault: ({ path }) => (path === stopPath ? { kind: 'w1' } : undefined) } : {});
    for (const jobId of [7, 8]) await b.ask('POST', startPath, start({ jobId }));
    if (how === 'raceNextStop') b.backend.raceNextStop();
    const answer = await b.ask('POST', stopPath, {
      jobId: 8,
      cluster: 'labcluster',
      startTime: now - 1000,
      stopTime: now,
      jobState: 'failed',
    });
    assert.deepEqual([answer.status, answer.json['jobId'], answer.json['jobState']], [200, 8, 'failed']);
    assert.deepEqual(
      b.backend.rows('job').map(({ job_id, job_state }) => [job_id, job_state]),
      [
        [7, 'failed'],
        [8, 'running'],
      ],
    );
    assert.match(await b.said('POST', stopPath, { jobId: 7, stopTime: now }), /^422 .*already been stopped/);
  }
});

test('W1: alone in the table, the job stays running and nothing else is touched; a job that is committed meets no race', async () => {
  await using b = await bench({ fault: () => ({ kind: 'w1' }) });
  await b.ask('POST', startPath, start());
  assert.equal((await b.ask('POST', stopPath, { jobId: 1, stopTime: now })).status, 200);
  assert.equal(b.backend.job('labcluster', 1, now - 1000)?.job_state, 'running');
  assert.equal((await b.ask('POST', stopPath, { jobId: 1, stopTime: now })).status, 200);
  assert.equal(b.backend.job('labcluster', 1, now - 1000)?.job_state, 'completed');
});

test('§7.5 §12.8 a restart keeps both tables, the archive and the users, and not what waited for the archiver', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-standin-'));
  try {
    const database = join(dir, 'job.db');
    const users = [{ username: 'slurm', name: '', email: '', roles: ['api'], projects: [] }];
    const first = await bench({ database, users, archive: { outcome: ({ job_id }) => (job_id === 1 ? 'archived' : 'unfinished') } });
    for (const jobId of [1, 2, 3]) await first.ask('POST', startPath, start({ jobId }));
    for (const jobId of [1, 2]) await first.ask('POST', stopPath, { jobId, stopTime: now });
    await first[Symbol.asyncDispose]();
    await using again = await bench({ database });
    assert.deepEqual(
      again.backend.rows('job').map(({ job_id, monitoring_status }) => [job_id, monitoring_status]),
      [
        [1, 3],
        [2, 1],
      ],
    );
    assert.deepEqual([again.backend.rows('job_cache').length, again.backend.archive().length, again.backend.users()], [1, 1, users]);
    await again.backend.sync();
    assert.equal((await again.ask('GET', '/api/jobs/3')).status, 200);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('§2 §12.8 a token ends with the clock', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock });
  const headers = { 'x-auth-token': mintToken(keys, { name: 'u', roles: ['api'] }, now, { exp: now + 60 }) };
  const status = async () => (await b.ask('GET', '/api/jobs/', undefined, headers)).status;
  assert.equal(await status(), 200);
  await clock.advance(59_999);
  assert.equal(await status(), 200);
  await clock.advance(1);
  assert.equal(await status(), 401);
});

test('§7.5 §3.2 the timer commits one interval after the start, and then every interval', async () => {
  const clock = manualClock(now * 1000);
  await using b = await bench({ clock, commitIntervalMs: 60_000 });
  await b.ask('POST', startPath, start());
  await clock.advance(59_999);
  assert.equal(b.backend.rows('job_cache').length, 1);
  await clock.advance(1);
  assert.equal(b.backend.rows('job').length, 1);
  await b.ask('POST', startPath, start({ jobId: 2 }));
  await clock.advance(60_000);
  assert.equal(b.backend.rows('job').length, 2);
});
