import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Finished, systemProcesses } from '@sluice/io';
import { type DemoRecording, shippedRecording } from './demo/demo-recording.ts';

const main = join(import.meta.dirname, 'main.ts');
let dir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function sluice(...args: string[]): Promise<Finished> {
  const program = { name: process.execPath, timeoutMs: 30_000, inherit: ['PATH'], maxOutputBytes: 1 << 20 };
  return systemProcesses(process.env).run({ program, args: ['--conditions=@sluice/source', main, 'demo', ...args] });
}

async function broken(name: string, change: (text: string) => string): Promise<{ readonly code: number | null; readonly text: string }> {
  const path = join(dir, `${name}.json`);
  const text = JSON.stringify(shippedRecording());
  const changed = change(text);
  assert.notEqual(changed, text, 'the test breaks nothing');
  writeFileSync(path, changed);
  const { code, stdout, stderr } = await sluice('--recording', path);
  return { code, text: `${stdout}${stderr}` };
}

const edit = (change: (recording: { -readonly [K in keyof DemoRecording]: DemoRecording[K] }) => void) => (text: string) => {
  const recording = JSON.parse(text);
  change(recording);
  return JSON.stringify(recording);
};

test('the demo ends well, with every recorded job in the stand-in', async () => {
  const { code, stdout, stderr } = await sluice();
  const text = String(stdout);
  const mend = 'If the connector asks Slurm otherwise now, record anew: npm run record:demo';
  assert.equal(code, 0, `${text}${stderr}${mend}`);
  const { expected } = shippedRecording();
  assert.ok(expected.length >= 10);
  for (const { jobId, state, hosts } of expected) {
    assert.match(text, new RegExp(`^ +${jobId}  ${state} .*${hosts[0]}: `, 'm'));
    assert.match(text, new RegExp(`start →  job ${jobId} `));
  }
  assert.match(text, new RegExp(`All ${expected.length} jobs stand there`));
  assert.deepEqual(new Set(expected.map(({ state }) => state)), new Set(['cancelled', 'completed', 'failed', 'running']));
});

test('the recording names no directory of the machine that made it', () => {
  assert.doesNotMatch(JSON.stringify(shippedRecording()), /sluice-lab|\/home\/|\/root\//);
});

test('a truth that does not stand there is named, and the demo fails', async () => {
  const change = edit((recording) => {
    recording.expected = recording.expected.map((job, index) => (index === 0 ? { ...job, state: 'timeout' } : job));
  });
  const { code, text } = await broken('state', change);
  assert.equal(code, 70);
  assert.match(text, /WRONG {2}job \d+: state is "completed", should be "timeout"/);
});

test('a question that was not recorded, or an answer cut off, makes the demo fail', async () => {
  const without = (program: string) =>
    edit((recording) => {
      const calls = (index: number) => recording.moments[index]?.recording.calls.filter((call) => call.program !== program) ?? [];
      recording.moments = recording.moments.map((moment, index) => ({
        ...moment,
        recording: { ...moment.recording, calls: calls(index) },
      }));
    });
  for (const program of ['squeue', 'sacct', 'scontrol']) {
    const { code, text } = await broken(`without-${program}`, without(program));
    assert.equal(code, 70, text);
    assert.match(text, /FAILED {3}/);
  }
  const cut = edit((recording) => {
    recording.moments = recording.moments.map((moment) => {
      const calls = moment.recording.calls.map((call) =>
        call.program === 'sacct' && call.args.includes('-X') && typeof call.stdout === 'string'
          ? { ...call, stdout: call.stdout.slice(0, -40) }
          : call,
      );
      return { ...moment, recording: { ...moment.recording, calls } };
    });
  });
  assert.equal((await broken('cut', cut)).code, 70);
});

test('a file that is no recording is named with its exit code', async () => {
  assert.deepEqual((await broken('json', (text) => text.slice(1))).code, 65);
  assert.equal((await broken('format', (text) => text.replace('sluice-demo/1', 'sluice-demo/9'))).code, 65);
  assert.equal((await sluice('--recording', join(dir, 'none.json'))).code, 78);
});
