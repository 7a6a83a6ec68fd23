import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Call, type Finished, type Processes, SluiceError, systemClock, systemProcesses } from '@sluice/io';
import { readConfig } from '@sluice/service';
import { configuration } from './configuration.ts';
import { runSluice } from './program.ts';

const main = join(import.meta.dirname, 'main.ts');
const example = new URL('../../../deploy/examples/sluice.yaml', import.meta.url);
let dir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-config-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

async function child(...args: string[]): Promise<Finished & { readonly out: string }> {
  const program = { name: process.execPath, timeoutMs: 120_000, inherit: ['PATH', 'NODE_COMPILE_CACHE'], maxOutputBytes: 1 << 20 };
  const finished = await systemProcesses(process.env).run({ program, args: ['--conditions=@sluice/source', main, ...args] });
  return { ...finished, out: String(finished.stdout) };
}

/** Runs in this process, and keeps the calls to Slurm, of which none succeeds. */
async function sluice(args: readonly string[], { env = {}, configFile = join(dir, 'none.yaml') } = {}) {
  const calls: Call[] = [];
  const missing = (call: Call) => {
    calls.push(call);
    return new SluiceError('process.missing', 'there is no Slurm');
  };
  const processes: Processes = {
    run: (call) => Promise.reject(missing(call)),
    stream: (call) => {
      throw missing(call);
    },
  };
  const out: string[] = [];
  const err: string[] = [];
  const into = (texts: string[]) => ({ write: (text: string) => void texts.push(text), columns: undefined });
  const code = await runSluice(args, {
    stdout: into(out),
    stderr: into(err),
    env,
    configFile,
    clock: systemClock(),
    processes,
    userName: () => 'alice',
    nonce: () => 'abcdefgh12345678',
    interrupted: new AbortController().signal,
    leaveSignals() {},
  });
  return { code, out: out.join(''), err: err.join(''), calls };
}

const broken = ['slurmBinPath: opt/slurm', 'slurmConf: [1]', 'slurmTimeot: 9', 'slurmTimeout: soon', 'cluster: a,b', ''].join('\n');

test('every error of a configuration is named at once, with 78, by every command that reads it', async () => {
  const file = write('broken.yaml', broken);
  for (const args of [
    ['config', 'check', file],
    ['config', 'show', file],
    ['slurm', 'check', '--config', file],
    ['slurm', 'jobs', '--config', file],
  ]) {
    const { code, out, err: stderr } = await sluice(args);
    assert.deepEqual([code, out], [78, ''], args.join(' '));
    assert.deepEqual(stderr.replaceAll(file, 'F').trimEnd().split('\n'), [
      'sluice: warning: F:3:1: slurmTimeot: unknown key; did you mean "slurmTimeout"?',
      'sluice: the configuration has 4 errors:',
      '  F:1:1: slurmBinPath: expected an absolute path, found "opt/slurm"',
      '  F:2:1: slurmConf: expected a text, found a list',
      stderr.replaceAll(file, 'F').split('\n')[4],
      '  F:5:1: cluster: expected the name of one cluster, found "a,b"',
    ]);
    assert.match(stderr, /:4:1: slurmTimeout: expected a number of seconds .*found "soon"/);
  }
});

test('an unknown key warns, and with --strict is an error', async () => {
  const file = write('unknown.json', '{"slurmconf": "/a", "surprise": "s3cret"}');
  const lenient = await sluice(['config', 'check', file]);
  assert.deepEqual([lenient.code, lenient.out], [0, `${file}: no errors, 2 warnings\n`]);
  assert.match(lenient.err, /slurmconf: unknown key; did you mean "slurmConf"\?/);
  const strict = await child('config', 'check', '--strict', file);
  assert.equal(strict.code, 78);
  assert.match(strict.stderr, /2 errors:\n.*:1:2: slurmconf: unknown key.*\n.*surprise: unknown key\n$/);
  assert.equal((await sluice(['slurm', 'jobs', '--config', file, '--strict'])).code, 78);
  assert.equal((await sluice(['slurm', 'jobs', '--config', file])).code, 69);
  assert.doesNotMatch(lenient.err + strict.stderr, /s3cret/);
});

test('a file that is named must exist; the usual one need not', async () => {
  const named = await child('config', 'check', join(dir, 'none.yaml'));
  assert.equal(named.code, 78);
  assert.match(named.stderr, /^sluice: .*none\.yaml does not exist\n {2}hint: /);
  assert.equal((await sluice(['slurm', 'jobs', '--config', ''])).code, 64);
  assert.equal((await sluice(['slurm', 'jobs', '--config', join(dir, 'none.yaml')])).code, 78);
  assert.deepEqual(await sluice(['config', 'check']), {
    code: 0,
    out: `${join(dir, 'none.yaml')} does not exist: every key has its default\n`,
    err: '',
    calls: [],
  });
  const unusable = await sluice(['slurm', 'jobs'], { configFile: dir });
  assert.equal(unusable.code, 78);
  assert.match(unusable.err, /is a directory\n {2}hint: /);
});

