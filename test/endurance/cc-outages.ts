import assert from 'node:assert/strict';
import { join } from 'node:path';
import { labWithHooks } from '../clustercockpit-lab/lab-with-hooks.ts';
import { outageNames, outagesTrial } from '../clustercockpit-lab/outages.ts';
import { Choices } from '../clustercockpit-lab/random.ts';
import { type EnduranceScenario, seededRandom } from './scenario.ts';

const minutesEach = 10;

/** Each of Slurm's daemons, its commands, cc-backend and the journal's disk fail for ten minutes; no running job is stopped, nothing is lost. */
export const ccOutages: readonly EnduranceScenario[] = outageNames.map((outage) => ({
  name: `cc-outage-${outage.replaceAll(' ', '-')}`,
  async run({ seed, scale, progress }) {
    const bed = await labWithHooks(progress);
    try {
      const { faults, figures } = await outagesTrial({
        lab: bed.lab,
        dir: join(bed.dir, 'trial'),
        choices: new Choices(seededRandom(seed)),
        lastsMs: minutesEach * 60_000 * scale,
        everyMs: 1000,
        hooks: bed.hooks,
        only: [outage],
        progress,
      });
      assert.deepEqual(faults, []);
      return { slurm: bed.lab.release, secondsOfOutage: minutesEach * 60 * scale, ...figures };
    } finally {
      await bed.down();
    }
  },
}));
