import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTime } from '@sluice/slurm';
import { fullRelease, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedNodes, recordedPartitions } from './recorded-nodes.fixture.ts';
import { recordedSlurm } from './recorded-slurm.fixture.ts';
import { sceneOf } from './scene.ts';
import { type NodeScene, nodeText } from './scontrol-node.ts';
import { partitionText } from './scontrol-partition.ts';
import { reservationText } from './scontrol-reservation.ts';

function sceneFor(release: string, name?: string): NodeScene {
  const partitions = recordedPartitions(release);
  const nodes = recordedNodes(release, name);
  const slurm = recordedSlurm({
    release: fullRelease(release),
    now: 1_795_254_000,
    controller: { nodes: () => nodes, partitions: () => partitions },
  });
  return {
    ...sceneOf({ slurm, env: { TZ: 'UTC' } }, slurm.controller),
    fullRelease: fullRelease(release),
    tracked: ['gres/gpu', 'gres/gpu:a100'],
    partitionsOf: (node) => partitions.filter((partition) => partition.nodes.includes(node)).map((partition) => partition.name),
  };
}

/** Without what the machine of the recordings was like. */
function withoutMachine(text: string): string {
  return text
    .replaceAll(/CPULoad=[\d.]+/g, 'CPULoad=0')
    .replaceAll(/FreeMem=\d+/g, 'FreeMem=0')
    .replaceAll(/OS=.*? {2}RealMemory/g, 'OS= RealMemory');
}

describe('scontrol show', () => {
  for (const release of releases) {
    it(`writes nodes as ${release} did`, () => {
      for (const name of ['scontrol-show-node-d-o', 'scontrol-show-node-down', 'final-scontrol-show-node-draining']) {
        const scene = sceneFor(release, name);
        const text = recordedNodes(release, name)
          .map((node) => nodeText(node, scene, { isDetailed: true, isOneLine: true }))
          .join('');
        assert.equal(withoutMachine(text), withoutMachine(recording(release, name)));
      }
    });

    it(`writes partitions and a reservation as ${release} did`, () => {
      const scene = sceneFor(release);
      const text = recordedPartitions(release)
        .map((partition) => partitionText(partition, scene, true))
        .join('');
      assert.equal(text, recording(release, 'scontrol-show-partition-o'));
      const recorded = recording(release, 'scontrol-show-reservation-o');
      const start = parseTime(/StartTime=(\S+)/.exec(recorded)?.[1] ?? '') ?? 0;
      const flags = ['MAINT', 'IGNORE_JOBS', 'SPEC_NODES'];
      const reservation = {
        name: 'maint',
        start,
        end: start + 3600,
        nodes: ['gpu02'],
        users: ['root'],
        accounts: [],
        partition: null,
        flags,
      };
      assert.equal(reservationText(reservation, scene, true), recorded);
    });
  }

  it('writes a node over lines as 22.05 does', () => {
    const [node] = recordedNodes('22.05');
    assert.ok(node);
    const text = nodeText({ ...node, cpusAllocated: 0, memoryAllocatedMiB: 0, gresUsed: {}, state: 'IDLE' }, sceneFor('22.05'), {
      isDetailed: false,
      isOneLine: false,
    });
    assert.equal(text.split('\n').length, 19);
    assert.equal(
      text.split('\n').slice(0, 6).join('\n'),
      [
        'NodeName=gpu01 Arch=x86_64 CoresPerSocket=4 ',
        '   CPUAlloc=0 CPUEfctv=16 CPUTot=16 CPULoad=0.00',
        '   AvailableFeatures=(null)',
        '   ActiveFeatures=(null)',
        '   Gres=gpu:a100:4',
        '   NodeAddr=127.0.0.1 NodeHostName=gpu01 Port=17015 Version=22.05.8',
      ].join('\n'),
    );
  });
});
