import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type CcBackendClient,
  ccBackendClient,
  readStatus,
  type ShadowLine,
  type StartPayload,
  shadowJournalPath,
} from '@sluice/clustercockpit';
import { httpClient } from '@sluice/io';
import { Engine, goodToken, t0 } from './engine-bed.ts';

const patience = 30;

/** A daemon in a dry run, its report, and the client of the program that delivers. */
async function bed(t: TestContext, backend: Parameters<typeof Engine.start>[0] = {}) {
  const engine = await Engine.start(backend);
  t.after(() => engine[Symbol.asyncDispose]());
  const lines: ShadowLine[] = [];
  const http = httpClient({ baseUrl: engine.backend?.url ?? '', env: {} });
  t.after(() => http.close());
  const stock = ccBackendClient(http, () => goodToken(), { now: () => engine.clock.now() });
  const report = (line: ShadowLine) => void lines.push(line);
  const start = () => engine.startDaemon({ ccCommitInterval: 5 }, { shadow: { report, patienceMs: patience * 1000 } });
  const of = <K extends ShadowLine['kind']>(kind: K) =>
    lines.filter((line): line is Extract<ShadowLine, { kind: K }> => line.kind === kind);
  /** Lets the stock program deliver what the shadow has written down, changed as a test says. */
  async function deliver(
    client: CcBackendClient,
    changes: (start: StartPayload) => StartPayload | undefined = (one) => one,
  ): Promise<void> {
    for (const { payload } of of('start')) {
      const changed = changes(payload);
      if (changed) assert.equal((await client.start(changed)).kind, 'written');
    }
    engine.backend?.sync();
    for (const { payload } of of('stop')) {
      if (changes({ jobId: payload.jobId, startTime: payload.startTime } as StartPayload)) await client.stop(payload);
    }
  }
  return { engine, stock, start, of, lines, deliver };
}

test('a dry run touches nothing of the program beside it, and writes nothing to cc-backend', async (t) => {
  const { engine, start, of } = await bed(t);
  writeFileSync(engine.lastRunPath, '');
  utimesSync(engine.lastRunPath, t0 - 60, t0 - 60);
  engine.hook('start', 99);
  const spooled = () => readdirSync(join(engine.directory, 'spool'), { recursive: true }).sort();
  const before = spooled();
  mkdirSync(join(engine.directory, 'requests'));
  writeFileSync(join(engine.directory, 'requests', 'x.request'), '{"kind":"retry"}');
  engine.slurm.begin({ jobId: 1, start: t0 - 10 });
  await start();
  await engine.until('the start is written down', () => of('start').length === 1);
  engine.slurm.end({ jobId: 1, start: t0 - 10, end: engine.now });
  await engine.until('the stop is written down', () => of('stop').length === 1);
  await engine.pass(patience + 20);
  const beside = await readStatus({
    config: {
      journalPath: shadowJournalPath(join(engine.directory, 'journal.db')),
      spoolPath: '',
      ccRestSubmitJobs: true,
      natsServer: null,
    },
    clock: engine.clock,
  });
  assert.equal(beside.daemon.state, 'running');
  await engine.stopDaemon();
  assert.deepEqual(of('start')[0]?.payload.resources, [{ hostname: 'node01', hwthreads: [0, 8] }]);
  assert.deepEqual([...new Set(engine.exchanges.filter(({ path }) => path !== '/query').map(({ method }) => method))], ['GET']);
  assert.equal(statSync(engine.lastRunPath).mtimeMs, (t0 - 60) * 1000);
  assert.deepEqual(spooled(), before);
  assert.ok(existsSync(join(engine.directory, 'requests', 'x.request')));
  assert.deepEqual(
    ['pid', 'journal.db'].map((name) => existsSync(join(engine.directory, name))),
    [false, false],
  );
});

