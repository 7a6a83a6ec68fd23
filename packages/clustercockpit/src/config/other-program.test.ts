import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAdapterConfig } from './load-adapter-config.ts';
import { loadSyncConfig } from './sync-config.ts';

const example = (name: string) => readFileSync(new URL(`../../../../deploy/examples/${name}.json`, import.meta.url), 'utf8');

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.fail('it was taken'),
    (error: Error) => error.message,
  );
}

test('the file of the other program is recognised, and the command that reads it is named', async () => {
  for (const strict of [false, true]) {
    assert.equal(
      await messageOf(loadSyncConfig({ file: '/a/config.json', text: example('cc-slurm-adapter'), strict })),
      'the configuration has one error:\n  /a/config.json: this is the configuration of cc-slurm-adapter; what reads it is sluice cc daemon ' +
        '(to try it: sluice cc check --config /a/config.json). sluice cc sync takes that of cc-slurm-sync; --config names it',
    );
    assert.match(
      await messageOf(loadAdapterConfig({ file: '/s/config.json', text: example('cc-slurm-sync'), strict })),
      /one error:\n {2}\/s\/config\.json: this is the configuration of cc-slurm-sync; .*sluice cc sync --config \/s\/config\.json --dry-run/,
    );
  }
  assert.match(await messageOf(loadSyncConfig({ file: 'c.json', text: '{"CCRESTURL":"https://cc"}' })), /of cc-slurm-adapter;/);
});

test('a file that has keys of its own program, or of neither, is told what is wrong with it', async () => {
  const mixed = { clustername: 'c', ccRestUrl: 'https://cc', lastRunPath: '/l' };
  for (const keys of [mixed, {}, { colour: 1 }]) {
    const text = JSON.stringify(keys);
    assert.match(await messageOf(loadSyncConfig({ file: 'c.json', text })), /cc-backend: missing/);
    assert.match(await messageOf(loadAdapterConfig({ file: 'c.json', text })), /ccRest\w+: missing/);
  }
  assert.match(await messageOf(loadSyncConfig({ file: 'c.json', text: '{"ccRestUrl"' })), /one error:\n {2}c\.json:1:/);
});
