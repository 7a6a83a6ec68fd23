import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CcBackendClient, ccBackendClient, decideContext, defaultSettings, deliver, type Run } from '@sluice/clustercockpit';
import { httpClient, isCode, manualClock } from '@sluice/io';
import { type CcBackend, type CcBackendOptions, generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import fc from 'fast-check';

const now = 1_795_000_000;
const keys = generateKeys();
const contextOf = (told: boolean) =>
  decideContext({ ...defaultSettings, privacy: { script: told, slurmInfo: told, environment: false, comments: told } }, null, []);
const options = { context: contextOf(false) };

const run: Run = {
  cluster: 'labcluster',
  jobId: 7,
  start: now - 3600,
  ended: null,
  submit: now - 3700,
  user: 'alice',
  account: 'chem',
  partition: 'cpu',
  name: 'n',
  arrayJobId: null,
  nodes: ['node01'],
  cpus: 4,
  gpus: 0,
  walltime: null,
  whole: false,
  allocation: null,
  script: null,
  description: null,
};
const ended = (start: number, state = 'COMPLETED'): Run => ({ ...run, start, ended: { time: start + 60, state } });

interface Line extends AsyncDisposable {
  readonly backend: CcBackend;
  readonly client: CcBackendClient;
}

/** A stand-in and a client; `claims` go into the client's token. */
async function line(changes: Partial<CcBackendOptions> = {}, claims: Readonly<Record<string, unknown>> = {}): Promise<Line> {
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock: manualClock(now * 1000), ...changes });
  const http = httpClient({ baseUrl: backend.url, env: {} });
  return {
    backend,
    client: ccBackendClient(http, () => mintToken(keys, { name: 'sluice', roles: ['api'] }, now, claims)),
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await backend.stop();
    },
  };
}

test('W3 W4 what stands there already is no failure, cached or committed', async () => {
  await using l = await line();
  for (const commit of [false, true, true]) {
    const { failed } = await deliver(l.client, [ended(run.start)], options);
    assert.deepEqual(failed, []);
    if (commit) l.backend.sync();
  }
  const rows = l.backend.rows('job');
  assert.deepEqual([rows.length, rows[0]?.job_state, rows[0]?.duration], [1, 'completed', 60]);
});

test('W2 a run within a day of another that is committed is refused for good, and says so', async () => {
  await using l = await line();
  await deliver(l.client, [ended(run.start, 'REQUEUED')], options);
  const { failed, there, started } = await deliver(l.client, [{ ...run, start: run.start + 200 }], options);
  assert.deepEqual([started.length, there], [0, 0]);
  assert.match(failed[0]?.reason ?? '', /^a job with that jobId, cluster and startTime already exists: dbid: 1/);
});

test('W2 runs of one id that are delivered together all stand there, older ones first', async () => {
  await using l = await line();
  const runs = [ended(run.start + 200, 'FAILED'), ended(run.start, 'REQUEUED'), { ...run, start: run.start + 400 }];
  const { started, stopped, failed } = await deliver(l.client, runs, options);
  assert.deepEqual([started.length, stopped.length, failed], [3, 2, []]);
  l.backend.sync();
  assert.deepEqual(
    l.backend.rows('job').map(({ job_state, start_time }) => [job_state, start_time - run.start]),
    [
      ['cancelled', 0],
      ['failed', 200],
      ['running', 400],
    ],
  );
});

test('a run that is refused for good holds up no other, and its stop is not sent', async () => {
  await using l = await line();
  const foreign = { ...ended(run.start), jobId: 1, nodes: ['elsewhere'] };
  const nameless = { ...ended(run.start), jobId: 2, user: '' };
  const { started, stopped, failed } = await deliver(l.client, [foreign, nameless, ended(run.start)], options);
  assert.deepEqual([started.length, stopped.length], [1, 1]);
  assert.deepEqual(
    failed.map(({ run: { jobId }, what, reason }) => [jobId, what, reason]),
    [
      [1, 'start', 'ARCHIVE/CLUSTERCONFIG > no subcluster found for cluster labcluster and host elsewhere'],
      [2, 'start', 'its user is not known'],
    ],
  );
});

