import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Processes, SluiceError, systemClock, systemProcesses } from '@sluice/io';
import { runSluice } from './program.ts';
import type { Surroundings } from './surroundings.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const noSlurm: Processes = {
  run: () => Promise.reject(new SluiceError('process.missing', 'scontrol is nowhere', { hint: 'Install it.' })),
  stream: () => {
    throw new SluiceError('process.missing', 'sacct is nowhere', { hint: 'Install it.' });
  },
};

async function sluice(args: readonly string[], changes: Partial<Surroundings> = {}): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const into = (lines: string[]) => ({
    write: (text: string) => {
      lines.push(text);
    },
    columns: undefined,
  });
  const code = await runSluice(args, {
    stdout: into(out),
    stderr: into(err),
    env: {},
    configFile: '/nonexistent/sluice.yaml',
    clock: systemClock(),
    processes: noSlurm,
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
    ...changes,
  });
  return { code, out: out.join(''), err: err.join('') };
}

test('--version prints that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await sluice(['--version']), { code: 0, out: `${version}\n`, err: '' });
});

test('an unknown command or option ends with 64 and names the nearest', async () => {
  for (const [args, nearest] of [
    [['slrum'], 'slurm'],
    [['slurm', 'nods'], 'nodes'],
    [['slurm', 'jobs', '--jsno'], '--json'],
    [['standin', 'cc-backend', '--lisen', 'x'], '--listen'],
  ] as const) {
    const { code, out, err } = await sluice(args);
    assert.deepEqual([code, out], [64, ''], args.join(' '));
    assert.match(err, new RegExp(`^sluice: unknown (command|option) .*\n\\(Did you mean ${nearest}\\?\\)`));
  }
});

test('no command at all shows the help and ends with 64', async () => {
  const { code, err } = await sluice([]);
  assert.equal(code, 64);
  assert.match(err, /Usage: sluice/);
});

test('every command has help with an example, on stdout, and ends with 0', async () => {
  const commands = [
    [],
    ['demo'],
    ['slurm', 'check'],
    ['slurm', 'jobs'],
    ['slurm', 'ended'],
    ['slurm', 'nodes'],
    ['slurm', 'allocations'],
    ['config', 'check'],
    ['config', 'show'],
    ['config', 'schema'],
    ['standin', 'cc-backend'],
  ];
  for (const command of commands) {
    const { code, out, err } = await sluice([...command, '--help']);
    assert.deepEqual([code, err], [0, ''], command.join(' '));
    assert.match(out, new RegExp(`Examples?:\n.*\\$ sluice ${command.join(' ')}`, 's'));
  }
});

test('help for a command of a command is that of the command', async () => {
  for (const command of [['slurm', 'check'], ['config'], ['standin', 'cc-backend'], []]) {
    assert.deepEqual(await sluice(['help', ...command]), await sluice([...command, '--help']), command.join(' '));
  }
  assert.deepEqual(await sluice(['slurm', 'help', 'check']), await sluice(['slurm', 'check', '--help']));
  for (const command of [['slrum'], ['slurm', 'chekc'], ['demo', 'more']]) {
    const { code, out, err } = await sluice(['help', ...command]);
    assert.deepEqual([code, out], [64, ''], command.join(' '));
    assert.match(err, new RegExp(`unknown command.*${command.at(-1)}`));
  }
});

test('the help of slurm names the exit codes of all that its commands can end with', async () => {
  const { out } = await sluice(['slurm', 'jobs', '--help']);
  const said = [...out.slice(out.indexOf('Exit codes')).matchAll(/\b\d{2,3}\b/g)].map(Number);
  for (const code of [64, 65, 69, 71, 74, 75, 76, 77, 78, 130, 143]) assert.ok(said.includes(code), String(code));
});

test('a name that is none is told with the option that gave it', async () => {
  for (const [option, shown] of [
    ['--account', 'x,y'],
    ['--user', 'a b'],
    ['--partition', ''],
  ] as const) {
    const { code, err } = await sluice(['slurm', 'ended', option, shown]);
    assert.equal(code, 64);
    assert.ok(err.startsWith(`sluice: ${option} ${JSON.stringify(shown)} `), err);
  }
});

test('an error says what and what to do on stderr, with the exit code of its kind', async () => {
  const { code, out, err } = await sluice(['slurm', 'jobs']);
  assert.deepEqual([code, out], [69, '']);
  assert.match(err, /^sluice: .*nowhere\n {2}hint: Install .*--bin-path or the key slurmBinPath.*\n$/);
  assert.match((await sluice(['slurm', 'jobs', '--debug'])).err, /\n +at /);
});

test('a fault of our own shows its stack, for whoever reports it', async () => {
  const processes: Processes = { run: () => Promise.reject(new TypeError('oops')), stream: () => ({}) as never };
  const { code, err } = await sluice(['slurm', 'jobs'], { processes });
  assert.equal(code, 70);
  assert.match(err, /oops[\s\S]*\n +at /);
});

