import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { jobMessage, NatsRefusal } from '@sluice/clustercockpit';
import { isCode, isTransient } from '@sluice/io';
import { type NatsServer, noNatsServer } from './nats-server.ts';
import { ask, subscribe } from './nats-subscriber.ts';
import { failure, message, publisher, server } from './nats-testing.ts';

const real = { skip: await noNatsServer(), timeout: 300_000 };

async function stream(t: TestContext, settings: object = {}, config = ''): Promise<NatsServer> {
  const started = await server(t, { config: `jetstream { store_dir: "{dir}/jetstream" }\n${config}` });
  const made = await ask(started.port, '$JS.API.STREAM.CREATE.sluice', {
    name: 'sluice',
    subjects: ['jobs'],
    storage: 'file',
    ...settings,
  });
  assert.equal(made['error'], undefined);
  return started;
}

async function stored({ port }: NatsServer): Promise<unknown> {
  const { state } = (await ask(port, '$JS.API.STREAM.INFO.sluice')) as { state: { messages: number } };
  return state.messages;
}

test('JetStream: what publish confirms is stored, in its order, and a repeat is dropped', real, async (t) => {
  const started = await stream(t);
  const witness = await subscribe(started.port, 'jobs');
  t.after(() => witness.close());
  const sender = await publisher(t, { server: started.url, jetStream: true });
  const many = Array.from({ length: 200 }, (_, at) => message(`${at}`, `c/${at}/1700000000/start`));
  await sender.publish(many);
  assert.equal(await stored(started), 200);
  await sender.publish([...many, message('200', 'c/200/1700000000/start')]);
  assert.equal(await stored(started), 201);
  await witness.count(401);
  assert.deepEqual(
    witness.received.slice(0, 200).map(({ payload }) => payload),
    many.map(({ payload }) => payload),
  );
  assert.match(witness.received[7]?.headers ?? '', /^NATS\/1\.0\r\nNats-Msg-Id: c\/7\/1700000000\/start\r\n/);
});

test('JetStream: a missing stream is told with the command that makes it', real, async (t) => {
  const { url } = await stream(t, { subjects: ['other'] });
  const sender = await publisher(t, { server: url, jetStream: true });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.no-stream') && !isTransient(error), error.message);
  assert.match(error.message, /no stream at the NATS server 127\.0\.0\.1:\d+ takes the subject jobs/);
  assert.match(error.hint ?? '', /nats stream add sluice --subjects jobs/);
  assert.equal(sender.state().connection, 'connected');
});

test('JetStream: a server without it is told of', real, async (t) => {
  const { url } = await server(t);
  const sender = await publisher(t, { server: url, jetStream: true });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.no-stream'));
  assert.match(error.message, /has JetStream turned off/);
});

test('JetStream: a full stream is no refusal; the same passes when there is room', real, async (t) => {
  const started = await stream(t, { max_msgs: 1, discard: 'new' });
  const sender = await publisher(t, { server: started.url, jetStream: true });
  await sender.publish([message('a')]);
  const error = await failure(sender.publish([message('b')]));
  assert.ok(isCode(error, 'nats.failed') && isTransient(error), error.message);
  assert.match(error.message, /did not store b: maximum messages exceeded/);
  await ask(started.port, '$JS.API.STREAM.PURGE.sluice');
  await sender.publish([message('b')]);
  assert.equal(await stored(started), 1);
});

test('JetStream: what the stream finds too large is refused with its id', real, async (t) => {
  const started = await stream(t, { max_msg_size: 100 });
  const sender = await publisher(t, { server: started.url, jetStream: true });
  const error = await failure(sender.publish([message('a'), message('x'.repeat(200), 'large')]));
  assert.ok(error instanceof NatsRefusal);
  assert.deepEqual(error.ids, ['large']);
});

test('JetStream: the header with the id counts towards max_payload', real, async (t) => {
  const started = await stream(t, {}, 'max_payload: 4096');
  const witness = await subscribe(started.port, 'jobs');
  t.after(() => witness.close());
  const sender = await publisher(t, { server: started.url, jetStream: true });
  const id = 'c/1/1700000000/start';
  const header = `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`.length;
  await sender.publish([message('x'.repeat(4096 - header), id)]);
  await witness.count(1);
  assert.equal(witness.received[0]?.headers?.length, header);
  const refused = await failure(sender.publish([message('x'.repeat(4097 - header), id)]));
  assert.ok(refused instanceof NatsRefusal);
  const payload = { jobId: 1, cluster: 'c', startTime: 1_700_000_000, jobState: 'completed', stopTime: 1_700_000_001 } as const;
  await sender.publish([jobMessage([{ function: 'stop_job', payload, partition: 'main' }], { hostname: 'h', id: 'c/1/1700000000/stop' })]);
  assert.equal(await stored(started), 2);
});

test('JetStream: a user that may not hear the confirmations is told so', real, async (t) => {
  const config = `no_auth_user: witness
    accounts { A { jetstream: enabled, users: [
      { user: slurm, password: p, permissions: { publish: ["jobs"], subscribe: ["nothing"] } },
      { user: witness, password: w },
    ] } }`;
  const { port } = await stream(t, {}, config);
  const sender = await publisher(t, { server: `127.0.0.1:${port}`, jetStream: true, login: { user: 'slurm', password: 'p' } });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.denied'), error.message);
  assert.match(error.message, /confirmations on _INBOX/);
});
