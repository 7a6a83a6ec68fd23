import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { SluiceError, systemClock } from '@sluice/io';
import { runSluice } from '../program.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cc-commands-'));
after(() => rmSync(folder, { recursive: true }));

const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzbHVybSIsInJvbGVzIjpbImFwaSJdLCJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl';
const password = 'Tulpenzwiebel17';

function configFile(name: string, keys: object = {}): string {
  const file = join(folder, name);
  const base = {
    ccRestUrl: 'http://127.0.0.1:1',
    ccRestJwt: token,
    natsServer: '127.0.0.1',
    natsPort: 1,
    natsUser: 'sluice',
    natsPassword: password,
    lastRunPath: join(folder, 'lastrun'),
    pidFilePath: join(folder, 'pid'),
    prepSockListenPath: join(folder, 'sock'),
    spoolPath: join(folder, 'spool'),
  };
  writeFileSync(file, JSON.stringify({ ...base, ...keys }), { mode: 0o600 });
  return file;
}

/** Runs a command on a machine without Slurm, with nobody at the other ends. */
async function sluice(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const into = (texts: string[]) => ({ write: (text: string) => void texts.push(text), columns: undefined });
  const missing = new SluiceError('process.missing', 'scontrol is nowhere', { hint: 'Install it.' });
  const code = await runSluice(args, {
    stdout: into(out),
    stderr: into(err),
    env: {},
    configFile: '/nonexistent/sluice.yaml',
    clock: systemClock(),
    processes: {
      run: () => Promise.reject(missing),
      stream() {
        throw missing;
      },
    },
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
  });
  return { code, out: out.join(''), err: err.join('') };
}

describe('sluice cc', () => {
  it('a configuration that was named must exist, and hold; the daemon says what is wrong and ends with 78', async () => {
    const gone = await sluice('cc', 'daemon', '-c', join(folder, 'nowhere.json'));
    assert.deepEqual([gone.code, /nowhere\.json does not exist/.test(gone.err)], [78, true], gone.err);
    const wrong = await sluice('cc', 'daemon', '-c', configFile('wrong.json', { ccRestUrl: 'ftp://x', slurmPollInterval: 'often' }));
    assert.equal(wrong.code, 78);
    assert.match(wrong.err, /2 errors:\n.*wrong\.json:\d+:\d+: (?:ccRestUrl|slurmPollInterval): /);
    assert.match((await sluice('cc', 'daemon', '-c', configFile('levels.json'), '--log-level', 'loud')).err, /is no level/);
  });

  it('no secret in what check and status print, in either form', async () => {
    const config = configFile('secrets.json');
    for (const args of [['check'], ['check', '--json'], ['status'], ['status', '--json']]) {
      const { out, err } = await sluice('cc', ...args, '-c', config);
      assert.ok(out.length + err.length > 0, args.join(' '));
      for (const secret of [token, token.slice(-12), password]) assert.ok(!(out + err).includes(secret), `${args.join(' ')}: ${out}${err}`);
    }
    assert.match((await sluice('cc', 'check', '-c', config)).out, /expired.*2023-.*cc-backend -jwt slurm/s);
  });

  it('hook: the script is printed, or written with the lines for slurm.conf, also before there is a whole configuration', async () => {
    const config = join(folder, 'spool-alone.json');
    writeFileSync(config, JSON.stringify({ spoolPath: '/var/spool/elsewhere' }), { mode: 0o600 });
    const { code, out } = await sluice('cc', 'hook', '--print', '-c', config);
    assert.deepEqual([code, out.startsWith('#!/bin/sh'), out.includes('/var/spool/elsewhere')], [0, true, true], out.slice(0, 200));
    const path = join(folder, 'hook.sh');
    const installed = await sluice('cc', 'hook', '--install', path, '-c', config);
    assert.equal(installed.code, 0, installed.err);
    assert.match(installed.out, new RegExp(`PrologSlurmctld=${path}\n.*EpilogSlurmctld=${path}`));
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o111], [out, 0o111]);
    writeFileSync(join(folder, 'other.sh'), '#!/bin/sh\n');
    assert.equal((await sluice('cc', 'hook', '--print', '--max-events', 'many', '-c', config)).code, 64);
    assert.notEqual((await sluice('cc', 'hook', '--install', join(folder, 'other.sh'), '-c', config)).code, 0);
  });

  it('retry wants jobs or all of them; backfill wants times', async () => {
    const config = configFile('retry.json');
    assert.equal((await sluice('cc', 'retry', '-c', config)).code, 64);
    assert.equal((await sluice('cc', 'retry', 'x7', '-c', config)).code, 64);
    for (const jobs of ['--all', '4711']) {
      const { code, out } = await sluice('cc', 'retry', jobs, '-c', config);
      assert.equal(code, 1);
      assert.match(out, /^The daemon has never run with this configuration: there is no .*journal\.db\.\n$/, 'another may be meant');
    }
    for (const [since, until] of [
      ['tomorrow', '1d'],
      ['2026-11-02', '2026-11-01'],
    ] as const) {
      const { code, err } = await sluice('cc', 'backfill', '--since', since, '--until', until, '-c', config);
      assert.equal(code, 64, err);
    }
    assert.match((await sluice('cc', 'backfill', '--since', '1d', '-c', config)).err, /scontrol is nowhere\n.*Install it/);
  });
});
