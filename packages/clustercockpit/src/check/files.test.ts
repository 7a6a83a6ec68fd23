import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAdapterConfig } from '../config/load-adapter-config.ts';
import type { SystemUser } from './access.ts';
import { checkFiles, judgeFree } from './files.ts';
import { type CheckFinding, checkExitCode, saying } from './finding.ts';

const me: SystemUser = { name: 'me', uid: process.getuid?.() ?? 0, gids: [process.getgid?.() ?? 0] };
const other: SystemUser = { name: 'other', uid: 64_031, gids: [64_031] };

test('what must be read and written is judged for the user who will do it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  chmodSync(dir, 0o755);
  t.after(() => rmSync(dir, { recursive: true }));
  const [file, token, state] = [join(dir, 'config.json'), join(dir, 'token'), join(dir, 'state')];
  const keys = {
    ccRestUrl: 'http://cc',
    ccRestJwt: { file: token },
    lastRunPath: join(state, 'lastrun'),
    pidFilePath: join(dir, 'none', 'pid'),
    prepSockListenPath: `tcp:127.0.0.1:12345`,
  };
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  const { config } = await loadAdapterConfig({ file });
  const of = (user: SystemUser) => {
    const found: CheckFinding[] = [];
    checkFiles(
      config,
      file,
      user,
      saying('files', (finding) => found.push(finding)),
    );
    return found;
  };
  const missing = of(me);
  assert.deepEqual(
    missing.map(({ verdict, what }) => `${verdict} ${what}`),
    ['ok configuration', 'error ccRestJwt', 'error journalPath, lastRunPath', 'error pidFilePath'],
  );
  assert.equal(missing[2]?.mend, `install -d -o me -m 0750 ${state}`);
  assert.equal(checkExitCode(missing), 78);

  mkdirSync(state);
  mkdirSync(join(dir, 'none'));
  writeFileSync(token, 'x', { mode: 0o600 });
  assert.deepEqual([...new Set(of(me).map(({ verdict }) => verdict))], ['ok']);
  const refused = of(other);
  assert.deepEqual([...new Set(refused.map(({ verdict }) => verdict))], ['error']);
  assert.match(refused[0]?.says ?? '', /other may not read .*config\.json \(mode 0600, owner/);
  chmodSync(dir, 0o700);
  assert.match(of(other)[0]?.says ?? '', new RegExp(`other may not enter ${dir}$`));
});

test('the exit code is that of the worst error', () => {
  const finding = (verdict: CheckFinding['verdict'], exit?: number): CheckFinding => ({
    group: 'Slurm',
    verdict,
    what: 'x',
    says: 'y',
    ...(exit === undefined ? {} : { exit }),
  });
  assert.equal(checkExitCode([finding('ok'), finding('warning')]), 0);
  assert.equal(checkExitCode([finding('error', 69), finding('error', 77), finding('error', 75)]), 77);
  assert.equal(checkExitCode([finding('error', 77), finding('error', 78)]), 78);
  assert.equal(checkExitCode([finding('error', 75)]), 75);
});

test('a journal that cannot grow is an error, one that soon cannot a warning', () => {
  const of = (free: number) => {
    const found: CheckFinding[] = [];
    judgeFree(
      '/var/lib/x',
      free,
      saying('files', (finding) => found.push(finding)),
    );
    return found.map(({ verdict, says, exit }) => [verdict, says, exit]);
  };
  assert.deepEqual(of(10 * 2 ** 30), []);
  assert.deepEqual(of(100 * 2 ** 20), [['warning', 'its file system, that of /var/lib/x, has 100 MiB left', undefined]]);
  assert.deepEqual(of(0), [['error', 'its file system, that of /var/lib/x, has 0 B left', 73]]);
});
