import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTime } from '@sluice/slurm';
import { fullRelease, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedNodes, recordedPartitions } from './recorded-nodes.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sinfo } from './sinfo.ts';

function slurmOf(release: string) {
  const nodes = recordedNodes(release);
  const now = parseTime(`2026-11-21T${/\d\d:\d\d:\d\d/.exec(recording(release, 'sinfo-N-l'))?.[0]}`) ?? 0;
  return recordedSlurm({
    release: fullRelease(release),
    now,
    controller: { nodes: () => nodes, partitions: () => recordedPartitions(release) },
  });
}

/** Lines in an order of their own: sinfo asks the partitions in threads, and what is equal stands as they answered. */
function inOrder(text: string): readonly string[] {
  return text.split('\n').sort();
}

/** Without the load of the machine, and the memory that was free on it. */
function withoutLoad(text: string): string {
  return text.replaceAll(/^(up\|\(null\)\|16\|0)\|\d+/gm, '$1|FREE').replaceAll(/ \|[\d.]+ \|(shared|cpu|gpu)/g, ' |LOAD |$1');
}

describe('sinfo', () => {
  for (const release of releases) {
    it(`writes partitions and nodes as ${release} did`, async () => {
      const slurm = slurmOf(release);
      assert.deepEqual(await run(sinfo, slurm, []), { code: 0, stderr: '', stdout: recording(release, 'sinfo') });
      assert.deepEqual(inOrder((await run(sinfo, slurm, ['-N', '-l'])).stdout), inOrder(recording(release, 'sinfo-N-l')));
    });

    it(`writes every letter of --format and columns of --Format as ${release} did`, async () => {
      const slurm = slurmOf(release);
      const all = withoutLoad((await run(sinfo, slurm, ['-N', '-o', '%all'])).stdout);
      assert.deepEqual(inOrder(all), inOrder(withoutLoad(recording(release, 'sinfo-o-all'))));
      const fields = 'NodeHost:|,StateLong:|,StateComplete:|,CPUsState:|,Gres:|,GresUsed:|,Memory:|,AllocMem:|,Reason:|,PartitionName:|';
      const long = await run(sinfo, slurm, ['-N', '-O', fields]);
      assert.deepEqual(inOrder(long.stdout), inOrder(recording(release, 'sinfo-O')));
    });
  }
});