test('§4.17 a stop for a job that cc-backend does not know is told from a route that is missing', async () => {
  await using l = await line();
  const unknown = await deliver(l.client, [ended(run.start)], { ...options, standing: () => true });
  assert.equal(unknown.failed[0]?.reason, 'cc-backend does not know the job');
  await using nats = await line({ natsMode: true });
  await assert.rejects(
    deliver(nats.client, [run], options),
    (error) => isCode(error, 'cc.no-route') && /api-subjects/.test(error.hint ?? ''),
  );
});

test('§2 a token that is refused ends the pass and says how to make one', async () => {
  await using l = await line({}, { exp: now - 1 });
  await assert.rejects(
    deliver(l.client, [run], options),
    (error) => isCode(error, 'cc.denied') && /cc-backend -jwt/.test(error.hint ?? ''),
  );
  await using user = await line({}, { roles: ['user'] });
  await assert.rejects(deliver(user.client, [run], options), (error) => isCode(error, 'cc.denied'));
});

test('a server that is not there ends the pass', async () => {
  const l = await line();
  await l[Symbol.asyncDispose]();
  const http = httpClient({ baseUrl: l.backend.url, env: {} });
  await assert.rejects(
    deliver(
      ccBackendClient(http, () => 'x'),
      [run],
      options,
    ),
    (error) => isCode(error, 'http.unreachable'),
  );
  await http.close();
});

test('a write that was done and not answered is found there by the next pass; nothing is doubled', async () => {
  for (const wrong of [
    { kind: 'drop', when: 'after' },
    { kind: 'drop', when: 'before' },
    { kind: 'refuse', status: 500, error: 'database is locked' },
  ] as const) {
    const faulty = new Set(['/api/jobs/start_job/', '/api/jobs/stop_job/']);
    await using l = await line({ fault: ({ method, path }) => (method === 'POST' && faulty.delete(path) ? wrong : undefined) });
    for (const what of ['start', 'stop']) {
      const { failed } = await deliver(l.client, [ended(run.start)], options);
      assert.deepEqual(
        failed.map((failure) => failure.what),
        [what],
        JSON.stringify(wrong),
      );
    }
    const { failed } = await deliver(l.client, [ended(run.start)], options);
    assert.deepEqual(failed, []);
    l.backend.sync();
    const rows = l.backend.rows('job');
    assert.deepEqual([rows.length, rows[0]?.job_state], [1, 'completed']);
  }
});

/** Runs as Slurm could report them, whatever users wrote. */
const anyRun: fc.Arbitrary<Run> = fc.record({
  cluster: fc.constant('labcluster'),
  jobId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  start: fc.integer({ min: 1, max: 2 ** 32 - 3 }),
  ended: fc.option(
    fc.record({ time: fc.integer({ min: 1, max: 2 ** 32 - 3 }), state: fc.constantFrom('COMPLETED', 'REQUEUED', 'NEW_WORD') }),
  ),
  submit: fc.option(fc.nat()),
  user: fc.string({ unit: 'binary', minLength: 1 }),
  account: fc.string({ unit: 'binary' }),
  partition: fc.string({ unit: 'binary' }),
  name: fc.string({ unit: 'binary' }),
  arrayJobId: fc.option(fc.nat()),
  nodes: fc.subarray(['node01', 'node02', 'gpu01'], { minLength: 1 }),
  cpus: fc.nat(),
  gpus: fc.nat(),
  walltime: fc.option(fc.nat()),
  whole: fc.constantFrom(true, false, null),
  allocation: fc.constant(null),
  script: fc.option(fc.string({ unit: 'binary' })),
  description: fc.option(fc.string({ unit: 'binary' })),
});

test('§3.1 whatever a run is like, cc-backend takes it, and its texts arrive as they are', async () => {
  await using l = await line();
  let jobId = 0;
  await fc.assert(
    fc.asyncProperty(anyRun, async (any) => {
      const one = { ...any, jobId: ++jobId };
      const { failed } = await deliver(l.client, [one], { context: contextOf(true) });
      assert.deepEqual(failed, []);
      l.backend.sync();
      const row = l.backend.rows('job').find(({ job_id }) => job_id === jobId);
      const { jobName, jobScript, slurmInfo } = JSON.parse(row?.meta_data ?? 'null');
      assert.deepEqual([row?.hpc_user, jobName, jobScript ?? null, slurmInfo ?? null], [one.user, one.name, one.script, one.description]);
      assert.equal(row?.job_state === 'running', one.ended === null);
    }),
    { numRuns: 100 },
  );
});
