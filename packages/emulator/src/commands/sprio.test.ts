import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ShareFigures } from '../model/slurmdbd.ts';
import { fullRelease, recordedJobs, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedNodes, recordedPartitions } from './recorded-nodes.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sprio } from './sprio.ts';

/** As in the lab's slurm.conf. */
const settings = {
  PriorityWeightAge: '1000',
  PriorityWeightFairshare: '10000',
  PriorityWeightJobSize: '1000',
  PriorityWeightPartition: '1000',
  PriorityWeightQOS: '2000',
};

function slurmOf(release: string) {
  const jobs = recordedJobs(release);
  const unused = { association: { id: 0 }, fairshare: 1 } as ShareFigures;
  const shares = jobs.map(({ associationId }): ShareFigures => ({ ...unused, association: { ...unused.association, id: associationId } }));
  return recordedSlurm({
    release: fullRelease(release),
    now: Math.max(...jobs.map(({ submit }) => submit)),
    jobs,
    spec: { settings },
    controller: { nodes: () => recordedNodes(release), partitions: () => recordedPartitions(release) },
    database: { shares: () => shares, qos: () => [] },
  });
}

describe('sprio', () => {
  for (const release of releases) {
    it(`writes the factors of what waits as ${release} did`, async () => {
      assert.deepEqual(await run(sprio, slurmOf(release), ['-l']), { code: 0, stderr: '', stdout: recording(release, 'sprio') });
    });
  }

  it('writes the weights, and columns by letters', async () => {
    const slurm = slurmOf('24.11');
    assert.equal((await run(sprio, slurm, ['-w', '-h', '-o', '%i|%A|%F|%J|%P|%Q'])).stdout, 'Weights|1000|10000|1000|1000|2000\n');
    assert.equal((await run(sprio, slurm, ['-h', '-j', '39', '-o', '%i %Y %N %r %u'])).stdout, '39 1 100000 cpu bob\n');
    assert.equal((await run(sprio, slurm, ['-h', '-u', 'alice'])).stdout, '');
  });

  it('refuses options that it does not have', async () => {
    const { code, stderr, stdout } = await run(sprio, slurmOf('24.11'), ['--nonsense']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^sprio: unrecognized option '--nonsense'\n/);
  });
});
