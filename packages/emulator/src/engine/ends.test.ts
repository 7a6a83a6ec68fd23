import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { JobRequest } from '../model/job.ts';
import { stillCluster } from './testing/history.ts';
import { alice, bob, root, wrapped } from './testing/lab-cluster.ts';

function submit(slurm: EmulatedSlurm, text: string, request: Partial<JobRequest> = {}): string {
  return `${slurm.controller.submit([wrapped(text, { tasks: 1, ...request })], alice).jobId}`;
}

const end = { batchOnly: false, full: false };

/** State, exit code and reason, as slurmctld has them. */
function stands(slurm: EmulatedSlurm, id: string): string {
  const job = slurm.controller.select(id)[0];
  return job === undefined ? 'gone' : `${job.state} ${job.exit.code}:${job.exit.signal} ${job.reason}`;
}

test('what has ended is not changed any more, what has not begun is not signalled, and what is not yours neither', async (t) => {
  for (const release of ['22.05.8', '24.11.7']) {
    const slurm = stillCluster({ release });
    t.after(() => slurm.close());
    const { controller } = slurm;
    const done = submit(slurm, 'exit 0');
    const held = submit(slurm, 'sleep 60', { hold: true });
    slurm.time.advance(2);
    for (const changes of [{ comment: 'late' }, { adminComment: 'late' }, { timeLimit: 5 }]) {
      assert.throws(() => controller.updateJob(done, changes, root), { number: 2084, message: 'Job has already finished' });
    }
    // 22.05 looks at the owner afterwards.
    assert.throws(() => controller.updateJob(done, { comment: '' }, bob), { number: release === '22.05.8' ? 2084 : 2010 });
    for (const number of [10, 15]) assert.throws(() => controller.signal(held, number, end, alice), { number: 2020 });
    for (const number of [null, 15]) assert.throws(() => controller.signal(held, number, end, bob), { number: 2002 });
    assert.throws(() => controller.requeue(held, { hold: false, specialExit: false }, bob), { number: 2002 });
    assert.equal(stands(slurm, held), 'PENDING 0:0 JobHeldUser');
    controller.signal(held, 9, end, alice);
    assert.equal(stands(slurm, held), 'CANCELLED 0:0 JobHeldUser');
  }
});

test('a job runs out of memory, or its nodes do not boot', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const asking = (end: string, script: string) => submit(slurm, script, { environment: { EMULATED_END: end } });
  const [memory, boot, other] = [
    asking('OUT_OF_MEMORY', 'srun sleep 10; sleep 10'),
    asking('BOOT_FAIL', 'sleep 10'),
    asking('x', 'sleep 10'),
  ];
  const played = submit(slurm, 'sleep 1', {
    play: { kind: 'simulated', seconds: 5, exit: { code: 0, signal: 0 }, end: 'OUT_OF_MEMORY' },
  });
  const cancelled = asking('OUT_OF_MEMORY', 'sleep 60');
  slurm.time.advance(3);
  assert.equal(stands(slurm, boot), 'BOOT_FAIL 0:1 JobLaunchFailure');
  slurm.controller.signal(cancelled, null, end, alice);
  assert.equal(stands(slurm, cancelled), 'CANCELLED 0:15 None');
  slurm.time.advance(30);
  assert.equal(stands(slurm, memory), 'OUT_OF_MEMORY 0:125 OutOfMemory');
  assert.equal(stands(slurm, played), 'OUT_OF_MEMORY 0:125 OutOfMemory');
  assert.equal(stands(slurm, other), 'COMPLETED 0:0 None');
  const [row] = slurm.database.jobRows({ jobIds: [memory] });
  assert.deepEqual([row?.state, row?.exit, row?.reason], ['OUT_OF_MEMORY', { code: 0, signal: 125 }, 'None']);
  const steps = (id: string) =>
    [...slurm.database.jobRows({ jobIds: [id] })][0]?.steps.map((step) => `${step.id} ${step.state} ${step.exit.code}:${step.exit.signal}`);
  assert.deepEqual([steps(memory), steps(boot)], [['batch OUT_OF_MEMORY 0:125', '0 COMPLETED 0:0'], []]);
  assert.ok(slurm.controller.nodes().every((node) => node.state === 'IDLE'));
});

test('a het job that waits is cancelled by its leader alone, and one that runs also by its components', async (t) => {
  const slurm = stillCluster();
  t.after(() => slurm.close());
  const het = (hold: boolean) =>
    slurm.controller.submit([wrapped('sleep 60', { tasks: 1, hold }), wrapped('sleep 60', { tasks: 2, hold })], alice).jobId;
  const states = (id: number) => slurm.controller.select(`${id}`).map(({ state }) => state);
  const [byId, byOffset] = [het(true), het(true)];
  for (const component of [`${byId}+1`, `${byId + 1}`]) {
    assert.throws(() => slurm.controller.signal(component, null, end, alice), { number: 2108 });
  }
  assert.deepEqual(states(byId), ['PENDING', 'PENDING']);
  slurm.controller.signal(`${byId}`, null, end, alice);
  slurm.controller.signal(`${byOffset}+0`, null, end, alice);
  assert.deepEqual(
    [states(byId), states(byOffset)],
    [
      ['CANCELLED', 'CANCELLED'],
      ['CANCELLED', 'CANCELLED'],
    ],
  );
  const running = het(false);
  slurm.time.advance(20);
  slurm.controller.signal(`${running}+1`, null, end, alice);
  assert.deepEqual(states(running), ['RUNNING', 'CANCELLED']);
});
