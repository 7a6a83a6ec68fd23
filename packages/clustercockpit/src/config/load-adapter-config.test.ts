import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isCode } from '@sluice/io';
import { problemLine } from '@sluice/service';
import type { AdapterConfig } from './adapter-config.ts';
import { type LoadAdapterConfigOptions, loadAdapterConfig, showAdapterConfig } from './load-adapter-config.ts';

let dir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-adapter-config-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const enough = { ccRestUrl: 'https://cc.example', ccRestJwt: 'abc.def' };

async function load(keys: object, options: LoadAdapterConfigOptions = {}) {
  const { config, warnings, settings } = await loadAdapterConfig({ file: 'c.json', text: JSON.stringify(keys), ...options });
  return { config, warnings: warnings.map(problemLine), settings };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.fail('it was taken'),
    (error: Error) => error.message,
  );
}

test('clusters are known by Slurm’s small letters, as slurm.conf may not write them', async () => {
  const { config } = await load({ ...enough, clusters: ['Alpha', 'beta'], clusterNames: { Alpha: 'Alpha2026' } });
  assert.deepEqual([config.clusters, [...config.clusterNames]], [['alpha', 'beta'], [['alpha', 'Alpha2026']]]);
});

test('every default is the program’s', async () => {
  const { config, warnings } = await load(enough);
  assert.deepEqual(warnings, []);
  const stock: Partial<AdapterConfig> = {
    pidFilePath: '/run/cc-slurm-adapter/daemon.pid',
    prepSockListenPath: { kind: 'unix', path: '/run/cc-slurm-adapter/daemon.sock' },
    prepSockConnectPath: { kind: 'unix', path: '/run/cc-slurm-adapter/daemon.sock' },
    lastRunPath: '/var/lib/cc-slurm-adapter/lastrun',
    slurmPollInterval: 60,
    slurmQueryDelay: 1,
    slurmQueryMaxSpan: 604_800,
    slurmMaxRetries: 10,
    ccPollInterval: 21_600,
    ccRestSubmitJobs: true,
    ccRestUrl: 'https://cc.example',
    ccRestJwt: { value: 'abc.def' },
    gpuAddresses: [],
    ignoreHosts: null,
    natsServer: null,
    natsPort: 4222,
    natsSubject: 'jobs',
    natsUser: null,
    natsPassword: null,
    natsCredsFile: null,
    natsNKeySeedFile: null,
  };
  assert.deepEqual({ ...config, ...stock }, config);
});

test('what Sluice adds is off or harmless where nothing is said', async () => {
  const { config } = await load(enough);
  const added: Partial<AdapterConfig> = {
    ccRestCaFile: null,
    ccRestTimeout: 30,
    ccRestConcurrency: 4,
    ccStopConcurrency: 2,
    ccCommitInterval: 120,
    startTag: null,
    requeuedJobs: 'keep-first',
    nodeStateInterval: 300,
    clusters: 'all',
    clusterNames: new Map(),
    hostnames: 'node',
    sendScript: true,
    sendSlurmInfo: true,
    sendComments: true,
    sendEnvironment: false,
    journalPath: '/var/lib/cc-slurm-adapter/journal.db',
    journalRetention: 14 * 86_400,
    spoolPath: '/var/spool/sluice/clustercockpit',
    controllerHost: null,
    operationsListen: null,
    slurmBinPath: null,
    slurmConf: null,
    slurmTimeout: null,
    natsJetStream: false,
    natsCaFile: null,
    natsTls: false,
  };
  assert.deepEqual({ ...config, ...added }, config);
});

test('a configuration of the program with every key is taken as it is', async () => {
  const text = readFileSync(new URL('./fixtures/every-key.json', import.meta.url), 'utf8');
  const { config, warnings } = await load({}, { text });
  assert.deepEqual(
    warnings.map((line) => line.replace(/^c\.json:\d+:\d+: /, '')),
    [
      'slurmQueryMaxRetries: this key is deprecated; "slurmMaxRetries" took its place',
      'natsNKeySeedFile: natsCredsFile is given too and is used instead: leave one of them out (found "/etc/cc-slurm-adapter/seed.nkey")',
    ],
  );
  assert.equal(config.slurmMaxRetries, 5);
  assert.equal(config.journalPath, '/var/lib/elsewhere/journal.db');
  assert.deepEqual([config.natsServer, config.natsPort], ['nats.site.example', 4333]);
  assert.deepEqual([config.natsCredsFile, config.natsNKeySeedFile], ['/etc/cc-slurm-adapter/nats.creds', null]);
  const gpusOf = (host: string) => config.gpuAddresses.find(({ hosts }) => hosts.test(host))?.addresses[1];
  assert.deepEqual(['gpu01', 'gpu10', 'gpu11', 'cpu01'].map(gpusOf), [
    '00000000:00:3F.0',
    '00000000:00:5E.0',
    '00000000:00:5E.0',
    undefined,
  ]);
  assert.deepEqual(
    ['spare1', 'login', 'gpu01'].map((host) => config.ignoreHosts?.(host)),
    [true, false, false],
  );
});

