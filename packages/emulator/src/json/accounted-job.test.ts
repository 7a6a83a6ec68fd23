import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedOf } from './accepted-differences.fixture.ts';
import { sacctJson } from './documents.ts';
import { labSlurm, labSpec } from './lab.fixture.ts';
import { printJson } from './print.ts';
import { differences, numberIn, objects, readPrinted, recordedReleases, recording } from './recordings.fixture.ts';
import { inside, rowMomentsOf } from './row-moments.fixture.ts';
import { recordedRows } from './rows.fixture.ts';

const as = { uid: 0, gid: 0, user: 'root', group: 'root' };

for (const release of recordedReleases) {
  describe(`rows of accounting as ${release.name} prints them`, () => {
    for (const [what, { file, jobId, run = 0, make }] of Object.entries(recordedRows)) {
      test(what, () => {
        const document = recording(release, file);
        const recorded = objects(document['jobs']).filter((job) => job['job_id'] === jobId)[run];
        assert.ok(recorded, `there is no such row of job ${jobId}`);
        const row = make(rowMomentsOf(recorded, release));
        const now = (row.start ?? 0) + row.suspendedSeconds + (numberIn(inside(recorded, 'time')['elapsed']) ?? 0);
        const call = {
          release: release.release,
          dialect: release.dialect,
          command: 'sacct',
          argv: ['--json', '-D', '-j', `${row.het?.jobId ?? row.jobId}`],
          as,
        };
        const written = readPrinted(printJson(sacctJson(labSlurm(labSpec(release.release, release.port), now), [row], call)));
        assert.deepEqual(acceptedOf('row', release.name, differences(recorded, objects(written['jobs'])[0])).unexpected, []);
        assert.deepEqual(written['meta'], document['meta']);
      });
    }
  });
}
