import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Node } from '../records.ts';
import { countControllers, messageTimeout, readConfig, readDiagnostics, readPing } from './controller-texts.ts';
import { nodeReader, readNodes } from './nodes.ts';
import { readPartitions } from './partitions.ts';
import { parseRelease } from './release.ts';

const recordings = new URL('../../recordings/controller/', import.meta.url);
const text = (release: string, name: string) => readFileSync(new URL(`${release}/${name}.txt`, recordings), 'utf8');
const versions = { '22.05': '22.05.8', '23.11': '23.11.11', '24.11': '24.11.7', '25.05': '25.05.8', '26.05': '26.05.3' };

const gpu = (indices: readonly number[] | null, count = indices?.length ?? 4) => [{ name: 'gpu', type: 'a100', count, indices }];
/** Backfill and the order of starts put one component of the het job elsewhere in 22.05. */
const onGpu01 = (release: string) =>
  release === '22.05' ? { cpus: 6, mem: 6000, devices: [0, 1, 2] } : { cpus: 8, mem: 8048, devices: [0, 1, 2, 3] };

for (const [release, version] of Object.entries(versions)) {
  describe(`texts of ${release}`, () => {
    test('nodes', () => {
      const { records, rejects } = readNodes(text(release, 'scontrol-show-node-d-o'), 'labcluster');
      assert.deepEqual(rejects, []);
      assert.deepEqual(
        records.map(({ name }) => name),
        ['gpu01', 'gpu02', 'node01', 'node02', 'node03', 'node04'],
      );
      const { cpus, mem, devices } = onGpu01(release);
      const { memoryMiB, ...node } = records[0] as Node;
      assert.deepEqual([memoryMiB.total, memoryMiB.allocated, Number.isInteger(memoryMiB.free)], [64_000, mem, true]);
      assert.deepEqual(node, {
        ...{ cluster: 'labcluster', name: 'gpu01', hostname: 'gpu01', address: '127.0.0.1', state: 'MIXED', flags: [], reason: '' },
        ...{ partitions: ['gpu', 'shared'], features: [], sockets: 2, coresPerSocket: 4, threadsPerCore: 2 },
        cpus: { total: 16, allocated: cpus },
        gres: { total: gpu(null), used: gpu(devices) },
        tres: {
          total: { cpu: 16, mem: 64_000, billing: 16, 'gres/gpu': 4, 'gres/gpu:a100': 4 },
          allocated: { cpu: cpus, mem, 'gres/gpu': devices.length, 'gres/gpu:a100': devices.length },
        },
        version,
      });
    });

    test('a node that is down or drained, with its reason', () => {
      const [down] = readNodes(text(release, 'scontrol-show-node-down'), 'c').records;
      assert.deepEqual([down?.state, down?.flags, down?.reason, down?.gres], ['DOWN', [], 'lab: node|fail "test', { total: [], used: [] }]);
      const [draining] = readNodes(text(release, 'scontrol-show-node-draining'), 'c').records;
      assert.deepEqual([draining?.state, draining?.flags, draining?.reason], ['MIXED', ['DRAIN'], 'drain me: "ü']);
    });

    test('partitions', () => {
      const { records, rejects } = readPartitions(text(release, 'scontrol-show-partition-o'), 'labcluster');
      assert.deepEqual(rejects, []);
      assert.deepEqual(records[1], {
        ...{ cluster: 'labcluster', name: 'gpu', state: 'UP', isDefault: false, nodes: 'gpu[01-02]', nodeCount: 2, cpus: 32 },
        ...{ maxTime: 'unlimited', defaultTime: null, maxNodes: null, minNodes: 0, qos: '', oversubscribe: 'NO' },
        ...{ allowAccounts: null, allowGroups: null, allowQos: null },
        tres: { cpu: 32, mem: 128_000, node: 2, billing: 32, 'gres/gpu': 8, 'gres/gpu:a100': 8 },
      });
      assert.deepEqual(
        records.map(({ name, isDefault }) => [name, isDefault]),
        [
          ['cpu', true],
          ['gpu', false],
          ['shared', false],
        ],
      );
    });

    test('settings', () => {
      const config = readConfig(text(release, 'scontrol-show-config'));
      assert.equal(config['ClusterName'], 'labcluster');
      const later = release === '22.05' ? '' : ',gres/gpumem,gres/gpuutil';
      assert.equal(config['AccountingStorageTRES'], `cpu,mem,energy,node,billing,fs/disk,vmem,pages,gres/gpu,gres/gpu:a100${later}`);
      assert.deepEqual([messageTimeout(config), countControllers(config)], [30, 1]);
      assert.equal(config['SLURM_VERSION'], version);
    });

    test('diagnostics and ping', () => {
      const diagnostics = readDiagnostics(text(release, 'sdiag'), 'c');
      assert.deepEqual([diagnostics.dbdAgentQueue, diagnostics.jobsPending, diagnostics.jobsRunning], [0, 0, 0]);
      assert.ok((diagnostics.time ?? 0) > 1_795_000_000 && (diagnostics.serverThreads ?? 0) > 0);
      const submit = diagnostics.rpcs.find(({ name }) => name === 'REQUEST_SUBMIT_BATCH_JOB');
      assert.ok((submit?.count ?? 0) > 20 && (submit?.averageMicroseconds ?? 0) > 100);
      assert.ok(!diagnostics.rpcs.some(({ name }) => name === 'root'));
      assert.deepEqual(readPing(text(release, 'scontrol-ping')), [{ host: 'vm', role: 'primary', up: true }]);
    });
  });
}