test('an expression is looked for anywhere in the name, and the first in the file counts', async () => {
  const { config } = await load({ ...enough, ignoreHosts: 'st', gpuPciAddrs: { gpu: ['a'], '(?i)^GPU1': ['b'], '': ['c'] } });
  assert.equal(config.ignoreHosts?.('test7'), true);
  const ruleOf = (host: string) => config.gpuAddresses.find(({ hosts }) => hosts.test(host))?.addresses;
  assert.deepEqual(['gpu1', 'Gpu1', 'x'].map(ruleOf), [['a'], ['b'], ['c']]);
});

test('keys are read in any case, and null leaves a key at its default, as in Go', async () => {
  const { config, warnings } = await load({ CCRESTURL: 'http://h:8080/cc', ccrestjwt: 'x', SlurmPollInterval: 30, natsport: null });
  assert.deepEqual([config.ccRestUrl, config.slurmPollInterval, warnings], ['http://h:8080/cc', 30, []]);
});

test('blank texts are keys that are not there', async () => {
  const blank = { ignoreHosts: '', natsServer: ' ', natsUser: '', natsPassword: '', natsCredsFile: '', natsNKeySeedFile: '' };
  const { config, warnings } = await load({ ...enough, ...blank, prepSockListenPath: '' });
  assert.deepEqual(
    [config.ignoreHosts, config.natsServer, config.natsPassword, config.prepSockListenPath, warnings],
    [null, null, null, null, []],
  );
});

test('intervals below 1 become 1 and those that no timer holds become 24 days, with a warning', async () => {
  const { config, warnings } = await load({
    ...enough,
    slurmPollInterval: 0,
    slurmQueryDelay: -3,
    ccPollInterval: 1e9,
    slurmMaxRetries: -1,
  });
  assert.deepEqual([config.slurmPollInterval, config.slurmQueryDelay, config.ccPollInterval], [1, 1, 24 * 86_400]);
  assert.equal(config.slurmMaxRetries, 0);
  assert.deepEqual(warnings, [
    'c.json:1:57: slurmPollInterval: less than 1: 1 is used (found 0)',
    'c.json:1:79: slurmQueryDelay: less than 1: 1 is used (found -3)',
    'c.json:1:100: ccPollInterval: more than 2073600: 2073600 is used (found 1000000000)',
    'c.json:1:128: slurmMaxRetries: less than 0: 0 is used (found -1)',
  ]);
});

test('slurmMaxRetries wins over the name that the example gives it', async () => {
  assert.equal((await load({ ...enough, slurmQueryMaxRetries: 5, slurmMaxRetries: 7 })).config.slurmMaxRetries, 7);
  assert.equal((await load({ ...enough, slurmQueryMaxRetries: 5 })).config.slurmMaxRetries, 5);
});

test('slashes and /api at the end of ccRestUrl are left out with a warning', async () => {
  for (const [written, used] of [
    ['https://cc/', 'https://cc'],
    ['https://cc/api', 'https://cc'],
    ['https://cc/x/api//', 'https://cc/x'],
    ['https://api', 'https://api'],
    ['http://api/', 'http://api'],
  ] as const) {
    const { config, warnings } = await load({ ...enough, ccRestUrl: written });
    assert.equal(config.ccRestUrl, used, written);
    assert.equal(warnings.length, written === used ? 0 : 1, written);
  }
});

