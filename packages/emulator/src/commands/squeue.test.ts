import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullRelease, momentOf, recordedJobs, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { squeue } from './squeue.ts';

const longFields =
  'JobID:|,JobArrayID:|,Name:|,UserName:|,Account:|,Partition:|,State:|,Reason:|,NodeList:|,tres-alloc:|,tres-per-node:|,TimeLimit:|,StartTime:|,EndTime:|,exit_code:|,Comment:|,AdminComment:';

/** The recorded cluster at the moment at which job 4 had run so long as an answer says. */
function slurmOf(release: string, answer: string) {
  const jobs = recordedJobs(release);
  const ran = /^(?:4\||physics\|.*?\|4\|).*\|(0:\d\d)(?:\|node\[01-02\].*)?$/m.exec(answer)?.[1] ?? '0:10';
  return recordedSlurm({ release: fullRelease(release), now: momentOf(jobs, ran), jobs });
}

describe('squeue', () => {
  for (const release of releases) {
    it(`writes the recorded queue of ${release} with every letter of --format`, async () => {
      const recorded = recording(release, 'squeue-o-all');
      const answer = await run(squeue, slurmOf(release, recorded), ['-o', '%all']);
      assert.deepEqual(answer, { code: 0, stderr: '', stdout: recorded });
    });

    it(`writes tasks one by one, and jobs in every state, as ${release} did`, async () => {
      const recorded = recording(release, 'squeue-array');
      const answer = await run(squeue, slurmOf(release, recorded), ['-r', '-t', 'all', '-o', '%i|%A|%F|%K|%j|%T|%r|%N|%D|%C|%b|%l|%L|%M']);
      assert.equal(answer.stdout, recorded);
    });

    it(`writes the columns of --Format as ${release} did`, async () => {
      const recorded = recording(release, 'squeue-O');
      const answer = await run(squeue, slurmOf(release, recorded), ['-t', 'all', '-O', longFields]);
      assert.equal(answer.stdout, recorded);
      assert.equal(answer.stderr, 'squeue: error: Invalid job format specification: AdminComment\n');
    });
  }
});
