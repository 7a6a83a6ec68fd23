import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemProcesses } from '@sluice/io';

const program = fileURLToPath(import.meta.resolve('./program.fixture.ts'));

/** Starts the fixture as a process of its own and hands over what it says, line by line. */
function start(t: TestContext, behaviour: string) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-program-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const node = { name: process.execPath, timeoutMs: 120_000, inherit: ['PATH', 'NODE_COMPILE_CACHE'], maxOutputBytes: 1_000_000 };
  const args = ['--conditions=@sluice/source', '--no-warnings', program, directory, behaviour];
  const child = systemProcesses(process.env).stream({ program: node, args });
  return { lines: createInterface({ input: Readable.from(child.stdout) })[Symbol.asyncIterator](), ended: child.ended };
}

async function pidOf(lines: AsyncIterator<string>): Promise<number> {
  const { value } = await lines.next();
  assert.match(String(value), /^ready \d+$/);
  return Number(String(value).slice('ready '.length));
}

test('a real process: SIGHUP reloads, SIGTERM drains, and it ends with 0', async (t) => {
  const { lines, ended } = start(t, 'serve');
  const pid = await pidOf(lines);
  process.kill(pid, 'SIGHUP');
  assert.equal((await lines.next()).value, 'reloaded');
  process.kill(pid, 'SIGTERM');
  assert.equal((await lines.next()).value, 'drained');
  assert.equal((await ended).code, 0);
});

test('a real process: a second SIGTERM ends it while it drains', async (t) => {
  const { lines, ended } = start(t, 'hang');
  const pid = await pidOf(lines);
  process.kill(pid, 'SIGTERM');
  assert.equal((await lines.next()).value, 'draining');
  process.kill(pid, 'SIGTERM');
  assert.equal((await ended).code, 143);
});

test('a real process: what nobody caught is logged on stderr and ends it with 70', async (t) => {
  for (const behaviour of ['throw', 'reject']) {
    const { lines, ended } = start(t, behaviour);
    await pidOf(lines);
    const { code, stderr } = await ended;
    assert.equal(code, 70);
    assert.match(stderr, /"level":"fatal".*on purpose/);
  }
});