test('something must be delivered to', async () => {
  assert.match(await messageOf(load({})), /2 errors:\n.*ccRestUrl: missing: .*\n.*ccRestJwt: missing: /);
  assert.match(await messageOf(load({ ...enough, ccRestJwt: '' })), /one error:\n.*ccRestJwt: missing/);
  assert.match(await messageOf(load({ natsServer: 'n' })), /ccRestUrl: missing.*where cc-backend takes jobs from NATS alone/);
  assert.match(await messageOf(load({ ...enough, ccRestSubmitJobs: false })), /one error:\n.*ccRestSubmitJobs: nothing would be delivered/);
  assert.equal((await load({ natsServer: 'n', ccRestSubmitJobs: false })).config.ccRestUrl, null);
});

test('each wrong value is named with its place, what was expected and what was found', async () => {
  const wrong = {
    ccRestUrl: 'ftp://h',
    ccRestJwt: 's3cret',
    prepSockListenPath: 'tcp:1',
    natsServer: 'http://h',
    natsPort: 70_000,
    natsSubject: 'a b',
    startTag: 'tag',
    slurmPollInterval: 'soon',
    requeuedJobs: 'both',
    operationsListen: '9105',
    clusters: [],
  };
  const message = await messageOf(load(wrong));
  assert.deepEqual(
    message.split('\n').map((line) => line.replace(/^ {2}c\.json:1:\d+: /, '')),
    [
      'the configuration has 10 errors:',
      'ccRestUrl: expected the http:// or https:// address of cc-backend, found "ftp://h"',
      'prepSockListenPath: "1" is not address:port; an IPv6 address stands in brackets, as in tcp:[::1]:12345 (found "tcp:1")',
      'natsServer: expected a host, or several with commas between them, each as HOST, HOST:PORT, nats://HOST or tls://HOST (found "http://h")',
      'natsPort: expected a number of at most 65535, found 70000',
      'natsSubject: expected a NATS subject without blanks and wildcards, found "a b"',
      'startTag: expected a tag of the form type:name or type:name:scope, found "tag"',
      'slurmPollInterval: expected a number of seconds, or a text such as "90s" or "5m" (found "soon")',
      'requeuedJobs: expected "keep-first" or "replace", found "both"',
      'operationsListen: expected HOST:PORT, :PORT or unix:/PATH, found "9105"',
      message
        .split('\n')
        .at(-1)
        ?.replace(/^ {2}c\.json:1:\d+: /, ''),
    ],
  );
  assert.match(message, /clusters: expected a list with at least 1 entry/);
  assert.doesNotMatch(message, /s3cret/);
});

test('an expression that is none is an error with its place in the expression', async () => {
  const message = await messageOf(load({ ...enough, ignoreHosts: '^(a', gpuPciAddrs: { 'gpu**': ['a'], ok: ['b'] } }));
  assert.match(message, /2 errors:/);
  assert.match(message, /c\.json:1:57: ignoreHosts: not a regular expression \(RE2\): missing closing \) \(found "\^\(a"\)/);
  assert.match(
    message,
    /gpuPciAddrs\["gpu\*\*"\]: not a regular expression \(RE2\): invalid nested repetition operator at character 4: "\*\*"$/,
  );
});

