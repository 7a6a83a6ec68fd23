import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type BackfillOptions, type BackfillReport, backfill, ccBackendClient, loadAdapterConfig } from '@sluice/clustercockpit';
import { httpClient, isCode } from '@sluice/io';
import { createLog } from '@sluice/service';
import { Engine, goodToken, payloadOf, t0 } from './engine-bed.ts';

const count = 30;
const startOf = (jobId: number) => t0 - 100_000 + jobId * 100;
const since = t0 - 200_000;
const until = t0 - 10;

/** A server and a history of jobs that nobody observed. */
async function history(jobs = count): Promise<Engine> {
  const engine = await Engine.start();
  for (let jobId = 1; jobId <= jobs; jobId++) {
    engine.slurm.onlyAccounted({ jobId, start: startOf(jobId), end: startOf(jobId) + 50, state: jobId % 2 === 0 ? 'COMPLETED' : 'FAILED' });
  }
  return engine;
}

async function bringIn(engine: Engine, options: Partial<BackfillOptions> = {}): Promise<BackfillReport> {
  const url = engine.backend?.url ?? '';
  const text = JSON.stringify({ ccRestUrl: url, ccRestJwt: 'unused', ccCommitInterval: 2, lastRunPath: engine.lastRunPath });
  const { config } = await loadAdapterConfig({ file: 'config.json', text });
  const http = httpClient({ baseUrl: url, env: {} });
  const client = ccBackendClient(http, () => goodToken(), { now: () => engine.clock.now() });
  let done = false;
  const work = backfill({
    config,
    cluster: 'labcluster',
    since,
    until,
    connector: engine.slurm,
    client,
    clock: engine.clock,
    random: () => 0.5,
    log: createLog({ name: 'backfill', form: 'json', destination: { write: (line) => void engine.said.push(line) } }),
    pid: process.pid,
    signal: new AbortController().signal,
    ...options,
  }).finally(() => {
    done = true;
  });
  // What fails is told by what is awaited below.
  work.catch(() => {});
  await engine.until('the backfill ends', () => done, 900);
  await http.close();
  return work;
}

const states = (engine: Engine) => (engine.backend?.rows('job') ?? []).map(({ job_id, job_state }) => `${job_id} ${job_state}`);

describe('history into cc-backend', { concurrency: true }, () => {
  it('W1 §9.3: oldest first, each start and each stop once, the stops after the commit', async () => {
    await using engine = await history();
    const report = await bringIn(engine);
    assert.deepEqual({ ...report }, { runs: count, sent: count, unsent: 0, aside: [], whole: true });
    const wanted = Array.from({ length: count }, (_, index) => `${index + 1} ${index % 2 === 1 ? 'completed' : 'failed'}`);
    assert.deepEqual(new Set(states(engine)), new Set(wanted));
    const started = engine.writes('start_job').map(({ requestBody }) => payloadOf(requestBody).jobId);
    assert.equal(started.length, count);
    assert.ok(
      started.every((jobId, index) => Math.abs(jobId - index - 1) <= 2),
      started.join(' '),
    );
    assert.equal(engine.writes('stop_job').length, count);
    assert.deepEqual(
      readdirSync(engine.directory).filter((name) => name.startsWith('backfill')),
      [],
      'nothing is left of it',
    );
  });

  it('interrupted, it says so, and the same command goes on from there', async () => {
    await using engine = await history();
    const interrupted = new AbortController();
    const first = await bringIn(engine, {
      signal: interrupted.signal,
      progress: ({ delivered }) => {
        if (delivered.start >= 5) interrupted.abort();
      },
    });
    assert.equal(first.whole, false);
    const second = await bringIn(engine);
    assert.equal(second.whole, true);
    assert.equal(states(engine).length, count);
    assert.ok(states(engine).every((state) => !state.endsWith('running')));
    assert.equal(first.sent + second.sent, count);
    assert.equal(engine.writes('start_job').length, count, 'no start twice');
  });

  it('what stands there stays as it is; what is refused is told with its reason', async () => {
    await using engine = await history();
    engine.slurm.onlyAccounted({ jobId: 99, start: startOf(99), end: startOf(99) + 50, nodes: 'stranger7' });
    assert.equal((await bringIn(engine)).sent, count);
    const before = engine.writes('start_job').length;
    const again = await bringIn(engine);
    assert.deepEqual([again.runs, again.sent, again.whole], [count + 1, 0, true]);
    assert.deepEqual(
      again.aside.map(({ jobId, reason }) => [jobId, /names host stranger7/.test(reason)]),
      [[99, true]],
    );
    assert.equal(engine.writes('start_job').length, before);
  });

  it('a server that is away is waited for, and a job that runs is none of its business', async () => {
    await using engine = await history(4);
    engine.slurm.begin({ jobId: 50, start: t0 - 500 });
    let failing = 6;
    engine.fault = ({ path }) => (path.includes('_job') && failing-- > 0 ? { kind: 'panic' } : undefined);
    const report = await bringIn(engine);
    assert.deepEqual([report.runs, report.sent, report.whole], [4, 4, true]);
    assert.ok(!states(engine).some((state) => state.startsWith('50 ')));
  });

  it('§6.1 a server that takes jobs by NATS alone is not waited for', async () => {
    await using engine = await history(1);
    await engine.stopBackend();
    await engine.startBackend({ natsMode: true });
    await assert.rejects(bringIn(engine), (error) => isCode(error, 'cc.no-route') && /main\.api-subjects/.test(error.hint ?? ''));
    assert.deepEqual(
      readdirSync(engine.directory).filter((name) => name.startsWith('backfill')),
      [],
    );
  });
});
