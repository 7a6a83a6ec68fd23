import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isCode } from '@sluice/io';
import { labSpec } from './lab-spec.ts';
import { type LoadedCluster, loadCluster } from './load-cluster.ts';

describe('a configuration of the emulator', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-emulator-config-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function load(text: string, options: Parameters<typeof loadCluster>[0] = {}): Promise<LoadedCluster> {
    const file = join(directory, 'cluster.yaml');
    writeFileSync(file, text);
    return loadCluster({ file, ...options });
  }

  it('is the cluster of the lab when it says nothing', async () => {
    assert.deepEqual((await load('{}')).spec, labSpec());
    assert.equal((await loadCluster({ release: '22.05' })).spec.release, '22.05.8');
  });

  it('describes nodes, partitions, accounts, users, QOS and settings', async () => {
    const { spec, rate, warnings } = await load(`
cluster: small
release: '25.05'
controllers: [c1, c2]
nodes: [{names: 'n[1-2]', sockets: 2, coresPerSocket: 8}, {names: g1, memory: 5, gres: 'gpu:h100:4', features: [fast]}]
partitions: [{name: a, nodes: 'n[1-2]', maxTime: 1-00:00:00}, {name: b, billingWeights: 'CPU=1,Mem=0.5G'}]
accounts: [{name: top}, {name: below, parent: top, limits: {grpTresMins: {cpu: 10}, qos: [+long]}}]
users: [{name: carla, accounts: [below]}]
qos: [{name: long, priority: 5, maxWallPerJob: 100, flags: [DenyOnLimit]}]
settings: {MinJobAge: 60}
hooks: {epilogSlurmctld: /opt/epilog}
jobs: {play: script}
rate: 60
`);
    assert.deepEqual(
      [spec.name, spec.release, spec.controllers.map(({ host }) => host), rate, warnings],
      ['small', '25.05.8', ['c1', 'c2'], 60, []],
    );
    assert.deepEqual(
      spec.nodes.map(({ name, sockets, memoryMiB, gres }) => [name, sockets, memoryMiB, gres.length]),
      [
        ['n1', 2, 1024, 0],
        ['n2', 2, 1024, 0],
        ['g1', 1, 5, 1],
      ],
    );
    assert.deepEqual(spec.tres, ['gres/gpu', 'gres/gpu:h100']);
    assert.deepEqual(
      spec.partitions.map(({ name, nodes, isDefault, maxTime, billingWeights }) => [
        name,
        nodes.join(),
        isDefault,
        maxTime,
        billingWeights,
      ]),
      [
        ['a', 'n1,n2', true, 1440, null],
        ['b', 'n1,n2,g1', false, null, { cpu: 1, mem: 0.5 / 1024 }],
      ],
    );
    assert.deepEqual(spec.accounts[1]?.limits, { grpTresMins: { cpu: 10 }, qos: { how: '+', names: ['long'] } });
    assert.deepEqual(
      spec.users.map(({ name, uid, gid, home }) => [name, uid, gid, home]),
      [
        ['carla', 2001, 2001, '/home/carla'],
        ['root', 0, 0, '/root'],
      ],
    );
    assert.deepEqual(spec.qos, [
      { name: 'normal', priority: 0 },
      { name: 'long', priority: 5, changes: { maxWallPerJob: 100, flags: { how: '=', names: ['DenyOnLimit'] } } },
    ]);
    const { MinJobAge, EpilogSlurmctld, EmulatedPlay } = spec.settings;
    assert.deepEqual([MinJobAge, EpilogSlurmctld, EmulatedPlay], ['60', '/opt/epilog', 'script']);
  });

  it('takes a real slurm.conf, but none of its programs and secrets', async () => {
    const slurmConf = join(directory, 'slurm.conf');
    writeFileSync(join(directory, 'nodes.conf'), 'NodeName=x[1-3] CPUs=4\n');
    writeFileSync(
      slurmConf,
      'ClusterName=real\nInclude nodes.conf\nPartitionName=p Nodes=ALL Default=YES\nEpilogSlurmctld=/site/epilog\nAuthAltParameters=jwt_key=/site/key\nMinJobAge=77\n',
    );
    const { spec } = await load('users: [{name: dora, accounts: [physics]}]', { slurmConf });
    assert.deepEqual([spec.name, spec.nodes.length, spec.users[0]?.name, spec.accounts.length], ['real', 3, 'dora', 2]);
    const { MinJobAge, EpilogSlurmctld, AuthAltParameters } = spec.settings;
    assert.deepEqual([MinJobAge, EpilogSlurmctld, AuthAltParameters], ['77', undefined, undefined]);
  });

  it('warns of an unknown key and names the nearest', async () => {
    const { warnings } = await load('partition: []');
    assert.match(warnings.join(), /partition\b.*partitions/);
    await assert.rejects(load('partition: []', { strict: true }), (error) => isCode(error, 'config.invalid'));
  });

  for (const [text, where] of [
    ["nodes: [{names: 'n[1-'}]", 'nodes[0].names'],
    ['nodes: [{names: n1, gres: "a:b:c:d"}]', 'nodes[0].gres'],
    ['partitions: [{name: p, nodes: nosuch}]', 'partitions[0].nodes'],
    ['partitions: [{name: p, maxTime: soon}]', 'partitions[0].maxTime'],
  ] as const) {
    it(`refuses ${text}`, () => assert.rejects(load(text), (error) => isCode(error, 'config.invalid') && error.message.startsWith(where)));
  }
});