test('values of options that make no sense end with 64 and say how to write them', async () => {
  for (const args of [
    ['slurm', 'ended', '--since', 'yesterday'],
    ['slurm', 'ended', '--since', '1h', '--until', '2h'],
    ['slurm', 'jobs', '--timeout', '0'],
    ['slurm', 'jobs', '--cluster', 'a,b'],
    ['standin', 'cc-backend', '--listen', 'nowhere'],
    ['standin', 'cc-backend', '--commit-interval', '0'],
  ]) {
    const { code, err } = await sluice(args);
    assert.equal(code, 64, args.join(' '));
    assert.match(err, new RegExp(`^sluice: ${args[2]} `));
  }
});

test('slurm check says a cause of all failures once, and what it did not ask for it', async () => {
  const { code, out, err } = await sluice(['slurm', 'check']);
  assert.deepEqual([code, err], [69, '']);
  const lines = out.trimEnd().split('\n').slice(1);
  assert.match(lines[0] ?? '', /^FAIL {2}Slurm’s commands: \w+ is nowhere$/);
  assert.match(lines[1] ?? '', /^ {6}.*--bin-path or the key slurmBinPath/);
  assert.match(lines[2] ?? '', /^skip {2}controllers, slurmdbd, release, .*history: not asked, for the same reason$/);
  assert.equal(lines.length, 3);
});

test('a long PATH does not bury the message', async () => {
  const { err } = await sluice(['slurm', 'jobs'], { processes: systemProcesses({ PATH: '/no/a:/no/b:/no/c:/no/d:/no/e' }) });
  assert.match(err, /none of the directories of PATH \(\/no\/a:\/no\/b:\/no\/c and 2 more\)\n/);
});

test('slurm check asks no more when Slurm finds no configuration', async () => {
  let calls = 0;
  const error = () => {
    calls += 1;
    return new SluiceError('slurm.unreachable', 'scontrol: fatal: Could not establish a configuration source');
  };
  const processes: Processes = {
    run: () => Promise.reject(error()),
    stream: () => {
      throw error();
    },
  };
  const { code, out } = await sluice(['slurm', 'check'], { processes });
  assert.deepEqual([code, out.match(/FAIL/g)?.length, calls], [69, 1, 1]);
});

test('slurm check names each question that failed for a reason of its own, and ends with 69', async () => {
  const error = () => new SluiceError('slurm.unreachable', 'Unable to contact slurm controller', { hint: 'See it.' });
  const processes: Processes = {
    run: () => Promise.reject(error()),
    stream: () => {
      throw error();
    },
  };
  const { code, out } = await sluice(['slurm', 'check'], { processes });
  assert.equal(code, 69);
  assert.match(out, /^FAIL {2}controllers: .*\n {6}See it\.$/m);
  assert.match(out, /^FAIL {2}slurmdbd: /m);
  assert.doesNotMatch(out, /^skip/m);
});

test('the stand-in runs until interrupted and answers with its token', async () => {
  const interrupt = new AbortController();
  let out = '';
  const stdout = {
    write: (text: string) => {
      out += text;
      if (out.includes('token:')) setImmediate(() => interrupt.abort());
    },
    columns: undefined,
  };
  const { code, err } = await sluice(['standin', 'cc-backend'], { stdout, interrupted: interrupt.signal });
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^address: http:\/\/127\.0\.0\.1:\d+\ntoken: {3}ey/);
});

test('the stand-in takes the clusters of a real answer, and keeps the key of its tokens beside its database', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-standin-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const clusters = join(dir, 'clusters.json');
  writeFileSync(clusters, JSON.stringify({ clusters: [{ name: 'alpha', subClusters: [{ name: 'cpu', nodes: 'node[01-04]' }] }] }));
  const database = join(dir, 'cc.db');
  const keys: string[] = [];
  for (let start = 0; start < 2; start++) {
    const interrupt = new AbortController();
    let out = '';
    const write = (text: string) => {
      out += text;
      if (out.includes('cluster:')) setImmediate(() => interrupt.abort());
    };
    const args = ['standin', 'cc-backend', '--clusters', clusters, '--database', database];
    const { code, err } = await sluice(args, { stdout: { write, columns: undefined }, interrupted: interrupt.signal });
    assert.deepEqual([code, err, /^cluster: alpha$/m.test(out)], [0, '', true]);
    keys.push(readFileSync(`${database}.key`, 'utf8'));
  }
  assert.equal(keys[0], keys[1]);
});

test('a door is loaded only when its command runs', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const rooms = new Set();
    registerHooks({ load(url, context, next) { const room = /packages\\/(\\w+)\\/src/.exec(url); if (room) rooms.add(room[1]); return next(url, context); } });
    const { runSluice } = await import(${JSON.stringify(import.meta.resolve('./program.ts'))});
    const { systemSurroundings } = await import(${JSON.stringify(import.meta.resolve('./surroundings.ts'))});
    await runSluice(['slurm', 'ended', '--help'], { ...systemSurroundings(), stdout: { write() {} } });
    console.log([...rooms].sort().join());`;
  const program = { name: process.execPath, timeoutMs: 120_000, inherit: [], maxOutputBytes: 1 << 20 };
  const args = ['--conditions=@sluice/source', '--input-type=module', '--eval', script];
  const { stdout, stderr } = await systemProcesses({}).run({ program, args });
  assert.equal(String(stdout), 'cli,io\n', stderr);
});
