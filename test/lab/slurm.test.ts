import { after, before, describe, it } from 'node:test';
import { activeJobCases } from './cases/active-jobs.ts';
import { adminWriteCases } from './cases/admin-writes.ts';
import { allocationCases } from './cases/allocations.ts';
import { type Bed, makeBed } from './cases/bed.ts';
import { clusterCases } from './cases/cluster.ts';
import { endedJobCases } from './cases/ended-jobs.ts';
import { failureCases } from './cases/failures.ts';
import { jobDetailCases, lifeOfJobCases } from './cases/job-details.ts';
import { jobWriteCases } from './cases/job-writes.ts';
import { type Lab, LabUnavailable, type Suite, startLab, suites } from './lab.ts';
import { playScenario } from './scenario.ts';

const wanted = process.env['SLUICE_LAB_SUITE'] ?? 'bookworm';
const suite = suites.find((one): one is Suite => one === wanted);
if (suite === undefined) throw new Error(`SLUICE_LAB_SUITE is '${wanted}'; known are ${suites.join(', ')}`);
const progress = (line: string): void => console.log(`  ${suite}: ${line}`);

// A runner that was killed takes us along, and so the lab.
const runner = process.ppid;
setInterval(() => {
  if (process.ppid !== runner) process.exit(1);
}, 500).unref();

// On a slow machine the last cases come many minutes after the first jobs have ended, which slurmctld still has to remember.
const lab = await startLab({ suite, progress, minJobAge: 7200 }).catch((error: unknown) => {
  if (error instanceof LabUnavailable) return error;
  throw error;
});

if (lab instanceof LabUnavailable) {
  console.log(`skipped: ${suite}: ${lab.message}`);
  it(`the connector on the Slurm of ${suite}`, { skip: lab.message });
} else {
  progress(`Slurm ${lab.release} is up in ${lab.dir}`);
  describe(`the connector on Slurm ${lab.release} (${suite})`, () => suiteOn(lab));
}

function suiteOn(lab: Lab): void {
  let bed: Bed | undefined;
  const theBed = (): Bed => {
    if (!bed) throw new Error('the scenario did not begin');
    return bed;
  };
  before(async () => {
    bed = makeBed(lab, await playScenario(lab, progress));
  });
  after(async () => {
    bed?.scenario.stop();
    await lab.down();
  });

  describe('while jobs of every kind are there', () => {
    before(() => theBed().scenario.live);
    describe('active jobs', () => activeJobCases(theBed));
    describe('allocations', () => allocationCases(theBed));
    describe('states and details', () => jobDetailCases(theBed));
    describe('the cluster and its accounting', () => clusterCases(theBed));
    describe('jobs as plans', () => jobWriteCases(theBed));
    describe('accounting as plans', () => adminWriteCases(theBed));
    // Who awaits it comes later.
    after(
      () =>
        void theBed()
          .scenario.timedOut()
          .catch(() => {}),
    );
  });

  // A cluster of its own is broken, while the first waits for a time limit.
  describe('on an empty cluster', () => {
    let second: Lab | undefined;
    const emptyBed = (): Bed => makeBed(second ?? lab, theBed().scenario);
    before(async () => {
      second = await startLab({ suite: lab.suite, messageTimeout: 3 });
    });
    after(() => second?.down());
    describe('a job starts and ends', () => lifeOfJobCases(emptyBed, lab));
    describe('when daemons fail', () => failureCases(emptyBed, lab));
  });

  describe('when all jobs have ended', () => {
    before(async () => {
      await theBed().scenario.timedOut();
      await theBed().scenario.end();
    });
    describe('history', () => endedJobCases(theBed));
  });
}
