import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ClusterSyncReport, SyncOutcome } from '@sluice/clustercockpit';
import { type Processes, SluiceError, systemClock } from '@sluice/io';
import { generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { runAs } from '../old-names.ts';
import { runSluice } from '../program.ts';
import type { Surroundings } from '../surroundings.ts';
import { jsonOf, outcomeLine, progressText, reportText } from './cc-sync-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cc-sync-'));
after(() => rmSync(folder, { recursive: true }));

function around(): { readonly surroundings: Surroundings; readonly out: string[]; readonly err: string[]; readonly programs: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const programs: string[] = [];
  const missing = (name: string) => {
    programs.push(name);
    return new SluiceError('process.missing', `${name} is nowhere`);
  };
  const path = (dir: string | undefined, name: string) => (dir === undefined ? name : join(dir, name));
  const processes: Processes = {
    run: ({ program }) => Promise.reject(missing(path(program.dir, program.name))),
    stream({ program }) {
      throw missing(path(program.dir, program.name));
    },
  };
  const into = (texts: string[]) => ({ write: (text: string) => void texts.push(text), columns: undefined });
  const surroundings: Surroundings = {
    stdout: into(out),
    stderr: into(err),
    env: {},
    configFile: '/nonexistent',
    clock: systemClock(),
    processes,
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
  };
  return { surroundings, out, err, programs };
}

function configFile(name: string, keys: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  return file;
}

const outcome = (what: 'start' | 'stop', jobId: number, result: SyncOutcome['result'], reason?: string): SyncOutcome => ({
  what,
  run: { cluster: 'alpha', jobId, start: 1_795_000_000 },
  result,
  ...(reason === undefined ? {} : { reason }),
});

const report: ClusterSyncReport = {
  cluster: 'alpha',
  ccCluster: 'Alpha2026',
  dryRun: false,
  running: 120,
  listed: 118,
  outcomes: [
    outcome('stop', 1, 'sent'),
    outcome('start', 2, 'sent'),
    outcome('start', 3, 'there'),
    outcome('start', 4, 'left out', 'its node list does not match node_regex'),
    outcome('start', 5, 'left out', 'its node list does not match node_regex'),
    outcome('start', 6, 'refused', 'no subcluster\nnames it'),
  ],
  limited: ['start'],
  rejects: 2,
  trouble: null,
  asked: null,
};

test('the report counts, gives reasons, and names the runs that need somebody', () => {
  assert.equal(
    reportText(report),
    `alpha (Alpha2026 in cc-backend)
  120  running in Slurm
  118  running in cc-backend before
    1  stopped
    1  started
    1  there already
    2  left out: its node list does not match node_regex
    1  refused: no subcluster\\nnames it
start of job 6, begun 2026-11-18 11:06:40: refused: no subcluster\\nnames it
The limit was reached at: start. The next sync goes on.
2 rows of Slurm could not be read.
`,
  );
  const dry = reportText({ ...report, ccCluster: 'alpha', dryRun: true, outcomes: [], limited: [], rejects: 0 });
  assert.match(dry, /^alpha: a dry run, nothing was sent\n.*\n.*\n +0 {2}to be stopped\n +0 {2}to be started\n/);
  const strays = Array.from({ length: 30 }, (_, index) => outcome('stop', index, 'stray', 'unknown'));
  assert.match(reportText({ ...report, outcomes: strays }), /^and 10 more; --json has them all$/m);
});

test('of the one job that was asked for it says what is so', () => {
  const of = (asked: ClusterSyncReport['asked']) => reportText({ ...report, outcomes: [], limited: [], rejects: 0, asked });
  assert.match(of({ jobId: 7, is: 'unknown' }), /^Slurm knows no job 7: neither slurmctld nor accounting/m);
  assert.match(of({ jobId: 7, is: 'waiting' }), /^Job 7 waits/m);
  assert.match(of({ jobId: 7, is: 'ended' }), /^Job 7 has ended, .*sluice cc backfill/m);
  assert.match(of({ jobId: 7, is: 'running' }), /^Job 7 runs/m);
  assert.match(of({ jobId: 7, is: 'unasked', reason: 'no\nanswer' }), /^Job 7 does not run, .*no\\nanswer$/m);
});

