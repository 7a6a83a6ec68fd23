import assert from 'node:assert/strict';
import { join } from 'node:path';
import { labWithHooks } from '../clustercockpit-lab/lab-with-hooks.ts';
import { Choices } from '../clustercockpit-lab/random.ts';
import { twoDaemonsTrial } from '../clustercockpit-lab/two-daemons.ts';
import { type EnduranceScenario, seededRandom } from './scenario.ts';

const takeovers = 8;

/** Two controllers with a daemon each: one delivers, the other takes over within a minute, nothing is lost or doubled. */
export const ccTwoDaemons: EnduranceScenario = {
  name: 'cc-two-daemons',
  async run({ seed, scale, progress }) {
    const bed = await labWithHooks(progress);
    try {
      const { faults, figures } = await twoDaemonsTrial({
        lab: bed.lab,
        dir: join(bed.dir, 'trial'),
        choices: new Choices(seededRandom(seed)),
        takeovers: Math.max(2, Math.round(takeovers * scale)),
        lastsMs: 10_000,
        progress,
      });
      assert.deepEqual(faults, []);
      return { slurm: bed.lab.release, ...figures };
    } finally {
      await bed.down();
    }
  },
};
