import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCode } from '@sluice/io';
import type { ClusterSpec } from '../model/spec.ts';
import { labSlurmConf } from './lab-cluster.ts';
import { readSlurmConf, type SlurmConf } from './slurm-conf.ts';
import { slurmConfText } from './slurm-conf-text.ts';

function read(text: string, included: Readonly<Record<string, string>> = {}): SlurmConf {
  return readSlurmConf({ file: 'slurm.conf', text: `ClusterName=c\n${text}`, include: (name) => included[name] ?? '' });
}

describe('a slurm.conf', () => {
  it('gives nodes, partitions, controllers and settings', () => {
    const conf = readSlurmConf({ file: 'slurm.conf', text: labSlurmConf, include: () => '' });
    assert.deepEqual(
      conf.nodes.map(({ name, port, gres }) => [name, port, ...gres.map(({ name, type, count }) => `${name}:${type}:${count}`)]),
      [
        ['node01', 6821],
        ['node02', 6822],
        ['node03', 6823],
        ['node04', 6824],
        ['gpu01', 6825, 'gpu:a100:4'],
        ['gpu02', 6826, 'gpu:a100:4'],
      ],
    );
    assert.deepEqual(
      conf.partitions.map(({ name, nodes, isDefault, oversubscribe }) => [name, nodes.length, isDefault, oversubscribe]),
      [
        ['cpu', 4, true, 'NO'],
        ['gpu', 2, false, 'NO'],
        ['shared', 6, false, 'YES:4'],
      ],
    );
    assert.deepEqual(conf.controllers, [{ host: 'localhost', address: '127.0.0.1' }]);
    assert.deepEqual(
      [conf.tres, conf.settings['MinJobAge'], conf.settings['ClusterName']],
      [['gres/gpu', 'gres/gpu:a100'], '300', undefined],
    );
  });

  it('is the same after it has been written', () => {
    const conf = readSlurmConf({ file: 'slurm.conf', text: labSlurmConf, include: () => '' });
    const spec: ClusterSpec = { ...conf, release: '24.11.7', users: [], accounts: [], qos: [] };
    assert.deepEqual(readSlurmConf({ file: 'slurm.conf', text: slurmConfText(spec), include: () => '' }), conf);
  });

  it('has defaults, comments, long lines, quotes, other cases and included files', () => {
    const conf = read(
      `# a comment
nodename=DEFAULT Sockets=2 CoresPerSocket=8 Features=a,b # behind a line
NODENAME=n[1-2] \\
  RealMemory=1000
Include more.conf
Epilog="/a path/x"
PartitionName=DEFAULT MaxTime=1-00:00:00 TRESBillingWeights="CPU=1.0,Mem=0.25G"
PartitionName=p Nodes=ALL
NodeSet=ns Feature=big
PartitionName=q Nodes=ns DefaultTime=30`,
      { 'more.conf': 'NodeName=m1 CPUs=4 Feature=big\n' },
    );
    assert.deepEqual(
      conf.nodes.map(({ name, sockets, coresPerSocket, memoryMiB }) => [name, sockets, coresPerSocket, memoryMiB]),
      [
        ['n1', 2, 8, 1000],
        ['n2', 2, 8, 1000],
        ['m1', 2, 8, 1],
      ],
    );
    assert.equal(conf.settings['Epilog'], '/a path/x');
    assert.deepEqual(
      conf.partitions.map(({ name, nodes, maxTime, defaultTime, billingWeights }) => [
        name,
        nodes.join(),
        maxTime,
        defaultTime,
        billingWeights,
      ]),
      [
        ['p', 'n1,n2,m1', 1440, null, { cpu: 1, mem: 0.25 / 1024 }],
        ['q', 'm1', 1440, 30, { cpu: 1, mem: 0.25 / 1024 }],
      ],
    );
  });

  const wrong: [text: string, where: string][] = [
    ['PartitionName=p Nodes=nosuch', 'slurm.conf:2'],
    ['NodeName=n[1-', 'slurm.conf:2'],
    ['NodeName=n RealMemory=much', 'slurm.conf:2'],
    ['just words', 'slurm.conf:2'],
  ];
  for (const [text, where] of wrong) {
    it(`names the line of "${text}"`, () =>
      assert.throws(
        () => read(text),
        (error) => isCode(error, 'config.invalid') && error.message.startsWith(where),
      ));
  }
});