test('an address with more than host and path is refused, and its password is not shown', async () => {
  const message = await messageOf(load({ ...enough, ccRestUrl: 'https://me:hunter2@cc' }));
  assert.match(message, /ccRestUrl: an address without user and password is expected/);
  assert.doesNotMatch(message, /hunter2/);
  assert.match(await messageOf(load({ ...enough, ccRestUrl: 'https://cc/?a=b' })), /without \? and #/);
});

test('an empty mapping of host names is an error', async () => {
  assert.match(await messageOf(load({ ...enough, hostnames: {} })), /hostnames: the mapping is empty/);
  assert.deepEqual((await load({ ...enough, hostnames: { n1: 'n1.site' } })).config.hostnames, new Map([['n1', 'n1.site']]));
  assert.equal((await load({ ...enough, hostnames: 'hostname' })).config.hostnames, 'hostname');
});

test('keys that contradict or have no effect warn', async () => {
  const warned = async (keys: object) =>
    (await load({ ...enough, ...keys })).warnings.map((line) => line.replace(/^c\.json:\d+:\d+: /, ''));
  assert.match((await warned({ ipcSockPath: '/x' })).join(), /^ipcSockPath: this key was removed and has no effect/);
  assert.match((await warned({ natsServer: 'n', natsUser: 'u' })).join(), /^natsUser: there is no natsPassword/);
  assert.match((await warned({ natsPassword: 's3cret' })).join(), /^natsPassword: there is no natsUser: the password is not used$/);
  assert.match((await warned({ clusters: ['a'], clusterNames: { b: 'B' } })).join(), /^clusterNames\.b: "b" is not among clusters/);
  assert.match((await warned({ clusterNames: { a: 'X', b: 'X' } })).join(), /^clusterNames\.b: "a" has the same name in cc-backend/);
  assert.match((await warned({ journalRetention: '2d' })).join(), /^journalRetention: shorter than slurmQueryMaxSpan/);
  const viaNats = { natsServer: 'n', ccRestSubmitJobs: false };
  assert.match((await warned({ ...viaNats, startTag: 'a:b' })).join(), /^startTag: cc-backend attaches no tag/);
  assert.match((await warned({ ...viaNats, ccRestJwt: null })).join(), /^ccRestUrl: without ccRestJwt cc-backend answers no question/);
});

test('an unknown key warns with the nearest known one, and is an error if strict', async () => {
  const keys = { ...enough, slurmPolInterval: 5 };
  assert.deepEqual((await load(keys)).warnings, ['c.json:1:57: slurmPolInterval: unknown key; did you mean "slurmPollInterval"?']);
  assert.match(await messageOf(load(keys, { strict: true })), /one error:\n.*slurmPolInterval: unknown key/);
});

test('YAML is read too, and times as people write them', async () => {
  const text =
    'ccRestUrl: https://cc\nccRestJwt: {credential: token}\nccPollInterval: 6h\nstartTag: "source:sluice:admin"\njournalRetention: 30d\n';
  const { config, warnings } = await load({}, { file: 'c.yaml', text });
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.ccRestJwt, { credential: 'token' });
  assert.deepEqual(config.startTag, { type: 'source', name: 'sluice', scope: 'admin' });
  assert.deepEqual([config.ccPollInterval, config.journalRetention], [21_600, 30 * 86_400]);
});

test('the default file may be missing, a named one may not', async () => {
  const defaultFile = join(dir, 'none.json');
  const message = await messageOf(loadAdapterConfig({ defaultFile }));
  assert.match(message, /none\.json \(which does not exist; --config names another\): ccRestUrl: missing/);
  await assert.rejects(loadAdapterConfig({ file: defaultFile }), (error) => isCode(error, 'config.unreadable'));
});

test('files with secrets that everybody may read are warned about', async () => {
  const file = join(dir, 'open.json');
  const creds = join(dir, 'nats.creds');
  writeFileSync(file, JSON.stringify({ ...enough, natsServer: 'n', natsCredsFile: creds }));
  writeFileSync(creds, 'x');
  for (const path of [file, creds]) chmodSync(path, 0o644);
  const { warnings } = await loadAdapterConfig({ file });
  assert.deepEqual(
    warnings.map(({ path, message }) => [path, /everybody may read it \(mode 644\): chmod o= /.test(message)]),
    [
      ['', true],
      ['natsCredsFile', true],
    ],
  );
  for (const path of [file, creds]) chmodSync(path, 0o640);
  assert.deepEqual((await loadAdapterConfig({ file })).warnings, []);
});

test('a login within natsServer is never shown', async () => {
  const { settings } = await load({ ...enough, natsServer: 'nats://me:hunter2@n1,n2' });
  assert.match(JSON.stringify(showAdapterConfig(settings)), /"natsServer":"nats:\/\/\[redacted\]@n1,n2"/);
  const message = await messageOf(load({ ...enough, natsServer: 'me:hunter2@n1:x' }));
  assert.match(message, /^natsServer is no address/);
});

test('what is shown holds no secret', async () => {
  const { settings } = await load({ ...enough, natsUser: 'u', natsPassword: 'hunter2', ccRestJwt: { file: '/etc/token' } });
  const shown = JSON.stringify(showAdapterConfig(settings));
  assert.doesNotMatch(shown, /hunter2/);
  assert.match(shown, /"ccRestJwt":\{"file":"\/etc\/token"\}/);
  assert.match(shown, /"slurmPollInterval":60/);
});

test('the example holds without a warning', async () => {
  const text = readFileSync(new URL('../../../../deploy/examples/cc-slurm-adapter.json', import.meta.url), 'utf8');
  assert.deepEqual((await load({}, { text, strict: true })).warnings, []);
});