test('two controllers, one of them down', () => {
  const said = 'Slurmctld(primary) at ctl1 is DOWN\nSlurmctld(backup) at ctl2 is UP\n*****\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n';
  assert.deepEqual(readPing(said), [
    { host: 'ctl1', role: 'primary', up: false },
    { host: 'ctl2', role: 'backup', up: true },
  ]);
  assert.deepEqual(readPing('gibberish'), []);
  assert.equal(countControllers({ 'SlurmctldHost[0]': 'a', 'SlurmctldHost[1]': 'b' }), 2);
});

describe('nodes, whatever operators write', () => {
  const recorded = text('26.05', 'scontrol-show-node-down')
    .trimEnd()
    .replace(/ Reason=.*$/s, '');

  test('a node whose record is what it was is the same object, in the same answer when all are', () => {
    const read = nodeReader();
    const both = (load: string) => `${recorded} CPULoad=${load}\n${recorded.replace('node04', 'node05')}\n`;
    const first = read(both('1'), 'c');
    assert.deepEqual(first, readNodes(both('1'), 'c'));
    assert.equal(read(both('1'), 'c'), first);
    const changed = read(both('1').replace('CPUTot=16', 'CPUTot=8'), 'c');
    assert.deepEqual([changed.records[0]?.cpus.total, first.records[0]?.cpus.total], [8, 16]);
    assert.equal(changed.records[1], first.records[1]);
    assert.equal(read('', 'c').records.length, 0);
  });

  test('free texts forge no field and cost no other node', () => {
    const texts = fc.array(
      fc.constantFrom(' State=IDLE', '\nNodeName=x', ' CPUTot=1', ' [a@1795254116]', ' OS=', ' Reason=', ' RealMemory=1', 'y', ' ', '\n'),
    );
    fc.assert(
      fc.property(texts, texts, (comment, reason) => {
        const record = `${recorded} Comment=${comment.join('')} Reason=${reason.join('')} [root@1795254116]\n`;
        const { records } = readNodes(`${record}${recorded.replace('node04', 'node05')}\n`, 'c');
        const [first] = records;
        assert.deepEqual([first?.name, first?.state, first?.cpus.total, first?.memoryMiB.total], ['node04', 'DOWN', 16, 64_000]);
        assert.ok(records.some(({ name }) => name === 'node05'));
      }),
    );
  });

  test('what is no node is rejected and told', () => {
    const broken = [
      recorded.replace('State=DOWN', 'State='),
      recorded.replace('CPUTot=16', 'CPUTot=x'),
      recorded.replace('Gres=(null)', 'Gres=:'),
    ];
    const { records, rejects } = readNodes([...broken, recorded, recorded].join('\n'), 'c');
    assert.equal(records.length, 0);
    const twice = 'node node04 comes twice';
    assert.deepEqual(
      rejects.map(({ reason }) => reason),
      ['no node state', 'no CPUTot or RealMemory', 'generic resources that are not of their language', twice, twice],
    );
  });

  test('a node whose record stands in another’s comment is rejected, and no other', () => {
    const other = recorded.replaceAll('node04', 'node05');
    const { records } = readNodes(`${recorded} Comment=\n${other.replace('CPUTot=16', 'CPUTot=99')}\n${other}\n`, 'c');
    assert.deepEqual(
      records.map(({ name }) => name),
      ['node04'],
    );
  });

  test('the reason of a node that never registered forges neither its system nor its release', () => {
    const never = recorded.replace(/ OS=.*? {2}(?=RealMemory=)/, ' ').replace(/ Version=\S+/, '');
    const [node] = readNodes(`${never} Reason=x Version=9 OS=x  RealMemory=1 y [root@1795254116]\n`, 'c').records;
    assert.deepEqual([node?.version, node?.memoryMiB.total, node?.reason], [null, 64_000, 'x Version=9 OS=x  RealMemory=1 y']);
  });

  test('memory that is not known is null', () => {
    assert.equal(readNodes(recorded.replace(/FreeMem=\d+/, 'FreeMem=N/A'), 'c').records[0]?.memoryMiB.free, null);
  });
});

test('partitions with limits', () => {
  const limited = text('24.11', 'scontrol-show-partition-o')
    .replace('AllowAccounts=ALL', 'AllowAccounts=a,b')
    .replace('AllowGroups=ALL', 'DenyAccounts=c')
    .replace('MaxTime=UNLIMITED', 'MaxTime=2-00:00:00')
    .replace('DefaultTime=NONE', 'DefaultTime=01:00:00')
    .replace('MaxNodes=UNLIMITED', 'MaxNodes=3');
  const [partition] = readPartitions(limited, 'c').records;
  assert.deepEqual([partition?.allowAccounts, partition?.allowGroups, partition?.maxNodes], [['a', 'b'], null, 3]);
  assert.deepEqual([partition?.maxTime, partition?.defaultTime], [2880, 60]);
  assert.equal(readPartitions('PartitionName=x MaxTime=never', 'c').rejects.length, 1);
});

test('releases compare as numbers', () => {
  assert.deepEqual(parseRelease('slurm-wlm 22.05.8'), { text: '22.05.8', major: 2205, micro: 8 });
  assert.deepEqual(parseRelease('slurm 26.05.0-0rc1'), { text: '26.05.0-0rc1', major: 2605, micro: 0 });
  assert.equal(parseRelease('slurm'), undefined);
});
