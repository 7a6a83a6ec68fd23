import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { planMix } from '../clustercockpit-lab/job-kinds.ts';
import { type JobsTrialResult, jobsTrial } from '../clustercockpit-lab/jobs-trial.ts';
import { type LabWithHooks, labWithHooks } from '../clustercockpit-lab/lab-with-hooks.ts';
import { outagesTrial } from '../clustercockpit-lab/outages.ts';
import { Choices } from '../clustercockpit-lab/random.ts';
import { seededRandom } from '../endurance/scenario.ts';
import { LabUnavailable } from '../lab/lab.ts';

/** The same choices as an earlier run: SLUICE_TEST_SEED. */
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000_000);
const bed = await labWithHooks().catch((error: unknown) => {
  if (error instanceof LabUnavailable) return error;
  throw error;
});

if (bed instanceof LabUnavailable) it('the daemon on a real Slurm', { skip: bed.message });
else describe(`the daemon on Slurm ${bed.lab.release}, seed ${seed}`, () => daemonOnLab(bed));

/** Short forms of test/endurance/cc-*.ts. */
function daemonOnLab({ lab, hooks, dir, down }: LabWithHooks): void {
  const choices = new Choices(seededRandom(seed));
  const quiet = () => {};
  after(down);

  const inOrder = ({ faults, kills, requests }: JobsTrialResult) =>
    assert.deepEqual(faults, [], `seed ${seed}, kills ${JSON.stringify(kills)}, calls ${JSON.stringify(requests)}`);

  it('jobs of every kind stand in cc-backend as Slurm says, while the daemon is killed and every third call goes wrong', async () => {
    const jobs = planMix(40, choices, ['timedOut', 'nodeFail']);
    inOrder(
      await jobsTrial({ lab, dir: join(dir, 'killed'), jobs, choices, everyMs: 250, kills: 6, faultShare: 0.3, hooks, progress: quiet }),
    );
  });

  it('no stop for a job that runs while slurmctld or slurmdbd is away, squeue says nothing, the disk is full', async () => {
    const only = ['slurmctld stopped', 'squeue says nothing', 'slurmdbd stopped', 'the disk of the journal full'];
    const { faults } = await outagesTrial({
      lab,
      dir: join(dir, 'outages'),
      choices,
      lastsMs: 4000,
      everyMs: 600,
      hooks,
      only,
      progress: quiet,
    });
    assert.deepEqual(faults, [], `seed ${seed}`);
  });
}
