import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hookScript } from '@sluice/clustercockpit';
import { type Finished, systemClock, systemProcesses } from '@sluice/io';
import { type CcBackend, generateKeys, type JobRow, labCluster, mintToken, startCcBackend } from '@sluice/standins';
import { type Lab, LabUnavailable, startLab } from '../lab/lab.ts';
import { until } from './on-lab.ts';

/** Seconds after which this slurmctld forgets a job that has ended. */
const minJobAge = 5;
const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const lab = await forgetfulLab();

if (lab instanceof LabUnavailable) it('jobs while the daemon is away', { skip: lab.message });
else describe(`jobs while the daemon is away, on Slurm ${lab.release}`, () => whileAway(lab));

async function forgetfulLab(): Promise<Lab | LabUnavailable> {
  try {
    return await startLab({ suite: 'bookworm', minJobAge });
  } catch (error) {
    if (error instanceof LabUnavailable) return error;
    throw error;
  }
}

function whileAway(lab: Lab): void {
  const clock = systemClock();
  const now = () => Math.floor(clock.now() / 1000);
  const keys = generateKeys();
  const state = join(lab.dir, 'cc');
  const spool = join(state, 'spool');
  const configFile = join(state, 'config.json');
  let backend: CcBackend;
  let shared = 0;
  let later = 0;

  async function cc(...args: string[]): Promise<Finished & { readonly text: string }> {
    const program = { name: process.execPath, timeoutMs: 300_000, inherit: [], env: lab.env, maxOutputBytes: 1 << 24 };
    const finished = await systemProcesses({}).run({
      program,
      args: ['--conditions=@sluice/source', main, 'cc', ...args, '-c', configFile],
    });
    return { ...finished, text: finished.stdout.toString('utf8') };
  }

  before(async () => {
    mkdirSync(spool, { recursive: true });
    chmodSync(spool, 0o777);
    backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock, commitIntervalMs: 200 });
    const token = join(state, 'token');
    writeFileSync(token, mintToken(keys, { name: 'sluice', roles: ['api'] }, now()), { mode: 0o600 });
    const config = {
      pidFilePath: join(state, 'pid'),
      prepSockListenPath: join(state, 'sock'),
      lastRunPath: join(state, 'lastrun'),
      ccRestUrl: backend.url,
      ccRestJwt: { file: token },
      ccCommitInterval: 1,
      spoolPath: spool,
      slurmBinPath: lab.binPath(),
      slurmConf: lab.conf,
    };
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  });
  after(async () => {
    await backend.stop();
    await lab.down();
  });

  /** What slurmctld would run: the hook's script with the variables that it sets. */
  async function hook(context: 'prolog_slurmctld' | 'epilog_slurmctld', jobId: number): Promise<void> {
    const env = { SLURM_JOB_ID: String(jobId), SLURM_CLUSTER_NAME: 'labcluster', SLURM_SCRIPT_CONTEXT: context };
    const program = { name: 'sh', dir: '/bin', timeoutMs: 120_000, inherit: [], env, maxOutputBytes: 1 << 16 };
    const { code } = await systemProcesses({}).run({ program, args: [join(state, 'hook.sh')] });
    assert.equal(code, 0);
  }

  const spooled = () => readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.event'));
  const rowOf = (jobId: number): JobRow | undefined => backend.rows('job').find((row) => row.job_id === jobId);

  it('the allocation of a job that begins and is forgotten meanwhile is kept, and delivered afterwards', async () => {
    writeFileSync(join(state, 'hook.sh'), hookScript({ spool }), { mode: 0o755 });
    // It ends when all has been asked that slurmctld soon forgets.
    const asked = join(lab.workDir, 'asked');
    const script = `#!/bin/sh\nuntil [ -e "${asked}" ]; do sleep 0.5; done\n`;
    shared = await lab.submit('alice', ['-o', '/dev/null', '-n1', '-c2', '-p', 'cpu', '-w', 'node02'], script);
    await until('the job runs', async () => (await lab.ask('squeue', ['-h', '-t', 'R', '-o', '%A'])) === String(shared));
    await hook('prolog_slurmctld', shared);
    assert.equal(spooled().length, 1);
    const collected = await cc('collect', '--linger', '0');
    assert.equal(collected.code, 0, collected.stderr);
    writeFileSync(asked, '');
    assert.equal(spooled().length, 0, 'what has been asked about leaves the spool');
    assert.deepEqual(backend.rows('job_cache'), [], 'nothing is delivered');
    await until('slurmctld has forgotten the job', async () => (await lab.run('scontrol', ['show', 'job', String(shared)])).code !== 0);

    const stopping = new AbortController();
    const daemon = systemProcesses({}).run({
      program: { name: process.execPath, timeoutMs: 900_000, inherit: [], env: lab.env, maxOutputBytes: 1 << 24 },
      args: ['--conditions=@sluice/source', main, 'cc', 'daemon', '-c', configFile],
      signal: stopping.signal,
    });
    await until('start and stop stand there', async () => rowOf(shared)?.job_state === 'completed');
    const status = await cc('status', '--json');
    stopping.abort();
    await assert.rejects(daemon, 'it ran until it was ended');
    assert.match(status.text, /labcluster/);
    const row = rowOf(shared) as JobRow;
    const [resource] = JSON.parse(row.resources);
    assert.deepEqual([resource.hostname, resource.hwthreads?.length], ['node02', 2], 'it holds one core of two threads');
    assert.doesNotMatch(row.meta_data ?? '', /no longer knows/);
  });

  it('backfill brings in what was never observed, and says what it did', async () => {
    later = await lab.submit('bob', ['-o', '/dev/null', '-n1', '-p', 'cpu'], '#!/bin/sh\nexit 3\n');
    await until('accounting has its end', async () => /FAILED/.test(await lab.ask('sacct', ['-nX', '-j', String(later), '-o', 'State'])));
    const first = await cc('backfill', '--since', '1h', '--json');
    assert.equal(first.code, 0, first.stderr);
    const report = JSON.parse(first.text);
    assert.deepEqual([report.runs, report.sent, report.aside, report.whole], [2, 1, [], true]);
    const row = rowOf(later);
    assert.deepEqual([row?.job_state, row?.hpc_user], ['failed', 'bob']);
    const again = JSON.parse((await cc('backfill', '--since', '1h', '--json')).text);
    assert.deepEqual([again.runs, again.sent], [2, 0], 'a second time there is nothing to do');
  });

  it('backfill refuses a span that is none', async () => {
    const { code, stderr } = await cc('backfill', '--since', 'yesterday');
    assert.equal(code, 64);
    assert.match(stderr, /--since: "yesterday" is no time/);
  });
}
