import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, systemClock, systemProcesses } from '@sluice/io';
import type { HookEvent } from './event.ts';
import { hookClient } from './hook-client.ts';
import { listenForHooks } from './listener.ts';
import { openSpool } from './spool.ts';
import { stockMessage } from './stock-environment.ts';

const processes = systemProcesses(process.env);

const prolog = {
  SLURM_JOB_ID: '42',
  SLURM_CLUSTER_NAME: 'lab',
  SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld',
  SLURM_JOB_START_TIME: '1795253896',
  SLURM_JOB_COMMENT: 'a\n"b" <&>',
};

function place(t: TestContext): { readonly socket: string; readonly spool: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-client-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const spool = join(directory, 'spool');
  mkdirSync(spool);
  return { socket: join(directory, 'daemon.sock'), spool };
}

function program(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> {
  return processes.run({
    program: { name: process.execPath, timeoutMs: 120_000, inherit: [], env: environment, maxOutputBytes: 65_536 },
    args: [fileURLToPath(new URL('./hook-client.fixture.ts', import.meta.url)), ...args],
  });
}

/** The client within this process; with ten seconds left, so that a busy machine does not decide what becomes of the event. */
async function within(args: readonly string[], elapsedMs = -10_000): Promise<{ readonly code: number; readonly said: readonly string[] }> {
  const said: string[] = [];
  const umask = process.umask();
  const code = await hookClient({ args, environment: prolog, nowMs: Date.now(), elapsedMs, pid: 1, say: (text) => said.push(text) });
  process.umask(umask);
  return { code, said };
}

const spooled = (path: string) =>
  openSpool({ path, clock: systemClock() })
    .read(10)
    .events.map(({ event }) => event.jobId);

test('the event reaches the daemon, and the spool stays empty', async (t) => {
  const { socket, spool } = place(t);
  const events: HookEvent[] = [];
  const arrived = Promise.withResolvers<void>();
  const listener = await listenForHooks(
    { kind: 'unix', path: socket },
    {
      clock: systemClock(),
      onRefused: (reason) => arrived.reject(new Error(reason)),
      onEvent: (event) => {
        events.push(event);
        arrived.resolve();
      },
    },
  );
  t.after(() => listener.close());
  assert.deepEqual(await within(['-connect', socket, `--spool=${spool}`]), { code: 0, said: [] });
  await arrived.promise;
  assert.deepEqual([events[0]?.jobId, events[0]?.kind, events[0]?.start], [42, 'start', 1_795_253_896]);
  assert.deepEqual(spooled(spool), []);
});

test('the message is the stock one: every key, each a string', async () => {
  const message: Record<string, string> = JSON.parse(stockMessage({ ...prolog, PATH: '/bin', SECRET: 'x' }));
  assert.equal(Object.keys(message).length, 39);
  assert.equal(message['SLURM_JOB_COMMENT'], prolog.SLURM_JOB_COMMENT);
  assert.equal(message['SLURM_JOB_EXIT_CODE'], '');
  assert.equal(message['SECRET'], undefined);
});

test('as a program of its own: a dead socket, no daemon, no spool, a full one: 0; the event is spooled where it can be', async (t) => {
  const { socket, spool } = place(t);
  const dead = await program(prolog, '--connect', socket, '--spool', spool);
  assert.deepEqual([dead.code, dead.stderr], [0, '']);
  assert.deepEqual(spooled(spool), [42]);

  rmSync(spool, { recursive: true });
  const lost = await program(prolog, '--connect', socket, '--spool', spool);
  assert.equal(lost.code, 0);
  assert.match(lost.stderr, /neither be sent nor spooled/);
  assert.equal(existsSync(spool), false);
});

test('without addresses it takes those of the configuration, and the spool when that says none', async (t) => {
  const { spool } = place(t);
  const config = join(spool, '..', 'config.json');
  writeFileSync(config, JSON.stringify({ prepSockConnectPath: '', SPOOLPATH: spool, ccRestJwt: 'x' }));
  assert.deepEqual(await within(['-config', config]), { code: 0, said: [] });
  assert.deepEqual(spooled(spool), [42]);
  const { code, said } = await within(['--config', join(spool, 'none')]);
  assert.equal(code, 0);
  assert.match(said.join(), /cannot be read \(ENOENT\).*neither be sent nor spooled/);
});

test('outside of a hook it says so and ends with 1', async () => {
  const ended = await program({ SLURM_CLUSTER_NAME: 'lab' }, '--connect', '/nowhere');
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /SLURM_JOB_ID is not set/);
});

