import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inListOrder } from './job-facts.ts';
import { fullRelease, momentOf, recordedJobs, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedSlurm } from './recorded-slurm.fixture.ts';
import { sceneOf } from './scene.ts';
import { jobText } from './scontrol-job.ts';

function written(release: string, name: string, { isDetailed, isOneLine }: { isDetailed: boolean; isOneLine: boolean }): string {
  const jobs = recordedJobs(release, name.startsWith('final') ? name : undefined);
  const ran =
    / RunTime=(0\d:\d\d:\d\d)/.exec(
      recording(release, name)
        .split(/^(?=JobId=4 )/m)[1]
        ?.replaceAll('\n', ' ') ?? '',
    )?.[1] ?? '';
  const slurm = recordedSlurm({ release: fullRelease(release), now: momentOf(jobs, ran), jobs });
  const scene = sceneOf({ slurm, env: { TZ: 'UTC' } }, slurm.controller);
  return inListOrder([...slurm.controller.jobs()])
    .map((job) => jobText(job, scene, { isDetailed, isOneLine }))
    .join('');
}

describe('scontrol show job', () => {
  for (const release of releases) {
    it(`writes the jobs of ${release} in a line each, with what they hold`, () => {
      const name = 'scontrol-show-job-d-o';
      assert.equal(written(release, name, { isDetailed: true, isOneLine: true }), recording(release, name));
    });

    it(`writes the jobs of ${release} over several lines`, () => {
      const name = 'scontrol-show-job';
      assert.equal(written(release, name, { isDetailed: false, isOneLine: false }), recording(release, name));
    });

    it(`writes the ended jobs of ${release}`, () => {
      const name = 'final-scontrol-show-job-d-o';
      assert.equal(written(release, name, { isDetailed: true, isOneLine: true }), recording(release, name));
    });
  }
});
