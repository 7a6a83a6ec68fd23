import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import type { JobRequest } from '../model/job.ts';
import { openEmulator } from '../open-emulator.ts';
import {
  associationsJson,
  type Call,
  databaseConfigJson,
  dialectName,
  dialectsOf,
  type Fields,
  jobStatesJson,
  jobsJson,
  nodesJson,
  partitionsJson,
  printJson,
  printYaml,
  releaseOf,
  sacctJson,
  sdiagJson,
  sharesJson,
  sinfoJson,
  stepsJson,
} from './index.ts';
import { readPrinted } from './recordings.fixture.ts';

const alice = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };
const asked: JobRequest = {
  workDir: '/tmp',
  script: '#!/bin/sh\n',
  command: '',
  environment: {},
  submitLine: 'sbatch job.sh',
  submitHost: 'login',
};
const play = (seconds: number, code = 0, signal = 0) => ({ kind: 'simulated', seconds, exit: { code, signal } }) as const;

/** Jobs in many states: ended, failed, running with GPUs, whole nodes, arrays, het jobs, held, dependent, cancelled. */
const submissions: readonly (readonly JobRequest[])[] = [
  [{ ...asked, play: play(5) }],
  [{ ...asked, play: play(5, 3) }],
  [{ ...asked, play: play(5, 0, 11), stdout: '%x.%A_%a.%N' }],
  [{ ...asked, partitions: ['gpu'], gresPerNode: 'gpu:a100:2', cpusPerTask: 4, play: play(5000) }],
  [{ ...asked, minNodes: 2, sharing: 'exclusive', memoryPerNodeMiB: 0, timeLimit: 'unlimited', play: play(5000) }],
  [{ ...asked, array: '0-9%2', timeLimit: 5, play: play(5000) }],
  [
    { ...asked, tasks: 2, play: play(5000) },
    { ...asked, partitions: ['gpu'], gresPerJob: 'gpu:1', play: play(5000) },
  ],
  [{ ...asked, hold: true, comment: 'a "b"\n/ü☃' }],
  [{ ...asked, dependency: 'afterok:4' }],
];

for (const release of ['22.05', '23.11', '24.05', '24.11', '25.05', '25.11', '26.05']) {
  describe(`a living cluster of ${release}`, () => {
    for (const dialect of [...dialectsOf(releaseOf(`${release}.1`)), ...(release === '26.05' ? [46] : [])]) {
      test(`everything of it is printed in ${dialectName(dialect)}`, async () => {
        const slurm = openEmulator({ spec: labSpec(release), file: ':memory:', start: 1_795_283_000, rate: 0 });
        try {
          for (const requests of submissions) slurm.controller.submit(requests, alice);
          slurm.time.advance(20);
          const running = [...slurm.controller.jobs()].find(({ state }) => state === 'RUNNING');
          assert.ok(running);
          slurm.controller.startStep(running.jobId, { name: 'true', tasks: 1, submitLine: 'srun true' }, alice);
          slurm.controller.updateNode(['node04'], { state: 'drain', reason: 'a test' }, { uid: 0, gid: 0, user: 'root', group: 'root' });
          slurm.time.advance(4000);
          const call: Call = { release: slurm.spec.release, dialect: dialectName(dialect), command: 'squeue', argv: ['--json'], as: alice };
          const { controller, database } = slurm;
          const steps = [...controller.jobs()].flatMap((job) => job.steps.map((step) => ({ job, step })));
          const documents: readonly Fields[] = [
            jobsJson(slurm, controller.jobs(), call),
            jobStatesJson(slurm, controller.jobs(), call),
            stepsJson(slurm, steps, call),
            nodesJson(slurm, controller.nodes(), call),
            partitionsJson(slurm, controller.partitions(), call),
            sinfoJson(slurm, { partitions: controller.partitions(), nodes: controller.nodes() }, call),
            sdiagJson(slurm, controller.statistics(), call),
            sacctJson(slurm, database.jobRows({}), call),
            associationsJson(slurm, database.associations(), call),
            sharesJson(slurm, database.shares(), call),
            databaseConfigJson(slurm, call),
          ];
          for (const document of documents) {
            const text = printJson(document);
            assert.ok(!/\b(?:NaN|undefined)\b/.test(text), text.slice(0, 200));
            assert.deepEqual(Object.keys(readPrinted(text)), Object.keys(document));
            assert.ok(!/\bundefined\b/.test(printYaml(document)));
          }
        } finally {
          await slurm.close();
        }
      });
    }
  });
}
