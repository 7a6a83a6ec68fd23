import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import { type Answered, at, envelope, errorOf, first, job, release, type Script, scripted, standIn, stopOf } from './client-bed.ts';

const started = at('POST', '/api/jobs/start_job/', () => ({ status: 201, body: { msg: 'success' } }));
const bodies = (asked: readonly { readonly method: string; readonly path: string; readonly body: string }[], path: string) =>
  asked.filter(({ method, path: at }) => method === 'POST' && at === path).map(({ body }) => JSON.parse(body) as Record<string, unknown>);

test('§4.15 §10 what a server is, by its footer and by what it can do', async () => {
  const none: Script = at('GET', '/login', () => ({ status: 404, body: 'no page' }));
  const users = (status: number) => at('GET', '/userapi/jobs/', () => ({ status, body: '' }));
  const old = { starts: 'rest', nodeStates: false, jobCache: false };
  const table: readonly (readonly [string, Script, object])[] = [
    ['1.5.4', release('1.5.4'), { version: '1.5', text: '1.5.4', starts: 'rest', nodeStates: true, jobCache: true }],
    ['1.5 without a page', first(none, release('1.5.4')), { version: '1.5', text: null, starts: 'rest', nodeStates: true, jobCache: true }],
    ['§6.1 NATS mode', release('1.5.4', true), { version: '1.5', text: '1.5.4', starts: 'nats', nodeStates: true, jobCache: true }],
    [
      "a proxy's 404 is no NATS mode",
      first(
        at('GET', '/api/jobs/start_job/', () => ({ status: 404, body: '<html>default backend - 404</html>' })),
        release('1.5.4'),
      ),
      { version: '1.5', text: '1.5.4', starts: 'rest', nodeStates: true, jobCache: true },
    ],
    ['1.4.4', release('1.4.4'), { version: '1.4', text: '1.4.4', ...old }],
    ['1.4 without a page', first(none, users(401), release('1.4.4')), { version: '1.4', text: null, ...old }],
    ['1.3.1', release('1.3.1'), { version: '1.3', text: '1.3.1', ...old }],
    ['1.3 without a page', first(none, users(404), release('1.3.1')), { version: '1.3', text: null, ...old }],
  ];
  for (const [name, script, expected] of table) {
    await using line = await scripted(script);
    assert.deepEqual(await line.client.profile(), expected, name);
  }
});

test('§4.15 §10 the stand-in of each release is found out and takes start and stop', async () => {
  for (const version of ['1.3.1', '1.4.0', '1.4.1', '1.4.2', '1.4.3', '1.4.4', '1.5.0', '1.5.4'] as const) {
    await using line = await standIn({ version, allowedIps: ['*'] });
    const profile = await line.client.profile();
    assert.deepEqual([profile.version, profile.text], [version.slice(0, 3), version]);
    const tags = [{ type: 'source', name: 'sluice', scope: 'global' }];
    for (const [jobId, more] of [
      [1, {}],
      [2, { tags, smt: 2 }],
    ] as const) {
      const run = { ...job, jobId, ...more };
      assert.deepEqual(await line.client.start(run), { kind: 'written' }, version);
      assert.equal((await line.client.start(run)).kind, 'there', version);
      const stop = stopOf(run, { jobState: 'node_fail', stopTime: run.startTime });
      assert.deepEqual(await line.client.stop(stop), { kind: 'written' }, version);
      const state = profile.version === '1.5' ? 'node_fail' : 'failed';
      assert.deepEqual(await line.client.stop(stop), { kind: 'there', state }, version);
      assert.deepEqual(await line.client.stop(stopOf({ ...run, jobId: 99 })), { kind: 'missing' }, version);
    }
  }
});

test('§6.1 the stand-in in NATS mode is found out', async () => {
  await using nats = await standIn({ natsMode: true });
  assert.equal((await nats.client.profile()).starts, 'nats');
  assert.match((await errorOf(nats.client.start(job))).hint ?? '', /main\.api-subjects/);
});

