import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { jobMessage, NatsRefusal, natsPublisher, type StartPayload } from '@sluice/clustercockpit';
import { isCode, isTransient, systemClock } from '@sluice/io';
import { noNatsServer, startNatsServer } from './nats-server.ts';
import { subscribe, until } from './nats-subscriber.ts';
import { failure, message, publisher, server } from './nats-testing.ts';

const skip = await noNatsServer();
const real = { skip, timeout: 300_000 };

function start(script: string): StartPayload {
  return {
    jobId: 4711,
    cluster: 'c',
    user: 'u',
    project: 'p',
    partition: 'main',
    shared: 'none',
    startTime: 1_700_000_000,
    numNodes: 1,
    numHwthreads: 1,
    numAcc: 0,
    resources: [{ hostname: 'n1' }],
    metaData: { jobName: 'name', jobScript: script },
  };
}

const started = (script: string, id = 'c/4711/1700000000/start') =>
  jobMessage([{ function: 'start_job', payload: start(script) }], { hostname: 'slurm01', id });

test('§6.2: what is published has come when publish returns, in its order and on its subject', real, async (t) => {
  const { url, port } = await server(t);
  const witness = await subscribe(port, '>');
  t.after(() => witness.close());
  const sender = await publisher(t, { server: url });
  const many = Array.from({ length: 500 }, (_, at) => message(`${at}`));
  await sender.publish([...many, { ...message('state'), subject: 'cc.node.state' }]);
  await witness.count(501);
  assert.deepEqual(
    witness.received.map(({ subject, payload }) => `${subject} ${payload}`),
    [...many.map(({ payload }) => `jobs ${payload}`), 'cc.node.state state'],
  );
  assert.deepEqual(sender.state(), { connection: 'connected', server: `127.0.0.1:${port}`, error: null });
});

