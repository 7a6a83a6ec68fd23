import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCode } from './errors.ts';
import type { Program } from './process.ts';
import { systemProcesses } from './process-system.ts';
import { type RecordedCall, readRecording, recordingProcesses, replayProcesses, writeRecording } from './recording.ts';

const sh: Program = { name: 'sh', timeoutMs: 120_000, inherit: ['PATH'], maxOutputBytes: 1_000_000 };
const missing: Program = { ...sh, name: 'no-such-program' };
const system = systemProcesses(process.env);

async function record(use: (processes: ReturnType<typeof recordingProcesses>) => Promise<unknown>): Promise<RecordedCall[]> {
  const calls: RecordedCall[] = [];
  await use(recordingProcesses(system, (call) => calls.push(call)));
  return calls;
}

test('a recorded call replays with the same bytes, stderr and exit code', async () => {
  const call = { program: sh, args: ['-c', `printf 'a\\377\\000b\\n'; echo oops >&2; exit 3`] };
  let real: unknown;
  const calls = await record(async (processes) => {
    real = await processes.run(call);
  });
  const replayed = await replayProcesses({ format: 'sluice-processes/1', calls }).run(call);
  assert.deepEqual({ ...(real as object), durationMs: 0 }, replayed);
  assert.deepEqual(replayed.stdout, Buffer.from('a\xff\0b\n', 'latin1'));
  assert.equal(replayed.code, 3);
});

test('text is kept readable in the recording, other bytes as base64', async () => {
  const [text, binary] = await record(async (processes) => {
    await processes.run({ program: sh, args: ['-c', `printf 'größe\\n'`] });
    await processes.run({ program: sh, args: ['-c', `printf '\\377'`] });
  });
  assert.equal(text?.stdout, 'größe\n');
  assert.deepEqual(binary?.stdout, { base64: '/w==' });
});

test('stdin is part of the question', async () => {
  const calls = await record(async (processes) => {
    await processes.run({ program: sh, args: ['-c', 'cat'], stdin: 'one' });
    await processes.run({ program: sh, args: ['-c', 'cat'], stdin: 'two' });
  });
  const replay = replayProcesses({ format: 'sluice-processes/1', calls });
  assert.equal((await replay.run({ program: sh, args: ['-c', 'cat'], stdin: 'two' })).stdout.toString(), 'two');
  assert.equal((await replay.run({ program: sh, args: ['-c', 'cat'], stdin: Buffer.from('one') })).stdout.toString(), 'one');
  await assert.rejects(replay.run({ program: sh, args: ['-c', 'cat'], stdin: 'three' }), (error) => isCode(error, 'process.missing'));
});

test('answers to the same question come in order and the last repeats', async () => {
  const answer = { program: 'squeue', args: ['-h'], code: 0, signal: null, stderr: '' };
  const calls = [
    { ...answer, stdout: 'first' },
    { ...answer, stdout: 'second' },
  ];
  const replay = replayProcesses({ format: 'sluice-processes/1', calls });
  const ask = async () => (await replay.run({ program: { ...sh, name: 'squeue' }, args: ['-h'] })).stdout.toString();
  assert.deepEqual([await ask(), await ask(), await ask()], ['first', 'second', 'second']);
});

test('an unknown call names itself and the nearest recorded call', async () => {
  const calls = [{ program: 'sacct', args: ['-X', '-p', '-j', '7'], code: 0, signal: null, stderr: '', stdout: '' }];
  const replay = replayProcesses({ format: 'sluice-processes/1', calls });
  const running = replay.stream({ program: { ...sh, name: 'sacct' }, args: ['-X', '-p', '-j', '8 9'] });
  await assert.rejects(running.ended, (error) => {
    assert.ok(isCode(error, 'process.missing'));
    assert.match(error.message, /sacct -X -p -j "8 9"$/);
    assert.match(error.hint ?? '', /sacct -X -p -j 7$/);
    return true;
  });
  await assert.rejects(async () => {
    for await (const _ of running.stdout) assert.fail('no bytes are expected');
  });
});

test('a typed error is recorded and replayed as the same error', async () => {
  const calls = await record(async (processes) => {
    await assert.rejects(processes.run({ program: missing, args: [] }));
  });
  const replay = replayProcesses({ format: 'sluice-processes/1', calls });
  await assert.rejects(replay.run({ program: missing, args: [] }), (error) => isCode(error, 'process.missing'));
});

test('a replayed stream comes in chunks and ends like a killed program when it is left early', async () => {
  const calls = [{ program: 'sh', args: [], code: 0, signal: null, stderr: 'e', stdout: 'abcdef' }];
  const replay = replayProcesses({ format: 'sluice-processes/1', calls }, { chunkBytes: 4 });
  const whole = replay.stream({ program: sh, args: [] });
  const chunks: string[] = [];
  for await (const chunk of whole.stdout) chunks.push(chunk.toString());
  assert.deepEqual(chunks, ['abcd', 'ef']);
  assert.equal((await whole.ended).code, 0);
  const left = replay.stream({ program: sh, args: [] });
  for await (const _ of left.stdout) break;
  assert.deepEqual(await left.ended, { code: null, signal: 'SIGTERM', stderr: 'e', durationMs: 0 });
});

test('a recording survives the file, plain and compressed; what is none is refused', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-recording-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const recording = {
    format: 'sluice-processes/1',
    about: 'a test',
    calls: [
      { program: 'sh', args: ['-c', 'x\n\u0001'], stdin: { base64: '/w==' }, code: null, signal: 'SIGKILL', stderr: '', stdout: 'ü' },
    ],
  } as const;
  for (const name of ['a.json', 'a.json.gz']) {
    writeRecording(join(dir, name), recording);
    assert.deepEqual(readRecording(join(dir, name)), recording);
  }
  assert.throws(
    () => readRecording(join(dir, 'none.json')),
    (error) => isCode(error, 'config.unreadable'),
  );
  for (const text of ['{', 'null', '[]', '{"format":"sluice-processes/1","calls":[{}]}', '{"format":"other","calls":[]}']) {
    writeFileSync(join(dir, 'bad.json'), text);
    assert.throws(
      () => readRecording(join(dir, 'bad.json')),
      (error) => isCode(error, 'data.invalid'),
    );
  }
});
