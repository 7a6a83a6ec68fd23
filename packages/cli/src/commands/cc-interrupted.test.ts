import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Processes, SluiceError, systemClock } from '@sluice/io';
import { runSluice } from '../program.ts';
import { Interrupted, type Surroundings } from '../surroundings.ts';

let folder = '';
let interrupt = new AbortController();
let asked = 0;
/** Whoever asks this cc-backend is interrupted, and gets no answer. */
const server = createServer(() => {
  asked++;
  interrupt.abort(new Interrupted('interrupted by SIGINT', 130));
});

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cc-interrupted-'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const daemon = { ccRestUrl: address, ccRestJwt: 'x', ccRestTimeout: 3000, lastRunPath: join(folder, 'lastrun') };
  const sync = { clustername: 'alpha', 'cc-backend': { host: address, apikey: 'x', timeout: 3000 } };
  for (const [name, keys] of Object.entries({ daemon, sync })) writeFileSync(join(folder, name), JSON.stringify(keys), { mode: 0o600 });
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  interrupt = new AbortController();
  asked = 0;
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write(text: string) {
      texts[name] += text;
    },
    columns: undefined,
  });
  const missing = () => new SluiceError('process.missing', 'it is nowhere');
  const processes: Processes = {
    run: () => Promise.reject(missing()),
    stream() {
      throw missing();
    },
  };
  const around: Surroundings = {
    stdout: into('out'),
    stderr: into('err'),
    env: {},
    configFile: '/nonexistent',
    clock: systemClock(),
    processes,
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: interrupt.signal,
    leaveSignals() {},
  };
  return { code: await runSluice(args, around), ...texts };
}

test('an interruption ends the first question of a backfill, which says how to go on', { timeout: 120_000 }, async () => {
  const { code, out } = await run(['cc', 'backfill', '--config', join(folder, 'daemon'), '--cluster', 'alpha', '--since', '30d']);
  assert.deepEqual([code, asked], [75, 1]);
  assert.match(out, /It was interrupted\. To go on from here, name the same span: --since \S+ --until \S+\n$/);
});

test('an interruption ends the first question of a sync', { timeout: 120_000 }, async () => {
  assert.deepEqual(await run(['cc', 'sync', '--config', join(folder, 'sync')]), { code: 130, out: '', err: '' });
  assert.equal(asked, 1);
});
