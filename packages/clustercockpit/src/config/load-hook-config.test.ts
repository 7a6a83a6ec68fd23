import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type HookConfig, loadHookConfig } from './load-hook-config.ts';

let dir = '';
const defaults: HookConfig = {
  connect: { kind: 'unix', path: '/run/cc-slurm-adapter/daemon.sock' },
  spoolPath: '/var/spool/sluice/clustercockpit',
};

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
  assert.deepEqual(await loadHookConfig(write('blank.json', '{"prepSockConnectPath":""}')), { ...defaults, connect: null });
  assert.deepEqual(await loadHookConfig(write('c.yaml', 'spoolPath: /spool\n')), { ...defaults, spoolPath: '/spool' });
});

test('without a file that it may read, the hook goes to the default socket', async () => {
  const directory = join(dir, 'unreadable.json');
  mkdirSync(directory);
  assert.deepEqual(await loadHookConfig(undefined, directory), defaults);
  assert.deepEqual(await loadHookConfig(undefined, join(dir, 'none.json')), defaults);
  assert.match(String(await loadHookConfig(join(dir, 'none.json'))), /none\.json cannot be read \(ENOENT\)/);
});

test('what the hook cannot use is said', async () => {
  assert.match(String(await loadHookConfig(write('a.json', '[]'))), /a\.json is no mapping/);
  assert.match(
    String(await loadHookConfig(write('b.json', '{"prepSockConnectPath":"tcp:1"}'))),
    /prepSockConnectPath: "1" is not address:port/,
  );
  assert.match(String(await loadHookConfig(write('d.json', '{"spoolPath":5}'))), /spoolPath is not a text/);
});
