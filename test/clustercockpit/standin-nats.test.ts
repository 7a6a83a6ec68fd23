import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type ManualClock, manualClock } from '@sluice/io';
import { type CcBackend, generateKeys, labCluster, type NatsOptions, startCcBackend } from '@sluice/standins';
import { noNatsServer, startNatsServer } from './nats-server.ts';
import { subscribe } from './nats-subscriber.ts';
import { publisher } from './standin-publisher.ts';

const keys = generateKeys();
const now = 1_795_000_000;
const without = { skip: await noNatsServer() };
const subjects = { subjectJobEvent: 'cc.job.event', subjectNodeState: 'cc.node.state' };

interface Site extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the server of NATS has it. */
  publish(subject: string, text: string | Uint8Array, replyTo?: string): Promise<void>;
  killNats(): Promise<void>;
  readonly backend: CcBackend;
  readonly clock: ManualClock;
  /** Publishes to the job subject and waits until so many lines of the log are there. */
  job(text: string | Uint8Array, logged?: number): Promise<void>;
  node(text: string, logged?: number): Promise<void>;
  log(): string[];
}

async function site(options: Partial<NatsOptions> = {}): Promise<Site> {
  const nats = await startNatsServer();
  const sender = await publisher(nats.port);
  const clock = manualClock(now * 1000);
  const backend = await startCcBackend({
    clusters: [labCluster()],
    publicKey: keys.publicKey,
    clock,
    nats: { address: nats.url, ...subjects, ...options },
  });
  const log = () => backend.messages().map(({ level, text }) => `${level} ${text}`);
  async function publish(subject: string, text: string | Uint8Array, logged = 1): Promise<void> {
    const before = log().length;
    await sender.publish(subject, text);
    await until(() => log().length >= before + logged);
  }
  return {
    port: nats.port,
    publish: (subject, text, replyTo) => sender.publish(subject, text, replyTo),
    killNats: () => nats.kill(),
    backend,
    clock,
    job: (text, logged) => publish(subjects.subjectJobEvent, text, logged),
    node: (text, logged) => publish(subjects.subjectNodeState, text, logged),
    log,
    async [Symbol.asyncDispose]() {
      sender.close();
      await backend.stop();
      await nats.stop();
    },
  };
}

async function until(true_: () => boolean): Promise<void> {
  for (let turns = 0; !true_(); turns++) {
    if (turns > 1000) throw new Error('it did not come to it');
    await wait(5);
  }
}

function line(head: string, event: unknown, timestamp = ' 1795000000000000000'): string {
  const text = (typeof event === 'string' ? event : JSON.stringify(event)).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `${head} event="${text}"${timestamp}`;
}

const startOf = (changes: Record<string, unknown> = {}) => ({
  jobId: 1,
  cluster: 'labcluster',
  user: 'alice',
  numNodes: 1,
  resources: [{ hostname: 'node01' }],
  startTime: now - 1000,
  metaData: {},
  ...changes,
});
const startLine = (changes?: Record<string, unknown>) => line('job,function=start_job', startOf(changes));
const stopLine = (body: Record<string, unknown>) => line('job,function=stop_job', body);

test('§11 HandleStartJob: valid, jobId as string, only jobId, unknown field, with a tag', without, async () => {
  await using s = await site();
  await s.job(startLine());
  assert.equal(s.backend.job('labcluster', 1, now - 1000)?.job_state, 'running');
  await s.job(startLine({ jobId: '2' }));
  await s.job(line('job,function=start_job', { jobId: 3 }));
  await s.job(startLine({ jobId: 4, unknown: 1 }));
  await s.job(line('job,function=start_job', ''));
  assert.equal(s.backend.rows('job_cache').length, 1);
  // Tags have no user to be written by: the job is there, the tag is not (§6.2).
  await s.job(startLine({ jobId: 5, tags: [{ type: 'a', name: 'b', scope: 'testuser4' }] }));
  assert.deepEqual(
    s.backend.rows('job').map(({ job_id, id }) => [job_id, s.backend.tags(id)]),
    [[5, []]],
  );
  assert.deepEqual(s.log(), [
    'info NATS: new job (id: 1)',
    'error NATS start job: parsing request failed: json: cannot unmarshal string into Go struct field Job.jobId of type int64',
    'error NATS start job: sanity check failed: no such cluster: ',
    'error NATS start job: parsing request failed: json: unknown field "unknown"',
    'error NATS start job: payload is empty',
    'error NATS start job: adding tag to new job 1 failed: error while checking tag operation auth: no user in context',
  ]);
});