test('a server that is down at first is sought until it is there; nothing is kept for it meanwhile', real, async (t) => {
  const first = await startNatsServer();
  await first.stop();
  const sender = await publisher(t, { server: `127.0.0.1:${first.port}` });
  const error = await failure(sender.publish([message('lost')]));
  assert.ok(isCode(error, 'nats.unreachable') && isTransient(error), error.message);
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${first.port} cannot be reached: .*ECONNREFUSED`));
  assert.equal(sender.state().connection, 'connecting');
  await until(() => sender.state().error !== null);

  const second = await server(t, { port: first.port });
  const witness = await subscribe(second.port, 'jobs');
  t.after(() => witness.close());
  await until(() => sender.state().connection === 'connected');
  await sender.publish([message('kept')]);
  await witness.count(1);
  assert.deepEqual(
    witness.received.map(({ payload }) => payload),
    ['kept'],
  );
  assert.deepEqual(
    sender.events.map(({ kind }) => kind),
    ['failing', 'connected'],
  );
});

test(
  'a server killed while messages are under way: what publish did not confirm is an error, and later ones go to the next',
  real,
  async (t) => {
    const first = await startNatsServer();
    const sender = await publisher(t, { server: first.url });
    await sender.publish([message('before')]);
    const big = 'x'.repeat(900_000);
    const under = Array.from({ length: 40 }, (_, at) => sender.publish([message(big, `${at}`)]).catch((reason: unknown) => reason));
    await first.kill();
    const outcomes = await Promise.all(under);
    for (const outcome of outcomes) assert.ok(outcome === undefined || isCode(outcome, 'nats.failed', 'nats.unreachable'), String(outcome));
    assert.ok(outcomes.some((outcome) => outcome !== undefined));
    await until(() => sender.state().connection === 'connecting');

    const second = await server(t, { port: first.port });
    const witness = await subscribe(second.port, 'jobs');
    t.after(() => witness.close());
    await until(() => sender.state().connection === 'connected');
    await sender.publish([message('after')]);
    await witness.count(1);
    // Nothing of what had failed comes behind our back, where the journal would send it once more.
    assert.deepEqual(
      witness.received.map(({ payload }) => payload),
      ['after'],
    );
  },
);

test('a server that stands still is given up after the time-out, and so is what was published', real, async (t) => {
  const stalled = createServer((socket) => {
    socket.write('INFO {"server_id":"X","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576}\r\n');
    socket.once('data', () => socket.write('PONG\r\n'));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve));
  t.after(() => stalled.close());
  const address = stalled.address() as { port: number };
  const sender = await publisher(t, { server: '127.0.0.1', port: address.port, timeoutMs: 200 });
  const error = await failure(sender.publish([message('a')]));
  assert.ok(isCode(error, 'nats.failed') && isTransient(error), error.message);
  await sender.close();
});

test('what accepts and says nothing costs one socket, however often it is tried', real, async (t) => {
  let open = 0;
  let tries = 0;
  let most = 0;
  const silent = createServer((socket) => {
    tries += 1;
    most = Math.max(most, ++open);
    socket.on('error', () => {}).on('close', () => open--);
    socket.resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const sender = await publisher(t, { server: '127.0.0.1', port, timeoutMs: 20 });
  await until(() => tries >= 5);
  await sender.close();
  await until(() => open === 0);
  assert.ok(most <= 2, `${most} sockets`);
  assert.match(
    sender.events.map((event) => (event.kind === 'failing' ? event.error.message : event.kind)).join(),
    /^[^,]* did not answer within 0\.02 s$/,
  );
});

test('what is no NATS server is called so', real, async (t) => {
  const other = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const sender = await publisher(t, { server: `127.0.0.1:${port}` });
  const error = await failure(sender.publish([message('a')]));
  assert.equal(error.message, `what answers at 127.0.0.1:${port} is no NATS server`);
});

test('of several servers one that is up is taken', real, async (t) => {
  const down = await startNatsServer();
  await down.stop();
  const { url, port } = await server(t);
  const sender = await publisher(t, { server: `127.0.0.1:${down.port},${url}` });
  await sender.publish([message('a')]);
  assert.equal(sender.state().server, `127.0.0.1:${port}`);
});

test(
  '§6.4: a message above max_payload loses its script; one that is still too large is refused with its id, and nothing sent',
  real,
  async (t) => {
    const { url, port } = await server(t, { config: 'max_payload: 4096' });
    const witness = await subscribe(port, 'jobs');
    t.after(() => witness.close());
    const sender = await publisher(t, { server: url });
    const error = await failure(sender.publish([message('small'), message('x'.repeat(4097), 'large')]));
    assert.ok(error instanceof NatsRefusal);
    assert.deepEqual([error.code, error.ids], ['nats.refused', ['large']]);
    assert.match(error.message, /at most 4096 bytes; large has 4097/);
    await sender.publish([started('#!/bin/sh\n'.repeat(2000)), message('y'.repeat(4096), 'exact')]);
    await witness.count(2);
    assert.match(witness.received[0]?.payload ?? '', /^job,function=start_job,hostname=slurm01,.*Cut by Sluice: 20000 characters/);
    assert.deepEqual(
      witness.received.map(({ payload }) => payload.length),
      [4096, 4096],
    );
  },
);

test('close ends it at once, connected or not, and what comes later is rejected', real, async (t) => {
  const { url } = await server(t);
  const connected = await publisher(t, { server: url });
  await connected.publish([]);
  await connected.close();
  assert.ok(isCode(await failure(connected.publish([message('a')])), 'nats.unreachable'));
  assert.equal(connected.state().connection, 'closed');
  const seeking = await publisher(t, { server: '127.0.0.1:1', random: () => 0.99 });
  const waiting = failure(seeking.publish([message('a')]));
  await seeking.close();
  assert.ok(isCode(await waiting, 'nats.unreachable'));
});

test('a subject that cannot be published to is refused before anything is connected', real, async () => {
  for (const subject of ['', 'a b', 'a.*', '>', 'a..b', 'a.']) {
    const error = await failure(natsPublisher({ server: 'x', subject, clock: systemClock(), random: Math.random }));
    assert.ok(isCode(error, 'config.invalid'), subject);
  }
});
