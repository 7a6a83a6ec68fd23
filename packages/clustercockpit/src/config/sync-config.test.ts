import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isCode } from '@sluice/io';
import { problemLine } from '@sluice/service';
import { loadSyncConfig, showSyncConfig } from './sync-config.ts';

const example = readFileSync(new URL('./fixtures/sync-example.json', import.meta.url), 'utf8');
const least = { clustername: 'c', slurm: { state_save_location: '/s' }, 'cc-backend': { host: 'https://cc', apikey: 'x' } };

async function load(keys: object, strict = false) {
  const { config, warnings, settings } = await loadSyncConfig({ file: 'config.json', text: JSON.stringify(keys), strict });
  return { config, warnings: warnings.map(problemLine), settings };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.fail('it was taken'),
    (error: Error) => error.message,
  );
}

test('a configuration of the script is taken as it is', async () => {
  const { config, warnings } = await loadSyncConfig({ file: 'config.json', text: example, strict: true });
  assert.deepEqual(warnings, []);
  const { gpuAddresses, nodeList, ...plain } = config;
  assert.deepEqual(plain, {
    cluster: 'site2',
    slurmCluster: null,
    slurmBinPath: '/opt/slurm/bin',
    slurmConf: null,
    slurmTimeout: null,
    otherCommands: new Map(),
    ccRestUrl: 'https://cc.site.example',
    ccRestJwt: { value: 'abc.def' },
    ccRestCaFile: null,
    ccRestTimeout: 30,
    startTag: null,
    requeuedJobs: 'keep-first',
    hostnames: 'node',
    otherAccelerators: ['fpga'],
    sendScript: true,
    sendSlurmInfo: true,
    sendComments: true,
    sendEnvironment: false,
  });
  const idsOf = (host: string) => gpuAddresses.find(({ hosts }) => hosts.test(host))?.addresses;
  assert.deepEqual(idsOf('n2gpu0101'), ['00000000:03:00.0', '00000000:44:00.0']);
  assert.equal(idsOf('n2dgx01')?.[1], '00000000:0F:00.0');
  assert.equal(idsOf('n2cn0101'), undefined);
  assert.deepEqual(
    ['n2cn[0101-0103]', 'login1'].map((list) => nodeList?.(list)),
    [true, false],
  );
});

test('what the script’s page calls optional is', async () => {
  const { config, warnings } = await load({ clustername: 'c', 'cc-backend': least['cc-backend'] });
  assert.deepEqual([config.slurmBinPath, config.gpuAddresses, config.nodeList], ['/usr/bin', [], null]);
  assert.deepEqual(warnings, []);
});

test('the longest beginning of a host name counts, wherever it stands, and indices may have gaps', async () => {
  const accelerators = { n2gpu: { 0: 'long' }, n: { 0: 'short' }, n2: { 0: 'a', 2: 'c' } };
  const { config } = await load({ ...least, accelerators });
  const idsOf = (host: string) => config.gpuAddresses.find(({ hosts }) => hosts.test(host))?.addresses;
  assert.deepEqual([idsOf('n2gpu01')?.[0], idsOf('n2cn1')?.[0], idsOf('n1')?.[0]], ['long', 'a', 'short']);
  assert.deepEqual([idsOf('n2cn1')?.[1], idsOf('n2cn1')?.[2]], [undefined, 'c']);
});

test('the address may end with a slash or /api', async () => {
  for (const host of ['https://cc', 'https://cc/', 'https://cc/api', 'https://cc/api/']) {
    const { config, warnings } = await load({ ...least, 'cc-backend': { host, apikey: 'x' } });
    assert.deepEqual([config.ccRestUrl, warnings], ['https://cc', []], host);
  }
});

test('what the script cannot do without is asked for', async () => {
  const message = await messageOf(load({ slurm: {}, 'cc-backend': {} }));
  assert.match(message, /3 errors:/);
  for (const key of ['clustername', 'cc-backend\\.host', 'cc-backend\\.apikey']) assert.match(message, new RegExp(`${key}: missing`));
  await assert.rejects(loadSyncConfig({ file: '/nonexistent/config.json' }), (error) => isCode(error, 'config.unreadable'));
});

