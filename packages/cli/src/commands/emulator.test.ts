import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock, systemProcesses } from '@sluice/io';
import { runSluice } from '../program.ts';

const main = join(import.meta.dirname, '../main.ts');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { code: status, stdout, stderr };
}

/** `up` starts a process of its own, and is one here; all others run in ours. */
async function emulator(...args: readonly string[]): Promise<Ended> {
  return args[0] === 'up' ? run(process.execPath, ['--conditions=@sluice/source', main, 'emulator', ...args]) : here(...args);
}

async function here(...args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const code = await runSluice(['emulator', ...args], {
    stdout: { columns: undefined, write: (text) => (stdout += text) },
    stderr: { columns: undefined, write: (text) => (stderr += text) },
    env: {},
    configFile: '/nonexistent/sluice.yaml',
    clock: systemClock(),
    processes: systemProcesses({}),
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals: () => {},
  });
  return { code, stdout, stderr };
}

describe('sluice emulator', () => {
  // What a shell must be told with care.
  let above: string;
  let directory: string;
  before(() => {
    above = mkdtempSync(join(tmpdir(), "sluice emulator's $HOME "));
    directory = join(above, 'cluster');
  });
  after(async () => {
    await emulator('down', '--dir', directory);
    rmSync(above, { recursive: true, force: true });
  });

  /** As a user does it: the words of `env` go through the shell. */
  const inShell = async (script: string) =>
    run('/bin/sh', ['-c', `${(await emulator('env', '--dir', directory)).stdout}${script}`], { SLUICE_EMULATOR_USER: 'alice' });
  const status = async () => JSON.parse((await emulator('status', '--json', '--dir', directory)).stdout);

  it('gives no shell the commands of a cluster that is not there', async () => {
    const { code, stdout, stderr } = await here('env', '--dir', join(above, 'never'));
    assert.deepEqual([code, stdout, stderr.includes('sluice emulator up --dir')], [64, '', true]);
  });

  it('refuses an address that it may not have before anything starts, and says of one that is taken who has it', async () => {
    const never = join(above, 'never');
    for (const words of [
      ['--control', '0.0.0.0:8080'],
      ['--control', 'nowhere'],
      ['--rest', 'nowhere'],
    ]) {
      const { code, stderr } = await here('up', '--dir', never, ...words);
      assert.deepEqual([code, existsSync(never)], [64, false], stderr);
    }
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await emulator('up', '--dir', join(above, 'taken'), '--rest', `127.0.0.1:${port}`);
    server.close();
    assert.equal(code, 71, stderr);
    assert.match(stderr, new RegExp(`slurmrestd cannot listen on 127\\.0\\.0\\.1:${port}: another program listens there\\n`));
  });

  it('is held from up to down, whoever is killed in between', async () => {
    assert.deepEqual([(await emulator('status', '--dir', directory)).code, (await emulator('down', '--dir', directory)).code], [69, 0]);
    const up = await emulator('up', '--dir', directory, '--rate', '0');
    assert.equal(up.code, 0, up.stderr);
    assert.match(up.stdout, /^cluster +labcluster, Slurm 24\.11\.7\n/);
    assert.deepEqual(await inShell("sbatch --parsable -H --wrap 'sleep 60'"), { code: 0, stdout: '1\n', stderr: '' });
    assert.match(
      (await inShell('squeue -h -o "%i %u %t"; grep ClusterName "$SLURM_CONF"')).stdout,
      /^1 alice PD\nClusterName=labcluster\n$/,
    );
    assert.equal(statSync(join(directory, 'token')).mode & 0o777, 0o600);

    const again = await emulator('up', '--dir', directory);
    assert.deepEqual([again.code, again.stderr.includes('holds the cluster')], [75, true]);
    await emulator('time', 'advance', '1h', '--dir', directory);
    const { pid, time } = await status();
    assert.equal((await emulator('down', '--dir', directory)).code, 0);
    assert.equal(existsSync(join(directory, 'token')), false);
    assert.equal((await inShell('squeue')).stderr, 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n');

    assert.equal((await emulator('up', '--dir', directory)).code, 0);
    const second = await status();
    assert.deepEqual([second.jobs, second.time, second.pid === pid], [{ PENDING: 1 }, time, false]);
    // What was answered is there again.
    assert.equal((await inShell("sbatch --parsable -H --wrap 'sleep 60'")).stdout, '2\n');
    process.kill(second.pid, 'SIGKILL');
    // Its token is still there, and nobody behind it.
    assert.equal((await inShell('squeue')).code, 1);
    assert.equal((await emulator('up', '--dir', directory)).code, 0);
    assert.deepEqual((await status()).jobs, { PENDING: 2 });
  });

  it('sets, lists and clears faults, and says which there are', async () => {
    assert.equal((await emulator('fault', 'set', 'slurmctld=down', 'slow=2s', '--dir', directory)).stdout, 'slurmctld=down\nslow=2000ms\n');
    assert.equal((await inShell('sinfo')).stderr, 'slurm_load_partitions: Unable to contact slurm controller (connect failure)\n');
    assert.equal((await emulator('fault', 'clear', 'slow', '--dir', directory)).stdout, 'slurmctld=down\n');
    assert.equal((await emulator('fault', 'clear', '--dir', directory)).stdout, 'no faults\n');
    const unknown = await emulator('fault', 'set', 'slurmdb=down', '--dir', directory);
    assert.equal(unknown.code, 64);
    assert.match(
      unknown.stderr,
      /^sluice: there is no fault "slurmdb"; there are slurmctld, .*empty and lag\n.*Did you mean slurmdbd\?\n$/,
    );
    const noValue = await emulator('fault', 'set', 'empty=7', '--dir', directory);
    assert.deepEqual([noValue.code, noValue.stderr], [64, 'sluice: fault set empty=7: the value of empty must be a share from 0 to 1\n']);
  });

  it('moves the time', async () => {
    assert.match((await emulator('time', 'set', '2030-01-01T00:00:00Z', '--dir', directory)).stdout, /^2030-01-01 00:00:00 UTC, rate 0\n$/);
    assert.match((await emulator('time', 'rate', '60', '--dir', directory)).stdout, /rate 60\n$/);
    assert.match((await emulator('time', 'stop', '--dir', directory)).stdout, /rate 0\n$/);
    assert.equal((await emulator('time', 'advance', 'soon', '--dir', directory)).code, 64);
  });

  it('takes no directory that holds something else, and leaves it as it was', async () => {
    const foreign = join(above, 'foreign');
    spawnSync('mkdir', [foreign]);
    writeFileSync(join(foreign, 'thesis.tex'), 'x');
    const { code, stderr } = await here('up', '--dir', foreign);
    assert.deepEqual([code, stderr.includes('thesis.tex')], [64, true]);
    assert.deepEqual([readdirSync(foreign), readFileSync(join(foreign, 'thesis.tex'), 'utf8')], [['thesis.tex'], 'x']);
  });

  const nobody = { uid: 65_534, gid: 65_534, encoding: 'utf8' } as const;
  const canBeNobody = process.getuid?.() === 0 && spawnSync('/bin/cat', [main], nobody).status === 0;
  it('is not stopped by another user', { skip: !canBeNobody && 'needs root, and a checkout that everybody can read' }, async () => {
    const own = mkdtempSync(join(tmpdir(), 'sluice-emulator-'));
    chmodSync(own, 0o755);
    try {
      assert.equal((await emulator('up', '--dir', join(own, 'cluster'))).code, 0);
      const args = ['--conditions=@sluice/source', main, 'emulator', 'down', '--dir', join(own, 'cluster')];
      const { status, stderr } = spawnSync(process.execPath, args, nobody);
      assert.match(stderr, /^sluice: process \d+, which holds the cluster of .*, is another user’s\n/);
      assert.equal(status, 77);
    } finally {
      await emulator('down', '--dir', join(own, 'cluster'));
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('names what is wrong with a configuration before anything starts', async () => {
    const file = join(above, 'cluster.yaml');
    writeFileSync(file, 'nodes: [{names: 7}]\n');
    const { code, stderr } = await here('up', '--dir', join(above, 'never'), '--config', file);
    assert.deepEqual([code, stderr.includes('nodes[0].names'), existsSync(join(above, 'never'))], [78, true, false]);
    assert.equal((await here('up', '--dir', join(above, 'never'), '--play', 'chess')).code, 64);
  });
});
