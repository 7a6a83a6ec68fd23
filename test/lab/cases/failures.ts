import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ErrorCode, isCode } from '@sluice/io';
import type { Lab } from '../lab.ts';
import { until } from '../scenario.ts';
import { type Bed, collect } from './bed.ts';
import { itOnRealSlurm } from './not-emulated.ts';

const outOfReach: readonly ErrorCode[] = ['slurm.unreachable', 'process.timeout'];

/** Daemons that are stopped, gone, or never were: always a typed error or `unasked`, never `gone`, never an empty list. */
export function failureCases(bed: () => Pick<Bed, 'lab' | 'connector'>, lab: Lab): void {
  let endedJob = 0;
  const impatient = () => bed().connector('root', { timeoutMs: 2000 });
  const ended = () => endedJob;

  before(async () => {
    endedJob = await bed().lab.submit('alice', ['-p', 'cpu', '-n1'], '#!/bin/sh\nexit 0\n');
    const state = () => bed().lab.ask('sacct', ['-n', '-X', '-P', '-j', String(endedJob), '-o', 'State']);
    await until('accounting has an ended job', 30, async () => (await state()) === 'COMPLETED');
  });

  const fails = (promise: Promise<unknown>, codes: readonly ErrorCode[] = outOfReach): Promise<void> =>
    assert.rejects(promise, (error) => isCode(error, ...codes) || assert.fail(`${error}`));

  function withoutController(connector: () => ReturnType<Bed['connector']>): void {
    it('no question about the queue is answered as if there were no jobs', async () => {
      const { controller } = connector();
      await Promise.all([
        fails(controller.activeJobs()),
        fails(controller.activeJobs({ states: ['RUNNING'], users: ['root'] })),
        fails(collect(controller.activeStates())),
        fails(controller.nodes()),
        fails(controller.partitions()),
        fails(controller.allAllocations()),
        fails(controller.diagnostics()),
      ]);
    });

    it('a job that cannot be asked about is unasked, not gone', async () => {
      const { controller } = connector();
      const [jobs, allocations, details, ...others] = await Promise.all([
        controller.jobsById([ended(), 999_999]),
        controller.allocations([ended(), 999_999]),
        controller.details([ended(), 999_999], { script: true, description: true }),
        controller.batchScript(999_999),
        controller.describe(999_999),
      ]);
      const answers = [...jobs, ...allocations, ...details];
      assert.equal(answers.length, 6);
      for (const answer of [...answers.map(([, one]) => one), ...others]) {
        assert.ok(answer.kind === 'unasked' && outOfReach.includes(answer.error.code), JSON.stringify(answer));
      }
    });

    it('a write fails with a code', async () => {
      const { jobs } = connector();
      await Promise.all([
        fails(jobs.submit({ script: '#!/bin/sh\ntrue\n', account: 'root', workDir: bed().lab.workDir, stdout: '/dev/null' }).run()),
        fails(jobs.cancel([String(ended())]).run()),
      ]);
    });

    it('history is still there', async () => {
      const { accounting } = bed().connector();
      const { records } = await collect(accounting.jobsById([ended()]));
      assert.deepEqual(
        records.map(({ state }) => state.base),
        ['COMPLETED'],
      );
      assert.equal((await accounting.ping()).up, true);
    });
  }

  describe('slurmctld hangs', () => {
    before(() => bed().lab.daemons.slurmctld.freeze());
    after(() => bed().lab.daemons.slurmctld.thaw());
    withoutController(impatient);
  });

  describe('slurmctld is gone', () => {
    before(() => bed().lab.daemons.slurmctld.stop());
    after(() => bed().lab.daemons.slurmctld.start());
    // With its own patience: longer than Slurm itself waits.
    withoutController(() => bed().connector());

    it('ping says that it is down', async () => {
      const status = await bed().connector().controller.ping();
      assert.deepEqual(
        status.map(({ up }) => up),
        [false],
      );
    });
  });

  it('a controller that came back is asked as before, by the same connector', async () => {
    const { controller } = bed().connector();
    assert.equal((await controller.jobsById([ended()])).get(ended())?.kind, 'known');
    assert.equal((await controller.nodes()).records.length, 6);
  });

  function withoutAccounting(connector: () => ReturnType<Bed['connector']>): void {
    it('no question about history is answered as if there were none', async () => {
      const { accounting } = connector();
      const now = Math.floor(Date.now() / 1000);
      await Promise.all([
        fails(collect(accounting.endedJobs({ from: now - 60, to: now }))),
        fails(collect(accounting.jobsById([ended()]))),
      ]);
      await Promise.all([
        fails(accounting.users()),
        fails(accounting.associations()),
        fails(accounting.usage({ from: now - 7200, to: now })),
        fails(accounting.privileges()),
      ]);
      assert.equal((await accounting.ping()).up, false);
      const script = await accounting.batchScript(999_999);
      assert.ok(script.kind === 'unasked' && outOfReach.includes(script.error.code), JSON.stringify(script));
    });

    it('an administrative write fails with a code', async () => {
      await fails(connector().accountingAdmin.addAccount({ name: 'sluice_d', description: 'd', organization: 'lab' }).run());
    });

    it('the queue is still there', async () => {
      assert.equal((await bed().connector().controller.jobsById([ended()])).get(ended())?.kind, 'known');
    });
  }

  describe('slurmdbd hangs', () => {
    before(() => bed().lab.daemons.slurmdbd.freeze());
    after(() => bed().lab.daemons.slurmdbd.thaw());
    withoutAccounting(impatient);
  });

  describe('slurmdbd is gone', () => {
    let jobId = 0;
    before(() => bed().lab.daemons.slurmdbd.kill());
    withoutAccounting(() => bed().connector());

    it('slurmctld keeps what it could not deliver, says so, and accounting has it once slurmdbd is back', async () => {
      const { controller, accounting } = bed().connector();
      const queue = async (): Promise<number> => (await controller.diagnostics()).dbdAgentQueue ?? 0;
      jobId = await bed().lab.submit('alice', ['-p', 'cpu', '-n1'], '#!/bin/sh\nexit 5\n');
      await until(
        'the job has ended',
        30,
        async () => (await bed().lab.ask('squeue', ['-h', '-t', 'all', '-j', String(jobId), '-o', '%T'])) === 'FAILED',
      );
      await until('messages wait for slurmdbd', 30, async () => (await queue()) > 0);
      await bed().lab.daemons.slurmdbd.start();
      await until('no message waits', 60, async () => (await queue()) === 0);
      // 24.11 leaves a second row of the job, pending and without an end: the submission, sent before its answer was lost.
      const { records } = await collect(accounting.jobsById([jobId]));
      assert.deepEqual(
        records.filter(({ end }) => end !== null).map(({ state, exitCode }) => [state.base, exitCode?.code]),
        [['FAILED', 5]],
      );
    });
  });

  it('commands that are not there are told apart from daemons that are not', async () => {
    const { lab } = bed();
    const nowhere = bed().connector('root', { binPath: `${lab.dir}/nowhere` });
    await fails(nowhere.controller.activeJobs(), ['process.missing']);
    await fails(nowhere.accounting.users(), ['process.missing']);
  });

  itOnRealSlurm(lab, 'conf', 'with a slurm.conf that is not there no daemon is found', async () => {
    const lost = bed().connector('root', { conf: `${lab.dir}/etc/nowhere.conf`, timeoutMs: 3000 });
    await fails(lost.controller.activeJobs(), ['slurm.unreachable', 'process.timeout']);
  });
}