test('the probe changes nothing and is done once, whoever asks at the same time', async () => {
  await using line = await scripted(first(release('1.5.4'), started));
  await Promise.all([line.client.start(job), line.client.start(job), line.client.profile()]);
  const probes = line.asked.filter(({ method }) => method === 'GET').map(({ path }) => path);
  assert.deepEqual(probes, ['/api/jobs/used_nodes?ts=1', '/login', '/api/jobs/start_job/']);
});

test('§10 a server of 1.3 or 1.4 gets what it understands', async () => {
  for (const version of ['1.3.1', '1.4.1'] as const) {
    const stopped = at('POST', '/api/jobs/stop_job/', () => ({ status: 200, body: {} }));
    await using line = await scripted(first(release(version), started, stopped));
    await line.client.start({ ...job, shared: 'single_user' });
    const { shared: _, submitTime: __, ...rest } = job;
    assert.deepEqual(bodies(line.asked, '/api/jobs/start_job/'), [{ ...rest, exclusive: 2 }]);
    await line.client.stop(stopOf(job, { jobState: 'node_fail', stopTime: job.startTime }));
    assert.deepEqual(bodies(line.asked, '/api/jobs/stop_job/'), [stopOf(job, { jobState: 'failed', stopTime: job.startTime + 1 })]);
  }
});

test('§5.2 a server that was replaced by another release is found out by the field that it does not know', async () => {
  let version: '1.4.4' | '1.5.4' = '1.4.4';
  const strict = at('POST', '/api/jobs/start_job/', ({ body }): Answered => {
    const unknown = version === '1.4.4' ? 'shared' : 'exclusive';
    if (unknown in (JSON.parse(body) as object)) return envelope(400, `parsing request body failed: json: unknown field "${unknown}"`);
    return { status: 201, body: {} };
  });
  await using line = await scripted(first((asked) => release(version)(asked), strict));
  assert.deepEqual(await line.client.start(job), { kind: 'written' });
  version = '1.5.4';
  assert.deepEqual(await line.client.start(job), { kind: 'written' });
  assert.equal((await line.client.profile()).version, '1.5');
  version = '1.4.4';
  assert.deepEqual(await line.client.start(job), { kind: 'written' });
});

test('§1.1 a field that this very release does not know is a refusal, and sent once', async () => {
  const refusal = envelope(400, 'parsing request body failed: json: unknown field "tags"');
  await using line = await scripted(
    first(
      release('1.5.4'),
      at('POST', '/api/jobs/start_job/', () => refusal),
    ),
  );
  assert.equal((await line.client.start(job)).kind, 'refused');
  assert.equal(bodies(line.asked, '/api/jobs/start_job/').length, 1);
});

test('§6.1 W17 a server that has gone over to NATS is said to have', async () => {
  let nats = false;
  await using line = await scripted(
    first(
      (asked) => release('1.5.4', nats)(asked),
      (asked) => (nats ? undefined : started(asked)),
    ),
  );
  await line.client.start(job);
  nats = true;
  const error = await errorOf(line.client.start(job));
  assert.ok(isCode(error, 'cc.no-route'));
  assert.match(error.hint ?? '', /main\.api-subjects.*natsServer/);
  assert.equal((await line.client.profile()).starts, 'nats');
});

test('after a server could not be reached it is asked again what it is', async () => {
  let version: '1.4.4' | '1.5.4' = '1.4.4';
  await using line = await scripted(first((asked) => release(version)(asked), started));
  assert.equal((await line.client.profile()).version, '1.4');
  version = '1.5.4';
  assert.equal((await line.client.profile()).version, '1.4');
  const up = await line.down();
  // The first may still find a connection that is just being closed.
  for (let tries = 0; tries < 3 && !isCode(await errorOf(line.client.clusters()), 'http.unreachable'); tries++);
  assert.ok(isCode(await errorOf(line.client.start(job)), 'http.unreachable'));
  await up();
  assert.equal((await line.client.profile()).version, '1.5');
});

test('a probe that fails is done again by the next who asks', async () => {
  let down = true;
  const failing: Script = () => (down ? { status: 503, body: 'starting' } : undefined);
  await using line = await scripted(first(failing, release('1.5.4'), started));
  assert.ok(isCode(await errorOf(line.client.start(job)), 'cc.failed'));
  down = false;
  assert.deepEqual(await line.client.start(job), { kind: 'written' });
});
