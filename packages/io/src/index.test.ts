import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemProcesses } from './process-system.ts';

test('importing the room starts nothing, changes no global and loads no HTTP library', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import { Socket } from 'node:net';
    const { connect } = Socket.prototype;
    const held = () => process.getActiveResourcesInfo().filter((kind) => /^(Timeout|TCP|UDP|Process|FSEvent|StatWatcher|MessagePort|Worker)/.test(kind));
    const state = () => [Object.getOwnPropertyNames(globalThis).length, held(), process.eventNames().length];
    const before = state();
    await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)});
    await new Promise((resolve) => setImmediate(resolve));
    const after = state();
    const undici = Object.keys(createRequire('/').cache).filter((path) => path.includes('undici')).length;
    console.log(JSON.stringify({ before, after, undici, guarded: Socket.prototype.connect !== connect }));`;
  const program = { name: process.execPath, timeoutMs: 60_000, inherit: [], maxOutputBytes: 100_000 };
  const { stdout, stderr } = await systemProcesses({}).run({
    program,
    args: ['--conditions=@sluice/source', '--input-type=module', '-e', script],
  });
  const { before, after, undici, guarded } = JSON.parse(stdout.toString() || JSON.stringify({ stderr }));
  assert.deepEqual({ after, undici, guarded }, { after: before, undici: 0, guarded: false });
});