test('text that is not YAML, not JSON or not UTF-8 is told with its place', async () => {
  for (const [name, content, says] of [
    ['text.yaml', 'slurmConf: [/a\ncluster: b\n', /text\.yaml:\d+:\d+: this is not YAML/],
    ['text.json', '{"slurmConf": "/a",}', /text\.json:1:20: this is not JSON/],
    ['latin.yaml', Buffer.from('cluster: caf\xe9', 'latin1'), /latin\.yaml is not UTF-8/],
    ['list.yaml', '- slurmConf', /list\.yaml:1:1: expected a mapping, found a list/],
    ['empty.yaml', '', /empty\.yaml: the file is empty/],
  ] as const) {
    const file = join(dir, name);
    writeFileSync(file, content);
    const { code, err } = await sluice(['config', 'check', file]);
    assert.equal(code, 78, name);
    assert.match(err, says);
  }
});

test('options win over the file, and the file over SLURM_CONF', async () => {
  const [fileConf, envConf, lineConf] = ['file.conf', 'env.conf', 'line.conf'].map((name) => write(name, '')) as [string, string, string];
  const [fileBin, lineBin] = [join(dir, 'file-bin'), join(dir, 'line-bin')];
  for (const bin of [fileBin, lineBin]) mkdirSync(bin);
  const configFile = write('usual.yaml', `slurmBinPath: ${fileBin}\nslurmConf: ${fileConf}\nslurmTimeout: 90s\ncluster: beta\n`);
  const env = { SLURM_CONF: envConf };
  const programOf = async (args: readonly string[], around: { env?: Record<string, string>; configFile?: string }) => {
    const { calls } = await sluice(['slurm', 'nodes', ...args], around);
    const { dir: bin, timeoutMs, env: variables } = calls[0]?.program ?? {};
    return [bin, variables?.['SLURM_CONF'], timeoutMs];
  };
  assert.deepEqual(await programOf([], { env, configFile }), [fileBin, fileConf, 90_000]);
  assert.deepEqual((await programOf([], { env })).slice(0, 2), [undefined, envConf]);
  const options = ['--bin-path', lineBin, '--conf', lineConf, '--timeout', '7'];
  assert.deepEqual(await programOf(options, { env, configFile }), [lineBin, lineConf, 7000]);

  const { out } = await sluice(['slurm', 'check', '-M', 'gamma', '--timeout', '2m'], { env, configFile });
  assert.deepEqual(out.split('\n').slice(0, 5), [
    `ok    configuration: ${configFile}`,
    `ok    slurmBinPath: ${fileBin} (${configFile})`,
    `ok    slurmConf: ${fileConf} (${configFile})`,
    'ok    cluster: gamma (--cluster)',
    'ok    slurmTimeout: 120 (--timeout)',
  ]);
});

test('a slurm.conf or a directory of commands that is not there is told before Slurm is asked, with what named it', async () => {
  const nowhere = join(dir, 'nowhere');
  const configFile = write('nowhere.yaml', `slurmConf: ${nowhere}\n`);
  const binFile = write('nobin.yaml', `slurmBinPath: ${nowhere}\n`);
  for (const [args, around, says] of [
    [['--conf', nowhere], {}, `--conf: ${nowhere} does not exist`],
    [['--conf', dir], {}, `--conf: ${dir} is a directory`],
    [['--conf', ''], {}, '--conf: the name is empty'],
    [[], { env: { SLURM_CONF: nowhere } }, `SLURM_CONF: ${nowhere} does not exist`],
    [[], { configFile }, `slurmConf of ${configFile}: ${nowhere} does not exist`],
    [['--bin-path', nowhere], {}, `--bin-path: ${nowhere} does not exist`],
    [['--bin-path', binFile], {}, `--bin-path: ${binFile} is no directory`],
    [[], { configFile: binFile }, `slurmBinPath of ${binFile}: ${nowhere} does not exist`],
  ] as const) {
    for (const command of ['jobs', 'check']) {
      const { code, err, calls } = await sluice(['slurm', command, ...args], around);
      assert.deepEqual([code, calls, err.split('\n')[0]], [78, [], `sluice: ${says}`]);
      assert.match(err, /hint: .*(?:--conf or the key slurmConf|--bin-path or the key slurmBinPath)/);
    }
  }
});

test('config show prints what is understood, and a file that everybody may read is no matter while it holds no secret', async () => {
  const file = write('show.yaml', 'slurmTimeout: 2m\ncluster: alpha\n');
  chmodSync(file, 0o644);
  const { code, out, err } = await sluice(['config', 'show', file]);
  assert.deepEqual([code, JSON.parse(out), err], [0, { slurmTimeout: 120, cluster: 'alpha' }, '']);
});

test('config schema is a JSON Schema of exactly the known keys, each with its meaning', async () => {
  const { code, out } = await sluice(['config', 'schema']);
  const schema = JSON.parse(out) as { properties: Record<string, { description: string }>; additionalProperties: boolean };
  assert.deepEqual([code, schema.additionalProperties], [0, false]);
  assert.deepEqual(Object.keys(schema.properties), Object.keys(configuration.shape));
  for (const { description } of Object.values(schema.properties)) assert.ok(description.length > 20);
});

test('the example is without a doubt, also with its comments taken as keys', async () => {
  const text = readFileSync(example, 'utf8');
  for (const one of [text, text.replaceAll(/^#(?=\w)/gm, '')]) {
    const { problems, warnings, value } = await readConfig(configuration, { text: one, strict: true });
    assert.deepEqual([problems, warnings], [[], []]);
    if (one !== text) assert.deepEqual(Object.keys(value ?? {}).sort(), Object.keys(configuration.shape).sort());
  }
});
