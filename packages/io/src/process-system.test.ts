import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type ErrorCode, isCode } from './errors.ts';
import type { Program } from './process.ts';
import { startError, systemProcesses } from './process-system.ts';

const processes = systemProcesses(process.env, { killMs: 100, drainMs: 50 });
const sh: Program = { name: 'sh', dir: '/bin', timeoutMs: 120_000, inherit: ['PATH'], maxOutputBytes: 10_000_000 };
const script = (text: string, program: Partial<Program> = {}) => ({ program: { ...sh, ...program }, args: ['-c', text] });
const coded = (code: ErrorCode) => (error: unknown) => isCode(error, code);

/** Until the process is no more, or only waits to be reaped by its new parent. */
async function gone(pid: number): Promise<void> {
  while (
    await readFile(`/proc/${pid}/status`, 'utf8').then(
      (status) => !/^State:\s+Z/m.test(status),
      () => false,
    )
  )
    await pause(10);
}

test('exit code, signal and both outputs are the answer', async () => {
  const { durationMs, ...failed } = await processes.run(script('echo out; echo err >&2; exit 7'));
  assert.deepEqual(failed, { code: 7, signal: null, stdout: Buffer.from('out\n'), stderr: 'err\n' });
  assert.ok(durationMs > 0);
  const killed = await processes.run(script('kill -9 $$'));
  assert.deepEqual([killed.code, killed.signal], [null, 'SIGKILL']);
});

test('a program that does not exist rejects in both places and throws in none', async () => {
  for (const program of [
    { ...sh, name: 'no-such-program', dir: '/bin' },
    { ...sh, name: 'no-such-program', dir: undefined },
    { ...sh, name: '/etc/hosts/none' },
  ]) {
    const running = processes.stream({ program, args: [] });
    await assert.rejects(async () => {
      for await (const _ of running.stdout) assert.fail('no bytes are expected');
    }, coded('process.missing'));
    await assert.rejects(running.ended, coded('process.missing'));
    await assert.rejects(processes.run({ program, args: [] }), coded('process.missing'));
  }
});

test('a directory of PATH that cannot be looked into is passed over', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-path-'));
  t.after(() => rmSync(dir, { recursive: true }));
  symlinkSync('loop', join(dir, 'loop'));
  const { code } = await systemProcesses({ PATH: `${join(dir, 'loop')}:/bin` }).run({
    program: { ...sh, dir: undefined },
    args: ['-c', 'exit 3'],
  });
  assert.equal(code, 3);
});

test('a file that is not executable is denied, also when PATH finds it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-process-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'tool'), '#!/bin/sh\necho yes\n', { mode: 0o600 });
  const inPath = systemProcesses({ PATH: `relative::${dir}` });
  const program = { ...sh, name: 'tool', dir: undefined };
  await assert.rejects(inPath.run({ program, args: [] }), coded('process.denied'));
  chmodSync(join(dir, 'tool'), 0o700);
  assert.equal((await inPath.run({ program, args: [] })).stdout.toString(), 'yes\n');
});

test('what the system will not start has its own code', async () => {
  await assert.rejects(processes.run(script('x'.repeat(200_000))), coded('process.start'));
  await assert.rejects(processes.run(script('a\0b')), coded('data.invalid'));
  for (const code of ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'EIO']) {
    assert.equal(startError(sh, Object.assign(new Error(code), { code })).code, 'process.start');
  }
  assert.equal(startError(sh, undefined).code, 'process.start');
});

test('only the variables that are allowed reach the program', async () => {
  const inner = systemProcesses({ PATH: '/usr/bin:/bin', KEPT: 'k', SECRET: 's', ABSENT: undefined });
  const program = { ...sh, name: 'env', dir: undefined, inherit: ['KEPT', 'ABSENT'], env: { GIVEN: 'g', LC_ALL: 'C' } };
  const { stdout } = await inner.run({ program, args: [] });
  assert.deepEqual(stdout.toString().trim().split('\n').toSorted(), ['GIVEN=g', 'KEPT=k', 'LC_ALL=C']);
});

test('stdin arrives whole, and a program that does not read it breaks nothing', async () => {
  const text = 'x'.repeat(3_000_000);
  assert.equal((await processes.run({ ...script('wc -c'), stdin: text })).stdout.toString().trim(), '3000000');
  assert.equal((await processes.run({ ...script('exec <&-; exit 4'), stdin: text })).code, 4);
  assert.equal((await processes.run(script('cat'))).stdout.length, 0);
});

test('stdin may come piece by piece, in answer to what the program writes; what it does not take is not waited for', async () => {
  const pieces = new PassThrough({ encoding: 'utf8' });
  const running = processes.stream({ ...script('while read -r line; do echo "to $line"; done; exit 3'), stdin: pieces });
  let said = '';
  pieces.write('0\n');
  for await (const chunk of running.stdout) {
    said += chunk.toString();
    const lines = said.split('\n').length - 1;
    if (lines < 5) pieces.write(`${lines}\n`);
    else pieces.end();
  }
  assert.equal(said, 'to 0\nto 1\nto 2\nto 3\nto 4\n');
  assert.equal((await running.ended).code, 3);
  const untaken = new PassThrough({ encoding: 'utf8' });
  untaken.write('x'.repeat(300_000));
  assert.equal((await processes.run({ ...script('exit 4'), stdin: untaken })).code, 4);
});