test('an address that is none is told, and the event spooled', async (t) => {
  const { spool } = place(t);
  const { code, said } = await within(['--connect', 'tcp:12345', '--spool', spool]);
  assert.equal(code, 0);
  assert.match(said[0] ?? '', /^--connect: "12345" is not address:port/);
  assert.deepEqual(spooled(spool), [42]);
});

test('a stopped daemon gets the event when it goes on', async (t) => {
  const { socket, spool } = place(t);
  const daemon = processes.stream({
    program: { name: process.execPath, timeoutMs: 120_000, inherit: [], maxOutputBytes: 65_536 },
    args: ['--conditions=@sluice/source', fileURLToPath(new URL('listening.fixture.ts', import.meta.url)), socket],
  });
  let pid = 0;
  const said: unknown[] = [];
  for await (const line of createInterface({ input: Readable.from(daemon.stdout) })) {
    if (pid === 0) {
      pid = JSON.parse(line).pid;
      process.kill(pid, 'SIGSTOP');
      assert.deepEqual(await within(['--connect', socket, '--spool', spool]), { code: 0, said: [] });
      process.kill(pid, 'SIGCONT');
    } else {
      said.push(JSON.parse(line));
      process.kill(pid, 'SIGTERM');
    }
  }
  await daemon.ended;
  assert.deepEqual(said, [{ jobId: 42 }]);
  assert.deepEqual(spooled(spool), []);
});

test('the program loads nothing but what it needs of Node', () => {
  const seen = new Set<string>();
  const imports = (file: string): string[] => {
    if (seen.has(file)) return [];
    seen.add(file);
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    const names = [...text.matchAll(/^import (?!type )[^;]*? from '([^']+)';$/gm)].map(([, name = '']) => name);
    return names.flatMap((name) => (name.startsWith('.') ? imports(join(dirname(file), name)) : [name]));
  };
  assert.deepEqual([...new Set(imports('hook-client.ts'))].sort(), ['node:fs', 'node:net', 'node:path']);
  assert.ok(seen.size > 4);
});

for (const kind of ['unix', 'tcp'] as const) {
  test(`${kind}: a stopped daemon whose queue of connections is full: the event is spooled`, async (t) => {
    const { socket, spool } = place(t);
    const daemon = processes.stream({
      program: { name: process.execPath, timeoutMs: 120_000, inherit: [], maxOutputBytes: 65_536 },
      args: [fileURLToPath(new URL('crowded.fixture.ts', import.meta.url)), ...(kind === 'unix' ? [socket] : [])],
    });
    for await (const line of createInterface({ input: Readable.from(daemon.stdout) })) {
      const { pid, port } = JSON.parse(line);
      process.kill(pid, 'SIGSTOP');
      const waiting = Array.from({ length: 8 }, () => createConnection(kind === 'unix' ? { path: socket } : { host: '127.0.0.1', port }));
      for (const connection of waiting) connection.on('error', () => {});
      const { code } = await within(['--connect', kind === 'unix' ? socket : `tcp:127.0.0.1:${port}`, '--spool', spool], 0);
      assert.equal(code, 0);
      for (const connection of waiting) connection.destroy();
      process.kill(pid, 'SIGKILL');
    }
    await daemon.ended;
    assert.deepEqual(spooled(spool), [42]);
  });
}
