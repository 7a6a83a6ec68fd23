import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { httpClient, isCode, manualClock, systemClock } from '@sluice/io';
import { createHealth } from './health.ts';
import { parseListen, serveOperations } from './http-server.ts';
import { createMetrics } from './metrics.ts';

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

async function ask(address: string, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Answer> {
  const target = parseListen(address);
  const client =
    target.kind === 'unix'
      ? httpClient({ baseUrl: 'http://localhost', socketPath: target.path, env: {} })
      : httpClient({ baseUrl: `http://${target.host}:${target.port}`, env: {} });
  try {
    const { status, headers, body } = await client.request({ method, path, name: 'test' });
    return { status, type: headers['content-type'], body: body.toString() };
  } finally {
    await client.close();
  }
}

function socketPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-ops-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'ops.sock');
}

test('health and metrics are served, 503 with the failed check by name', async (t) => {
  const health = createHealth(systemClock());
  health.add('loop', () => undefined, { kind: 'live' });
  health.add('slurmctld', () => 'answers');
  const metrics = createMetrics({ prefix: 'sluice_test_' });
  metrics.counter({ name: 'jobs_total', help: 'Jobs.' }).inc();
  const server = await serveOperations({ listen: '127.0.0.1:0', health, metrics });
  t.after(() => server.close());
  const well = await ask(server.address, '/readyz');
  assert.equal(well.status, 200);
  assert.deepEqual(JSON.parse(well.body), { status: 'ok', checks: { loop: { ok: true }, slurmctld: { ok: true, detail: 'answers' } } });
  health.add('cc-backend', () => {
    throw new Error('refused: http://user:hunter2@host/');
  });
  const ill = await ask(server.address, '/readyz?verbose');
  assert.equal(ill.status, 503);
  assert.deepEqual(JSON.parse(ill.body).checks['cc-backend'], { ok: false, detail: 'refused: http://user:[redacted]@host/' });
  assert.deepEqual(JSON.parse((await ask(server.address, '/healthz')).body), { status: 'ok', checks: { loop: { ok: true } } });
  const exposition = await ask(server.address, '/metrics');
  assert.match(exposition.type ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(exposition.body, /^sluice_test_jobs_total 1$/m);
  assert.match(exposition.body, /^process_resident_memory_bytes \d+$/m);
  assert.equal((await ask(server.address, '/')).status, 404);
  assert.equal((await ask(server.address, '/metrics', 'POST')).status, 405);
});

test('a check that does not answer in time has failed, and is told to stop', async () => {
  const clock = manualClock();
  const health = createHealth(clock);
  let told = false;
  health.add('stuck', (signal) => {
    signal.addEventListener('abort', () => {
      told = true;
    });
    return new Promise<undefined>(() => {});
  });
  const report = health.ready();
  await clock.untilSleeping();
  await clock.advance(2000);
  assert.deepEqual(await report, { status: 'failed', checks: { stuck: { ok: false, detail: 'no answer within 2 s' } } });
  assert.equal(told, true);
});

test('a unix socket is served, a stale one is taken over, one in use and a file are not', async (t) => {
  const path = socketPath(t);
  const listen = `unix:${path}`;
  const health = createHealth(systemClock());
  const killed = createServer();
  await new Promise<void>((resolve) => killed.listen(`${path}.before`, resolve));
  renameSync(`${path}.before`, path);
  await new Promise((resolve) => killed.close(resolve));
  assert.ok(statSync(path).isSocket());
  const server = await serveOperations({ listen, health });
  assert.equal(statSync(path).mode & 0o007, 0);
  await assert.rejects(
    serveOperations({ listen, health }),
    (error) => isCode(error, 'listen.failed') && /another program/.test(error.message),
  );
  assert.equal((await ask(listen, '/healthz')).status, 200);
  await server.close();
  writeFileSync(path, 'precious');
  await assert.rejects(serveOperations({ listen, health }), (error) => isCode(error, 'listen.failed'));
  assert.equal(readFileSync(path, 'utf8'), 'precious');
});

test('addresses: loopback by default, others only when allowed, nonsense never', async () => {
  const health = createHealth(systemClock());
  assert.deepEqual(parseListen(':9105'), { kind: 'tcp', host: '127.0.0.1', port: 9105 });
  assert.deepEqual(parseListen('[::1]:1'), { kind: 'tcp', host: '::1', port: 1 });
  for (const listen of ['0.0.0.0:0', '[::]:0', 'example.org:0']) {
    await assert.rejects(
      serveOperations({ listen, health }),
      (error) => isCode(error, 'config.invalid') && /other machines/.test(error.message),
    );
  }
  for (const listen of ['', 'x', '1:2:3', '127.0.0.1:70000', 'unix:relative', '127.0.0.1:']) {
    await assert.rejects(serveOperations({ listen, health }), (error) => isCode(error, 'config.invalid'), listen);
  }
  await assert.rejects(serveOperations({ listen: 'unix:/nowhere/x.sock', health }), (error) => isCode(error, 'listen.failed'));
  const remote = await serveOperations({ listen: '0.0.0.0:0', health, allowRemote: true });
  await remote.close();
});

test('labels are bounded: what is not foreseen counts as other', async () => {
  const metrics = createMetrics({ prefix: 't_', processMetrics: false });
  const results = metrics.counter({ name: 'answers_total', help: 'h', labels: { result: ['ok', 'failed'], host: 2 } });
  for (const host of ['a', 'b', 'c', 'd', 'a']) results.inc({ result: 'ok', host });
  results.add(3, { result: 'strange', host: 'a' });
  const seconds = metrics.histogram({ name: 'question_seconds', help: 'h', labels: { question: ['sacct'] }, buckets: [1, 2] });
  seconds.observe(1.5, { question: 'sacct' });
  metrics.gauge({ name: 'waiting', help: 'h', read: () => 42 });
  metrics.gauge({ name: 'lag_seconds', help: 'h' }).set(7);
  const text = await metrics.text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples, [
    't_answers_total{result="ok",host="a"} 2',
    't_answers_total{result="ok",host="b"} 1',
    't_answers_total{result="ok",host="other"} 2',
    't_answers_total{result="other",host="a"} 3',
    't_question_seconds_bucket{le="1",question="sacct"} 0',
    't_question_seconds_bucket{le="2",question="sacct"} 1',
    't_question_seconds_bucket{le="+Inf",question="sacct"} 1',
    't_question_seconds_sum{question="sacct"} 1.5',
    't_question_seconds_count{question="sacct"} 1',
    't_waiting 42',
    't_lag_seconds 7',
  ]);
});

test('counters whose labels name their values begin at 0, so that increase() sees the first event', async () => {
  const metrics = createMetrics({ prefix: 't_', processMetrics: false });
  const events = metrics.counter({ name: 'events_total', help: 'h', labels: { what: ['spool', 'refused'], from: ['a', 'b'] } });
  events.inc({ what: 'refused', from: 'b' });
  metrics.counter({ name: 'requests_total', help: 'h', labels: { what: ['start'], result: 10 } });
  const samples = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples, [
    't_events_total{what="spool",from="a"} 0',
    't_events_total{what="spool",from="b"} 0',
    't_events_total{what="refused",from="a"} 0',
    't_events_total{what="refused",from="b"} 1',
  ]);
});

test('two programs in one process do not share metrics', async () => {
  const one = createMetrics({ prefix: 'x_' });
  const two = createMetrics({ prefix: 'x_' });
  one.counter({ name: 'n_total', help: 'h' }).inc();
  two.counter({ name: 'n_total', help: 'h' });
  assert.match(await one.text(), /^x_n_total 1$/m);
  assert.match(await two.text(), /^x_n_total 0$/m);
});