test('§11 HandleStopJob: completed, failed, and what is only logged', without, async () => {
  await using s = await site();
  const startTime = now - 1000;
  for (const jobId of [1, 2, 3]) await s.job(startLine({ jobId }));
  await s.job(stopLine({ jobId: 1, cluster: 'labcluster', startTime, jobState: 'completed', stopTime: startTime + 3600 }));
  await s.job(stopLine({ jobId: 2, stopTime: now, jobState: 'failed' }));
  assert.deepEqual(
    s.backend.rows('job').map(({ job_id, job_state, duration }) => [job_id, job_state, duration]),
    [
      [1, 'completed', 3600],
      [2, 'failed', 1000],
    ],
  );
  const refused: [body: Record<string, unknown>, said: string][] = [
    [{ jobId: '3' }, 'parsing request failed: json: cannot unmarshal string into Go struct field StopJobAPIRequest.jobId of type int64'],
    [{ stopTime: now }, "the field 'jobId' is required"],
    [{ jobId: 3, stopTime: now, jobState: 'invalid_state' }, 'jobId 3 (id 3) on labcluster: invalid job state: "invalid_state"'],
    [{ jobId: 3, stopTime: 5 }, `jobId 3 (id 3) on labcluster: stopTime 5 must be >= startTime ${startTime}`],
    [{ jobId: 99, stopTime: now }, 'finding job failed: sql: no rows in result set'],
    [{ jobId: 1, stopTime: now }, 'jobId 1 (id 1) on labcluster: job has already been stopped (state is: completed)'],
  ];
  for (const [body, said] of refused) {
    await s.job(stopLine(body));
    assert.equal(s.log().at(-1), `error NATS job stop: ${said}`);
  }
  assert.equal(s.backend.job('labcluster', 3, startTime)?.job_state, 'running');
});

test('§11 HandleNodeState: one, several, not an array, empty, garbage, nothing, foreign cluster', without, async () => {
  await using s = await site();
  const node = (hostname: string) => ({ hostname, states: ['allocated'], cpusAllocated: 8 });
  const sent = async (body: unknown, states: number) => {
    await s.publish(subjects.subjectNodeState, line('nodestate', body));
    await until(() => s.backend.nodeStates().length === states);
  };
  await sent({ cluster: 'labcluster', nodes: [node('node01')] }, 1);
  await sent({ cluster: 'labcluster', nodes: [node('node01'), node('node02'), node('knoten-ü')] }, 3);
  await sent({ cluster: 'labcluster', nodes: [] }, 3);
  await sent({ nodes: [node('node01')] }, 3);
  await s.node(line('nodestate', { cluster: 'labcluster', nodes: 'x' }));
  await s.node('garbage');
  await s.node('');
  await s.node(line('job', {}));
  const updated = 'debug NATS nodestate: updated';
  assert.deepEqual(s.log(), [
    ...Array(4).fill(updated),
    'error NATS nodestate: parsing request failed: json: cannot unmarshal string into Go struct field UpdateNodeStatesRequest.nodes of type []schema.NodePayload',
    'error NATS cc.node.state: failed to decode InfluxDB line protocol message: expected field key but found end of input instead',
    'warning NATS cc.node.state: received empty message',
    "warning NATS cc.node.state: unexpected measurement name 'job', expected 'nodestate'",
  ]);
});