test('programs get the same, with the exit code', () => {
  const { exitCode, outcomes, trouble } = JSON.parse(jsonOf(report));
  assert.deepEqual([exitCode, outcomes.length, trouble], [65, 6, null]);
  const error = new SluiceError('http.unreachable', 'nobody listens', { hint: 'Look.' });
  const failed = JSON.parse(jsonOf({ ...report, trouble: error }));
  assert.deepEqual([failed.exitCode, failed.trouble], [69, { code: 'http.unreachable', message: 'nobody listens', hint: 'Look.' }]);
});

test('progress has a bar where it is known how much there is', () => {
  assert.equal(progressText({ step: 'asking Slurm', done: 0, of: 0 }), 'asking Slurm …');
  assert.equal(progressText({ step: 'stopping', done: 5, of: 10 }), '[##########..........] stopping: 5 of 10');
});

test('a line per job says what became of it', () => {
  assert.equal(outcomeLine(outcome('stop', 7, 'sent')), 'stop of job 7, begun 2026-11-18 11:06:40: sent');
});

test('wrong numbers are usage errors, a configuration that is not there or wrong ends with 78', async () => {
  for (const [args, code, says] of [
    [['-l', '0'], 64, /--limit: "0" is no whole number above 0/],
    [['-j', '5_1'], 64, /--jobid: "5_1"/],
    [['--direction', 'up'], 64, /Allowed choices are both, start, stop/],
    [['-c', join(folder, 'none.json')], 78, /none\.json/],
    [['-c', configFile('bad.json', { clustername: 'c' })], 78, /cc-backend/],
  ] as const) {
    const { surroundings, err } = around();
    assert.equal(await runSluice(['cc', 'sync', ...args], surroundings), code, args.join(' '));
    assert.match(err.join(''), says);
  }
});

test('Slurm’s commands are run from where the configuration has them, by the old name of the program, too', async () => {
  const keys = generateKeys();
  const clock = systemClock();
  const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock });
  const apikey = mintToken(keys, { name: 'sluice', roles: ['api'] }, Math.floor(clock.now() / 1000));
  const slurm = { squeue: '/opt/slurm/bin/squeue', scontrol: '/usr/local/bin/scontrol-24' };
  const file = configFile('good.json', { clustername: 'labcluster', slurm, 'cc-backend': { host: `${backend.url}/api/`, apikey } });
  try {
    for (const run of [
      (surroundings: Surroundings) => runSluice(['cc', 'sync', '--debug', '--config', file], surroundings),
      (surroundings: Surroundings) => runAs('slurm-clusercockpit-sync.py', ['-dc', file, '--limi=5'], surroundings),
    ]) {
      const { surroundings, err, out, programs } = around();
      assert.equal(await run(surroundings), 69);
      assert.match(err.join(''), /is nowhere/);
      assert.deepEqual([out, programs[0]], [[], '/usr/local/bin/scontrol-24']);
    }
  } finally {
    await backend.stop();
  }
});

test('the old name takes argparse’s forms, and no other name is known', async () => {
  const help = around();
  assert.equal(await runAs('slurm-clusercockpit-sync.py', ['--he'], help.surroundings), 0);
  assert.match(help.out.join(''), /^usage: slurm-clusercockpit-sync\.py /);
  const wrong = around();
  assert.equal(await runAs('slurm-clusercockpit-sync.py', ['-l', 'many'], wrong.surroundings), 2);
  assert.match(wrong.err.join(''), /invalid int value: 'many'/);
  const other = around();
  assert.equal(await runAs('other', [], other.surroundings), 64);
  assert.match(other.err.join(''), /it can be .*slurm-clusercockpit-sync\.py/);
});