test('the time-out ends the program and its children, also those that ignore SIGTERM', async () => {
  for (const ignore of ['', "trap '' TERM; "]) {
    let pid = 0;
    // On a slow machine the shell may not have started its child when the time is over.
    for (let timeoutMs = 200; pid === 0; timeoutMs *= 2) {
      const running = processes.stream(script(`${ignore}sleep 1000 & echo $!; wait; wait; sleep 1000`, { timeoutMs }));
      await assert.rejects(async () => {
        for await (const chunk of running.stdout) pid = Number(chunk.toString());
      }, coded('process.timeout'));
      await assert.rejects(running.ended, coded('process.timeout'));
    }
    await gone(pid);
  }
});

test('the time-out also holds when nobody reads', async () => {
  const running = processes.stream({ program: { ...sh, name: 'yes', dir: '/usr/bin', timeoutMs: 100 }, args: [] });
  await assert.rejects(running.ended, coded('process.timeout'));
});

test('output above the cap ends the program; output at the cap is whole', async () => {
  const yes = { ...sh, name: 'yes', dir: '/usr/bin', maxOutputBytes: 500_000 };
  await assert.rejects(processes.run({ program: yes, args: [] }), coded('process.output'));
  const exact = await processes.run(script(`yes | head -c 500000`, { maxOutputBytes: 500_000 }));
  assert.equal(exact.stdout.length, 500_000);
});

test('stderr is kept to 64 KiB and the rest is drained', async () => {
  const { code, stderr } = await processes.run(script(`yes | head -c 1000000 >&2; exit 5`));
  assert.deepEqual([code, stderr.length], [5, 65_536]);
});

test('leaving the iteration ends the program, which is no error', async () => {
  const running = processes.stream(script('echo started; exec sleep 1000'));
  for await (const _ of running.stdout) break;
  const { code, signal } = await running.ended;
  assert.deepEqual([code, signal], [null, 'SIGTERM']);
});

test("the caller's signal ends the program with its reason, before and during the run", async () => {
  const reason = new Error('no longer wanted');
  const during = new AbortController();
  const running = processes.stream({ ...script('echo started; sleep 1000'), signal: during.signal });
  await assert.rejects(
    async () => {
      for await (const _ of running.stdout) during.abort(reason);
    },
    (error) => error === reason,
  );
  await assert.rejects(running.ended, (error) => error === reason);
  await assert.rejects(processes.run({ ...script('sleep 1000'), signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal(getEventListeners(during.signal, 'abort').length, 0);
});

test('a child that keeps the pipes open does not hold up the answer', async () => {
  const { code, stdout } = await processes.run(script('echo answer; sleep 1000 & echo $!'));
  const [answer, pid] = stdout.toString().trim().split('\n');
  assert.deepEqual([code, answer], [0, 'answer']);
  process.kill(Number(pid), 'SIGKILL');
});

test('nothing is lost when reading begins after the exit, or is slow', async () => {
  const late = processes.stream(script('echo late'));
  await pause(300);
  const slow = processes.stream(script('yes | head -c 400000'));
  let bytes = 0;
  for await (const chunk of slow.stdout) {
    bytes += chunk.length;
    await pause(60);
  }
  assert.equal(bytes, 400_000);
  let text = '';
  for await (const chunk of late.stdout) text += chunk.toString();
  assert.equal(text, 'late\n');
  assert.equal((await late.ended).code, 0);
});

test('a program without output ends although nobody reads', async () => {
  assert.equal((await processes.stream(script('exit 6')).ended).code, 6);
});

test('the program waits while its output is not taken', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-process-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const written = join(dir, 'written');
  const running = processes.stream({ program: sh, args: ['-c', 'head -c 5000000 /dev/zero; touch "$0"', written] });
  const reading = running.stdout[Symbol.asyncIterator]();
  let bytes = (await reading.next()).value?.length ?? 0;
  await pause(200);
  assert.equal(existsSync(written), false, 'it cannot have written all while one chunk was read');
  for (let next = await reading.next(); !next.done; next = await reading.next()) bytes += next.value.length;
  assert.equal(bytes, 5_000_000);
  await running.ended;
  assert.equal(existsSync(written), true);
});

test('five hundred programs leave no file descriptor, timer or listener behind', async () => {
  const abort = new AbortController();
  const once = (args: string[]) => processes.run({ program: { ...sh, name: 'true' }, args, signal: abort.signal });
  await once([]);
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const held = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap' || kind === 'Timeout');
  const before = { descriptors: descriptors(), held: held() };
  for (let turn = 0; turn < 500; turn += 1) {
    if (turn % 10 === 0) await assert.rejects(processes.run({ program: { ...sh, name: 'absent' }, args: [] }));
    else await once([]);
  }
  while (held().length > before.held.length) await pause(1);
  assert.equal(descriptors(), before.descriptors);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});
