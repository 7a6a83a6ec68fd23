import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ManualClock, manualClock, systemProcesses } from '@sluice/io';
import fc from 'fast-check';
import type { HookAddress } from './address.ts';
import type { HookEvent } from './event.ts';
import { type HookListener, type ListenerLimits, listenForHooks } from './listener.ts';
import { decodeMessage } from './message.ts';
import { stockMessage } from './stock-environment.ts';

const now = 1_795_262_400_000;

interface Heard {
  readonly clock: ManualClock;
  readonly listener: HookListener;
  readonly events: HookEvent[];
  readonly refused: string[];
  /** Resolves when that many messages have been taken or refused. */
  until(count: number): Promise<void>;
}

async function listen(t: TestContext, address: HookAddress, limits: ListenerLimits = {}): Promise<Heard> {
  const clock = manualClock(now);
  const events: HookEvent[] = [];
  const refused: string[] = [];
  let heard = Promise.withResolvers<void>();
  const tell = () => {
    heard.resolve();
    heard = Promise.withResolvers();
  };
  const listener = await listenForHooks(address, {
    clock,
    limits,
    onEvent: (event) => {
      events.push(event);
      tell();
    },
    onRefused: (reason) => {
      refused.push(reason);
      tell();
    },
  });
  t.after(() => listener.close());
  return {
    clock,
    listener,
    events,
    refused,
    async until(count) {
      while (events.length + refused.length < count) await heard.promise;
    },
  };
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-listen-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const unix = (t: TestContext): HookAddress & { readonly kind: 'unix' } => ({ kind: 'unix', path: join(directory(t), 'daemon.sock') });

/** A port that nobody listens at; below those that Linux gives to connections, which would take it in between. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const [failure] = await Promise.race([once(server, 'listening'), once(server, 'error')]);
    if (failure !== undefined) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

async function connected(path: string): Promise<Socket> {
  const socket = createConnection(path);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function say(path: string, ...parts: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = await connected(path);
  for (const part of parts) socket.write(part);
  socket.end();
}

const environment = {
  SLURM_JOB_ID: '42',
  SLURM_CLUSTER_NAME: 'lab',
  SLURM_SCRIPT_CONTEXT: 'epilog_slurmctld',
  SLURM_JOB_END_TIME: '1795262399',
};
const event: HookEvent = {
  kind: 'end',
  cluster: 'lab',
  jobId: 42,
  start: null,
  end: 1_795_262_399,
  restarts: null,
  seenMs: now,
  source: 'socket',
};

test('the stock message of each recorded hook is an event', async (t) => {
  const address = unix(t);
  const heard = await listen(t, address);
  let count = 0;
  for (const release of ['22.05', '23.11', '24.11', '25.05', '26.05']) {
    const recorded: Record<string, Record<string, string>> = JSON.parse(
      readFileSync(join(import.meta.dirname, 'recordings', `${release}.json`), 'utf8'),
    );
    for (const [which, fields] of Object.entries(recorded)) {
      count += 1;
      await say(address.path, stockMessage(fields));
      await heard.until(count);
      const last = heard.events.at(-1);
      assert.equal(last?.jobId, Number(fields['SLURM_JOB_ID']), which);
      assert.equal(last.kind, which.endsWith('epilog-ctld') ? 'end' : 'start');
      assert.equal(last.start, fields['SLURM_JOB_START_TIME'] === undefined ? null : Number(fields['SLURM_JOB_START_TIME']));
    }
  }
  assert.deepEqual(heard.refused, []);
});

test('a message may come in pieces, with keys that are not known and values that are no strings', async (t) => {
  const address = unix(t);
  const heard = await listen(t, address);
  const message = Buffer.from(JSON.stringify({ ...environment, SLURM_NEW: 'ü', other: { deep: [1] }, SLURM_JOB_RESTART_COUNT: 3 }));
  await say(address.path, message.subarray(0, 10), message.subarray(10, 90), message.subarray(90), '\n');
  await heard.until(1);
  assert.deepEqual(heard.events, [event]);
});

test('what is no message is refused with its reason, and the next is taken', async (t) => {
  const address = unix(t);
  const heard = await listen(t, address, { messageBytes: 500, heldBytes: 900 });
  const wrong: readonly (readonly [string, string])[] = [
    ['', 'the message is empty'],
    ['GET / HTTP/1.1\r\n\r\n', 'the message is not JSON'],
    ['[]', 'the message is not a JSON object'],
    ['null', 'the message is not a JSON object'],
    ['{}', 'SLURM_SCRIPT_CONTEXT is neither prolog_slurmctld nor epilog_slurmctld'],
    [
      JSON.stringify({ ...environment, SLURM_SCRIPT_CONTEXT: 'prolog_slurmd' }),
      'SLURM_SCRIPT_CONTEXT is neither prolog_slurmctld nor epilog_slurmctld',
    ],
    [JSON.stringify({ ...environment, SLURM_JOB_ID: '' }), 'SLURM_JOB_ID is not the number of a job'],
    [JSON.stringify({ ...environment, SLURM_JOB_ID: '42; rm' }), 'SLURM_JOB_ID is not the number of a job'],
    [JSON.stringify({ ...environment, SLURM_CLUSTER_NAME: 'a b' }), 'SLURM_CLUSTER_NAME is not the name of a cluster'],
    [JSON.stringify({ ...environment, SLURM_JOB_COMMENT: 'x'.repeat(500) }), 'the message is longer than 500 bytes'],
  ];
  for (const [index, [message]] of wrong.entries()) {
    await say(address.path, message);
    await heard.until(index + 1);
  }
  assert.deepEqual(
    heard.refused,
    wrong.map(([, reason]) => reason),
  );

  const holders = await Promise.all([connected(address.path), connected(address.path)]);
  for (const holder of holders) holder.write('x'.repeat(480));
  await heard.until(wrong.length + 1);
  assert.equal(heard.refused.at(-1), 'too many unfinished messages are held');
  await say(address.path, JSON.stringify(environment));
  await heard.until(wrong.length + 2);
  assert.deepEqual(heard.events, [event]);
  for (const holder of holders) holder.destroy();
});

test('who does not end his message in time, or keeps too many connections, is refused', async (t) => {
  const address = unix(t);
  const heard = await listen(t, address, { connections: 2 });
  const slow = await connected(address.path);
  slow.write('{');
  await heard.clock.untilSleeping(1);
  await heard.clock.advance(4000);
  const second = await connected(address.path);
  await heard.clock.untilSleeping(2);
  await connected(address.path);
  await heard.until(1);
  assert.deepEqual(heard.refused, ['more than 2 connections at a time']);
  await heard.clock.advance(1000);
  await heard.until(2);
  assert.deepEqual(heard.refused.slice(1), ['the message did not end within 5000 ms']);
  second.end(JSON.stringify(environment));
  await heard.until(3);
  assert.equal(heard.events.length, 1);
  assert.equal(heard.clock.sleeping, 0);
});

test('a unix socket is open to whoever may enter its directory, and is gone after', async (t) => {
  const address = unix(t);
  const heard = await listen(t, address);
  assert.equal(statSync(address.path).mode & 0o777, 0o666);
  await heard.listener.close();
  assert.equal(existsSync(address.path), false);
});

test('a socket that a killed daemon left is replaced', async (t) => {
  const address = unix(t);
  const running = systemProcesses(process.env).stream({
    program: { name: process.execPath, timeoutMs: 120_000, inherit: [], maxOutputBytes: 65_536 },
    args: ['--conditions=@sluice/source', fileURLToPath(new URL('listening.fixture.ts', import.meta.url)), address.path],
  });
  let said = '';
  for await (const chunk of running.stdout) {
    if (said.includes('\n')) continue; // its word about our look whether it is alive, if it still comes to that
    said += chunk.toString();
    if (!said.includes('\n')) continue;
    const { pid } = JSON.parse(said);
    await assert.rejects(listen(t, address), { code: 'instance.running' });
    process.kill(pid, 'SIGKILL');
  }
  assert.equal((await running.ended).signal, 'SIGKILL');
  assert.equal(existsSync(address.path), true);
  const heard = await listen(t, address);
  await say(address.path, JSON.stringify(environment));
  await heard.until(1);
});

test('anything else in the place of the socket stays', async (t) => {
  const root = directory(t);
  const path = join(root, 'file');
  writeFileSync(path, 'precious');
  symlinkSync(path, join(root, 'link'));
  mkdirSync(join(root, 'directory'));
  for (const name of ['file', 'link', 'directory']) {
    await assert.rejects(listen(t, { kind: 'unix', path: join(root, name) }), { code: 'listen.failed', message: /in the way/ });
  }
  assert.equal(readFileSync(path, 'utf8'), 'precious');
  await assert.rejects(listen(t, { kind: 'unix', path: join(root, 'none', 'x.sock') }), { code: 'listen.failed', hint: /directory first/ });
});

test('TCP: one address, or all of both families', async (t) => {
  const port = await freePort();
  for (const [host, reached] of [
    ['127.0.0.1', ['127.0.0.1']],
    ['', ['127.0.0.1', '::1']],
    ['0.0.0.0', ['127.0.0.1', '::1']],
    ['::', ['127.0.0.1', '::1']],
  ] as const) {
    const heard = await listen(t, { kind: 'tcp', host, port });
    let count = 0;
    for (const target of reached) {
      const socket = createConnection({ host: target, port });
      const [failure] = await Promise.race([once(socket, 'connect').then(() => []), once(socket, 'error')]);
      if (failure !== undefined) {
        assert.equal(target, '::1', String(failure));
        t.diagnostic('this machine has no IPv6');
        continue;
      }
      socket.end(JSON.stringify(environment));
      count += 1;
      await heard.until(count);
    }
    assert.equal(heard.events.length, count);
    await heard.listener.close();
  }
});

test('an address that another listens at is an error that says so', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(listen(t, { kind: 'tcp', host: '127.0.0.1', port }), {
    code: 'listen.failed',
    message: `prepSockListenPath tcp:127.0.0.1:${port} cannot be had: EADDRINUSE`,
  });
});

test('decoding a message is total', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeMessage(Buffer.from(bytes), now)));
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(typeof decodeMessage(Buffer.from(text), now), 'string');
    }),
  );
  const hostile = `{"__proto__":{"SLURM_JOB_ID":"1"},${JSON.stringify(environment).slice(1)}`;
  assert.deepEqual(decodeMessage(Buffer.from(hostile), now), event);
});
