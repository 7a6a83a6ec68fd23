import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isCode } from '@sluice/io';
import { loadHookConfig } from './load-hook-config.ts';

let dir = '';
const defaults = { connect: { kind: 'unix', path: '/run/cc-slurm-adapter/daemon.sock' }, spoolPath: '/var/spool/sluice/clustercockpit' };

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-hook-config-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

test('the hook reads its keys whatever else is wrong in the file', async () => {
  const file = write('c.json', '{"ccRestUrl":5,"ignoreHosts":"(","PREPSOCKCONNECTPATH":"tcp:[::1]:12345","spoolPath":null}');
  assert.deepEqual(await loadHookConfig(file), { ...defaults, connect: { kind: 'tcp', host: '::1', port: 12_345 } });
  assert.equal((await loadHookConfig(write('blank.json', '{"prepSockConnectPath":""}'))).connect, null);
  assert.equal((await loadHookConfig(write('c.yaml', 'spoolPath: /spool\n'))).spoolPath, '/spool');
});

test('without a file that it may read, the hook goes to the default socket', async () => {
  const directory = join(dir, 'unreadable.json');
  mkdirSync(directory);
  assert.deepEqual(await loadHookConfig(undefined, directory), defaults);
  assert.deepEqual(await loadHookConfig(undefined, join(dir, 'none.json')), defaults);
  await assert.rejects(loadHookConfig(join(dir, 'none.json')), (error) => isCode(error, 'config.unreadable'));
});

test('what the hook cannot use is said', async () => {
  await assert.rejects(loadHookConfig(write('a.json', '[]')), /a\.json is no mapping/);
  await assert.rejects(loadHookConfig(write('b.json', '{"prepSockConnectPath":"tcp:1"}')), /prepSockConnectPath: "1" is not address:port/);
  await assert.rejects(loadHookConfig(write('d.json', '{"spoolPath":5}')), /spoolPath is not a text/);
});
