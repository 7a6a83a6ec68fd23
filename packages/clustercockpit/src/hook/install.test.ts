import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hookScript } from './hook-script.ts';
import { installHook } from './install.ts';

test('the script is written whole and executable, another file is not overwritten unasked', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-install-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'hook.sh');
  const spool = join(directory, 'spool');
  const script = hookScript({ spool });

  const installed = installHook({ path, script, spool });
  assert.equal(installed.change, 'written');
  assert.deepEqual(installed.slurmConf, [`PrologSlurmctld=${path}`, `EpilogSlurmctld=${path}`]);
  assert.equal(readFileSync(path, 'utf8'), script);
  assert.equal(statSync(path).mode & 0o7777, 0o755);
  assert.deepEqual(readdirSync(directory), ['hook.sh']);
  assert.match(installed.notes.at(-1) ?? '', /spool does not exist.*install -d .*\/spool$/);
  mkdirSync(spool);
  assert.ok(!installHook({ path, script, spool }).notes.some((note) => note.includes('does not exist')));

  assert.equal(installHook({ path, script, spool }).change, 'unchanged');
  assert.equal(installHook({ path, script: hookScript({ spool: '/srv/hook' }), spool }).change, 'replaced');

  writeFileSync(path, '#!/bin/sh\nexit 0\n');
  assert.throws(() => installHook({ path, script, spool }), { code: 'data.invalid' });
  assert.equal(readFileSync(path, 'utf8'), '#!/bin/sh\nexit 0\n');
  assert.equal(installHook({ path, script, spool, force: true }).change, 'replaced');
  assert.throws(() => installHook({ path: join(directory, 'none', 'hook.sh'), script, spool }), {
    code: 'config.unreadable',
    hint: /directory/,
  });
  for (const odd of ['hook.sh', '/a b/hook.sh']) assert.throws(() => installHook({ path: odd, script, spool }), { code: 'usage' });
});