test('an expression that Python has not, or that has no translation, is an error with its place', async () => {
  const message = await messageOf(load({ ...least, node_regex: '^n2(?>cn|gpu)' }));
  assert.match(
    message,
    /config\.json:1:\d+: node_regex: atomic groups .* \(at character 4 of the expression\) \(found "\^n2\(\?>cn\|gpu\)"\)$/,
  );
});

test('keys of accelerators are indices', async () => {
  const message = await messageOf(load({ ...least, accelerators: { n: { gpu0: 'a', '-1': 'b', 99999: 'c', 1: 'd' } } }));
  assert.match(message, /3 errors:/);
  assert.match(message, /accelerators\.n\.gpu0: the key is Slurm’s index of the device/);
});

test('commands may lie in several directories, and have other names', async () => {
  const { config, warnings } = await load({
    ...least,
    slurm: { squeue: '/opt/s/bin/squeue', sacct: 'sacct', scontrol: '/opt/s/bin/scontrol2' },
  });
  assert.equal(config.slurmBinPath, '/opt/s/bin');
  assert.deepEqual(
    [...config.otherCommands],
    [
      ['sacct', { dir: undefined, name: 'sacct' }],
      ['scontrol', { dir: '/opt/s/bin', name: 'scontrol2' }],
    ],
  );
  assert.deepEqual(warnings, []);
  const { config: ofPath } = await load({ ...least, slurm: { squeue: 'squeue', sacct: 'sacct', scontrol: 'scontrol' } });
  assert.deepEqual([ofPath.slurmBinPath, ofPath.otherCommands.size], [null, 0]);
});

test('where scontrol is not named, as in the files of cc-slurm-sync, it lies beside squeue', async () => {
  const here = { squeue: '/opt/slurm/bin/squeue', sacct: '/opt/slurm/bin/sacct' };
  const { config } = await load({ ...least, slurm: here });
  assert.deepEqual([config.slurmBinPath, config.otherCommands.size], ['/opt/slurm/bin', 0]);
  const { config: ofPath } = await load({ ...least, slurm: { squeue: 'squeue', sacct: 'sacct' } });
  assert.deepEqual([ofPath.slurmBinPath, ofPath.otherCommands.size], [null, 0]);
});

test('keys are read as they are written; unknown ones warn, and are errors if strict', async () => {
  const keys = { ...least, ClusterName: 'x' };
  assert.match((await load(keys)).warnings.join(), /ClusterName: unknown key; did you mean "clustername"\?$/);
  assert.match(await messageOf(load(keys, true)), /ClusterName: unknown key/);
});

test('what Sluice adds is taken', async () => {
  const cc = { ...least['cc-backend'], ca_file: '/ca.pem', timeout: '1m', start_tag: 'source:sluice' };
  const { config } = await load({
    ...least,
    'cc-backend': cc,
    slurm: { cluster: 'alpha' },
    include_environment: true,
    hostnames: { a: 'b' },
  });
  assert.deepEqual([config.ccRestCaFile, config.ccRestTimeout], ['/ca.pem', 60]);
  assert.deepEqual(config.startTag, { type: 'source', name: 'sluice', scope: 'global' });
  assert.deepEqual([config.slurmCluster, config.sendEnvironment, config.hostnames], ['alpha', true, new Map([['a', 'b']])]);
  assert.match(await messageOf(load({ ...least, hostnames: {} })), /the mapping is empty/);
});

test('what is shown holds no secret', async () => {
  const { settings } = await load({ ...least, 'cc-backend': { host: 'https://cc', apikey: 'hunter2' } });
  const shown = JSON.stringify(showSyncConfig(settings));
  assert.doesNotMatch(shown, /hunter2/);
  assert.match(shown, /"apikey":"\[redacted\]"/);
});

test('the example holds without a warning', async () => {
  const text = readFileSync(new URL('../../../../deploy/examples/cc-slurm-sync.json', import.meta.url), 'utf8');
  const { config, warnings } = await loadSyncConfig({ file: 'config.json', text, strict: true });
  assert.deepEqual(warnings, []);
  assert.equal(config.gpuAddresses.find(({ hosts }) => hosts.test('gpu-fat1'))?.addresses.length, 4);
  assert.deepEqual(
    ['node[01-04,07]', 'gpu-fat1', 'login1'].map((list) => config.nodeList?.(list)),
    [true, true, false],
  );
});