test('§11 ProcessJobEvent, HandleJobEvent, edge cases: only what is a job event with a function is one', without, async () => {
  await using s = await site();
  const cases: [text: string | Uint8Array, said: string][] = [
    [line('job', startOf()), "error Job event is missing required tag 'function': measurement=job"],
    [line('job,function=restart_job', startOf()), "warning Unknown job event function 'restart_job', expected 'start_job' or 'stop_job'"],
    ['job,function=start_job value=1 5', 'debug NATS cc.job.event: received non-event message, skipping'],
    [line('start_job', startOf()), "debug NATS cc.job.event: unexpected measurement name 'start_job', expected 'job'"],
    [line('job,function=start_job', startOf(), ''), 'timestamp cannot be zero'],
    ['{"not":"a line"}', 'error NATS cc.job.event: failed to decode InfluxDB line protocol message'],
    [new Uint8Array([0x6a, 0xff, 0x20]), 'was not valid for encoding utf-8'],
    ['', 'warning NATS cc.job.event: received empty message'],
  ];
  for (const [text, said] of cases) {
    await s.job(text);
    assert.ok(s.log().at(-1)?.includes(said), `${s.log().at(-1)} should say ${said}`);
  }
  assert.equal(s.backend.rows('job_cache').length, 0);
  await s.job(startLine({ jobId: 4001, metaData: { jobName: 'with "quotes" and \\' } }));
  assert.deepEqual(JSON.parse(s.backend.rows('job_cache')[0]?.meta_data ?? ''), { jobName: 'with "quotes" and \\' });
});

test(
  '§6.2 the lines of one message are done in their order; a line that is none ends the message, a payload that is none does not',
  without,
  async () => {
    await using s = await site();
    const startTime = now - 1000;
    const stop = stopLine({ jobId: 1, cluster: 'labcluster', startTime, stopTime: now });
    await s.job([startLine(), stop, startLine({ unknown: 1 }), startLine({ jobId: 2 }), 'garbage', startLine({ jobId: 3 })].join('\n'), 5);
    assert.equal(s.backend.job('labcluster', 1, startTime)?.job_state, 'completed');
    assert.equal(s.backend.job('labcluster', 2, startTime)?.job_state, 'running');
    assert.equal(s.backend.job('labcluster', 3, startTime), undefined);
  },
);

test('§6.4 W16: with several workers a stop overtakes its start and is lost; with one it does not', without, async () => {
  const startTime = now - 1000;
  const stop = stopLine({ jobId: 1, cluster: 'labcluster', startTime, stopTime: now });
  for (const [jobConcurrency, state] of [
    [8, 'running'],
    [1, 'completed'],
  ] as const) {
    const delayMs = (text: string) => (text.includes('start_job') ? 100 : 0);
    await using s = await site({ jobConcurrency, delayMs });
    await s.publish(subjects.subjectJobEvent, startLine());
    await s.publish(subjects.subjectJobEvent, stop);
    await s.clock.untilSleeping();
    if (jobConcurrency > 1) await until(() => s.log().some((text) => text.includes('finding job failed')));
    await s.clock.advance(100);
    await until(() => s.log().length === 2);
    assert.equal(s.backend.job('labcluster', 1, startTime)?.job_state, state);
  }
});

test('§11 StartJobDuplicatePrevention: after the commit the same id is refused', without, async () => {
  await using s = await site();
  await s.job(startLine({ jobId: 5001, startTime: 1_234_567_890 }));
  await s.backend.sync();
  await s.job(startLine({ jobId: 5001, startTime: 1_234_567_900 }));
  assert.equal(s.backend.rows('job').length + s.backend.rows('job_cache').length, 1);
  assert.equal(s.log().at(-1), 'error NATS start job: job with jobId 5001, cluster labcluster already exists (dbid: 1)');
});

test('§6.1 no reply is ever sent', without, async () => {
  await using s = await site();
  const inbox = await subscribe(s.port, 'inbox');
  await s.publish(subjects.subjectJobEvent, startLine(), 'inbox');
  await until(() => s.backend.rows('job_cache').length === 1);
  await s.publish('inbox', 'the only one');
  await inbox.count(1);
  assert.deepEqual(
    inbox.received.map(({ payload }) => payload),
    ['the only one'],
  );
  inbox.close();
});

test('§6.1 W16: a broker that is not there at the start is a warning; one that goes away is the end', without, async () => {
  const gone = await startNatsServer();
  await gone.stop();
  const options = { clusters: [labCluster()], publicKey: keys.publicKey, clock: manualClock(now * 1000) };
  const deaf = await startCcBackend({ ...options, nats: { address: gone.url, ...subjects } });
  assert.match(deaf.messages()[0]?.text ?? '', /^NATS client not available, skipping API subscriptions/);
  await deaf.stop();

  await using s = await site({ reconnect: { attempts: 2, waitMs: 10 } });
  await s.killNats();
  await until(() => s.log().some((text) => text.includes('NATS connection closed')));
});
