/**
 * How long slurmctld waits for the hook, and what the daemon pays for it: `node --conditions=@sluice/source bench/hook/run.ts [runs]`.
 * Each situation runs in turn with /bin/true, which is what no hook at all could beat. With --record the figures become last-run.json.
 * The full disk is a small tmpfs and needs root; without it that line is left out.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hookScript } from '@sluice/clustercockpit';
import { bundleAdapter } from '../../scripts/package/bundle-adapter.ts';
import { launcher } from '../../scripts/package/tree.ts';
import { quantile, record, rounded } from '../recorded.ts';
import { timed } from '../timed-program.ts';

const runs = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 200);
const root = mkdtempSync(join(tmpdir(), 'sluice-bench-hook-'));
const hookDirectory = join(import.meta.dirname, '../../packages/clustercockpit/src/hook');
const recorded: Record<string, Record<string, string>> = JSON.parse(readFileSync(join(hookDirectory, 'recordings/25.05.json'), 'utf8'));
const environment = { ...recorded['comments.epilog-ctld'] };
/** Figures of a busy machine say little; the load says how busy it was. */
const loadBefore = rounded(loadavg()[0] ?? 0, 1);
const atEnd: (() => void)[] = [];

interface Situation {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Client runs cost a Node each: half of them. */
  readonly share?: number;
}

interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Median of the difference to the run of /bin/true beside it: what is left when starting a process costs nothing. */
  readonly overTrueMs: number;
  readonly timesTrue: number;
}

try {
  const situations = [...scripts(), ...(await clients())];
  const timings = situations.map(measured);
  console.log(`the hook, ${runs} runs each beside /bin/true (the client half of them)`);
  console.table(timings);
  const reader: unknown = JSON.parse(
    spawnSync(process.execPath, [...process.execArgv, join(import.meta.dirname, 'reader.ts'), root]).stdout.toString(),
  );
  console.table(reader);
  record({ loadBefore, runs, timings, reader }, import.meta.dirname);
} finally {
  for (const end of atEnd.reverse()) end();
  rmSync(root, { recursive: true, force: true });
}

function scripts(): Situation[] {
  const dash: string = '/bin/sh';
  const spoolOf = (name: string) => {
    const spool = join(root, name);
    mkdirSync(spool);
    const script = `${spool}.sh`;
    writeFileSync(script, hookScript({ spool }), { mode: 0o755 });
    return { spool, script };
  };
  const ready = spoolOf('ready');
  const crowded = spoolOf('crowded');
  // In a process of its own: what it leaves in memory would make every start of a program dearer.
  spawnSync(process.execPath, [...process.execArgv, join(import.meta.dirname, 'fill.ts'), crowded.spool], {
    env: environment,
    stdio: 'inherit',
  });
  const full = spoolOf('full');
  writeFileSync(join(full.spool, 'written'), '');
  truncateSync(join(full.spool, 'written'), 262_144);
  const missing = spoolOf('missing');
  rmSync(missing.spool, { recursive: true });
  const disk = spoolOf('disk');
  const mounted = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk.spool], { stdio: 'ignore' }).status === 0;
  if (mounted) {
    atEnd.push(() => spawnSync('/bin/umount', ['-l', disk.spool]));
    spawnSync(disk.script, { env: environment });
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk.spool, 'filler')}`, 'bs=1k', 'count=256'], { stdio: 'ignore' });
  }
  return [
    { name: 'script, sh of this machine', command: [dash, ready.script] },
    ...(existsSync('/bin/bash') ? [{ name: 'script, bash as sh', command: ['/bin/bash', '--posix', ready.script] } as const] : []),
    { name: 'script, daemon dead, 100,000 events wait', command: [dash, crowded.script] },
    { name: 'script, spool full', command: [dash, full.script] },
    { name: 'script, spool missing', command: [dash, missing.script] },
    ...(mounted ? [{ name: 'script, disk full', command: [dash, disk.script] } as const] : []),
  ];
}

async function clients(): Promise<Situation[]> {
  const client = await installed();
  const spool = join(root, 'client');
  mkdirSync(spool);
  const socket = join(root, 'listening.sock');
  const listening = await child(join(hookDirectory, 'listening.fixture.ts'), socket);
  const stopped = await child(join(hookDirectory, 'listening.fixture.ts'), join(root, 'stopped.sock'));
  process.kill(stopped.pid, 'SIGSTOP');
  const busy = await child(join(hookDirectory, 'crowded.fixture.ts'));
  process.kill(busy.pid, 'SIGSTOP');
  for (let n = 0; n < 8; n += 1) {
    const connection = createConnection({ host: '127.0.0.1', port: busy.port });
    connection.on('error', () => {});
    atEnd.push(() => connection.destroy());
  }
  for (const { pid } of [listening, stopped, busy]) atEnd.push(() => process.kill(pid, 'SIGKILL'));
  const to = (name: string, prepSockConnectPath: string, spoolPath: string): Situation => {
    const config = join(root, `${name.replaceAll(/\W+/g, '-')}.json`);
    writeFileSync(config, JSON.stringify({ prepSockConnectPath, spoolPath }));
    return { name, command: [client, '-config', config], share: 0.5 };
  };
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  return [
    { name: 'node -e 0 (what Node itself takes)', command: [process.execPath, '-e', '0'], share: 0.5 },
    to('client, daemon listening', socket, spool),
    to('client, dead socket, into the spool', join(root, 'dead.sock'), spool),
    to('client, dead TCP port, no spool', `tcp:127.0.0.1:${port}`, join(root, 'no-spool')),
    to('client, daemon stopped', join(root, 'stopped.sock'), spool),
    to('client, daemon stopped, its queue full (TCP)', `tcp:127.0.0.1:${busy.port}`, spool),
  ];
}

/** cc-slurm-adapter as packages install it, with its launcher. */
async function installed(): Promise<string> {
  const workspace = join(import.meta.dirname, '../..');
  const lib = join(root, 'installed', 'lib', 'sluice');
  mkdirSync(lib, { recursive: true });
  writeFileSync(join(lib, 'cc-slurm-adapter.cjs'), await bundleAdapter(workspace, './sluice.mjs', 'cjs'));
  symlinkSync(process.execPath, join(lib, 'node'));
  const program = join(root, 'installed', 'bin', 'cc-slurm-adapter');
  mkdirSync(join(root, 'installed', 'bin'));
  writeFileSync(program, launcher(workspace, 'cc-slurm-adapter'), { mode: 0o755 });
  return program;
}

async function child(file: string, ...args: readonly string[]): Promise<{ readonly pid: number; readonly port: number }> {
  const started = spawn(process.execPath, ['--conditions=@sluice/source', file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(started.stdout, 'data');
  started.stdout.resume();
  started.unref();
  return JSON.parse(String(line));
}

/** In turns with /bin/true, so that a busy moment of the machine falls on both. */
function measured({ name, command: [program, ...args], share = 1 }: Situation): Timing {
  const own: number[] = [];
  const idle: number[] = [];
  for (let run = 0; run < Math.max(20, runs * share); run += 1) {
    own.push(timed(program, args, environment));
    idle.push(timed('/bin/true', [], environment));
  }
  const over = own.map((took, index) => took - (idle[index] ?? 0));
  return {
    name,
    medianMs: rounded(quantile(own, 0.5)),
    p99Ms: rounded(quantile(own, 0.99)),
    overTrueMs: rounded(quantile(over, 0.5)),
    timesTrue: rounded(quantile(own, 0.5) / quantile(idle, 0.5)),
  };
}
