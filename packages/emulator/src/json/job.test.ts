import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedOf } from './accepted-differences.fixture.ts';
import { jobsJson } from './documents.ts';
import { recordedJobs } from './jobs.fixture.ts';
import { labSlurm, labSpec } from './lab.fixture.ts';
import { momentsOf } from './moments.fixture.ts';
import { printJson } from './print.ts';
import { differences, numberIn, objects, readPrinted, recordedReleases, recording } from './recordings.fixture.ts';

const as = { uid: 0, gid: 0, user: 'root', group: 'root' };

for (const release of recordedReleases) {
  describe(`jobs as ${release.name} prints them`, () => {
    const document = recording(release, 'live-squeue-all');
    const now = numberIn(document['last_update']) ?? 1_795_253_895;
    const slurm = labSlurm(labSpec(release.release, release.port), now);
    const call = { release: release.release, dialect: release.dialect, command: 'squeue', argv: ['--json', '-t', 'all'], as };

    for (const [what, { jobId, make }] of Object.entries(recordedJobs)) {
      test(what, () => {
        const recorded = objects(document['jobs']).find((job) => job['job_id'] === jobId);
        assert.ok(recorded, `job ${jobId} is not in the recording`);
        const written = readPrinted(printJson(jobsJson(slurm, [make(momentsOf(recorded, release))], call)));
        const [job] = objects(written['jobs']);
        assert.deepEqual(acceptedOf('job', release.name, differences(recorded, job)).unexpected, []);
      });
    }

    test('the envelope', () => {
      const written = readPrinted(printJson(jobsJson(slurm, [], call)));
      assert.deepEqual(written['meta'], document['meta']);
      assert.deepEqual(Object.keys(written), Object.keys(document));
    });
  });
}