test('what the other program delivers is compared field by field, when it had its time', async (t) => {
  const { engine, stock, start, of, deliver } = await bed(t);
  for (const jobId of [1, 2, 3, 4, 5]) engine.slurm.begin({ jobId, start: t0 - 10 - jobId });
  await start();
  await engine.until('the starts are written down', () => of('start').length === 5);
  await deliver(stock, (one) => {
    if (one.jobId === 1) return undefined;
    if (one.jobId === 2) return { ...one, resources: [{ hostname: 'node01', hwthreads: [0, 1] }], shared: 'none', user: 'bob' };
    if (one.jobId === 3) return { ...one, startTime: one.startTime + 7 };
    return one;
  });
  await engine.pass(patience);
  assert.deepEqual(of('difference'), [], 'not before the commit and the patience');
  await engine.until('all were looked up', () => of('difference').length === 3, 30);
  const found = new Map(of('difference').map(({ jobId, fields }) => [jobId, fields]));
  assert.deepEqual(found.get(1), { run: { ours: 'there', theirs: null } });
  assert.deepEqual(found.get(2), {
    user: { ours: 'alice', theirs: 'bob' },
    shared: { ours: 'multi_user', theirs: 'none' },
    hwthreads: { ours: { node01: [0, 8] }, theirs: { node01: [0, 1] } },
  });
  assert.deepEqual(found.get(3), { startTime: { ours: t0 - 13, theirs: [t0 - 6] } });
  // An end that the other program has not seen, and one that it has otherwise.
  engine.slurm.end({ jobId: 4, start: t0 - 14, end: engine.now });
  engine.slurm.end({ jobId: 5, start: t0 - 15, end: engine.now });
  await engine.until('the stops are written down', () => of('stop').length === 2);
  const stop = of('stop').find(({ payload }) => payload.jobId === 5)?.payload;
  assert.ok(stop);
  await stock.stop({ ...stop, jobState: 'failed', stopTime: stop.stopTime + 60 });
  await engine.until('they were looked up', () => of('difference').length === 5, patience + 30);
  const ends = new Map(
    of('difference')
      .slice(3)
      .map(({ jobId, fields }) => [jobId, fields]),
  );
  assert.deepEqual(ends.get(4), { jobState: { ours: 'completed', theirs: 'running' } });
  const duration = stop.stopTime - stop.startTime;
  assert.deepEqual(ends.get(5), { jobState: { ours: 'completed', theirs: 'failed' }, duration: { ours: duration, theirs: duration + 60 } });
  await engine.stopDaemon();
  const { compared, same, different, missingThere, fields, starts, stops } = of('summary').at(-1) ?? {};
  assert.deepEqual([starts, stops, compared, same, different, missingThere], [5, 2, 7, 2, 5, 2]);
  assert.equal(fields?.['jobState'], 2);
});

test('what would not have been sent says why; jobs of cc-backend alone are found in the hour', async (t) => {
  const { engine, stock, start, of } = await bed(t, { config: { ignoreHosts: '^node02$' } });
  engine.slurm.begin({ jobId: 1, start: t0 - 10, nodes: 'node02' });
  const job = {
    cluster: 'labcluster',
    user: 'u',
    project: 'p',
    partition: 'cpu',
    shared: 'none' as const,
    numHwthreads: 2,
    numAcc: 0,
    metaData: {},
  };
  const strange = { ...job, jobId: 77, startTime: t0 - 3600, numNodes: 1, resources: [{ hostname: 'node03' }] };
  assert.equal((await stock.start(strange)).kind, 'written');
  engine.backend?.sync();
  await start();
  await engine.until('it is withheld', () => of('withheld').length === 1);
  const { run, because, what } = of('withheld')[0] ?? {};
  assert.deepEqual([run?.jobId, because, what], [1, 'unsent', 'start']);
  for (let minute = 0; minute < 62; minute++) {
    await engine.clock.advance(59_000);
    await engine.pass(1);
  }
  assert.deepEqual(of('only-there')[0]?.runs, [{ cluster: 'labcluster', jobId: 77, start: t0 - 3600 }]);
  assert.equal(of('summary')[0]?.onlyThere, 1);
});

test('a cc-backend that is away costs no comparison', async (t) => {
  const { engine, stock, start, of, deliver } = await bed(t);
  engine.slurm.begin({ jobId: 1, start: t0 - 10 });
  await start();
  await engine.until('the start is written down', () => of('start').length === 1);
  await deliver(stock);
  await engine.stopBackend();
  await engine.pass(patience + 200);
  await engine.startBackend();
  await engine.pass(90);
  await engine.stopDaemon();
  const { compared, same, unknown } = of('summary').at(-1) ?? {};
  assert.deepEqual([compared, same, unknown], [1, 1, 0]);
});
