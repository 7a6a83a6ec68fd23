import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullRelease, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { scontrol } from './scontrol.ts';

/** What the recorded daemon said, as the settings of a cluster. */
function settingsOf(text: string): readonly (readonly [name: string, value: string])[] {
  return [...text.matchAll(/^(\S+) += (.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
}

function slurmOf(release: string, settings: Readonly<Record<string, string>>) {
  return recordedSlurm({
    release: fullRelease(release),
    now: 1_795_254_134,
    controller: { config: () => settings, statistics: () => ({ startedAt: 1_795_253_894 }) as never },
  });
}

const names = (text: string) => settingsOf(text).map(([name]) => name);

describe('scontrol show config', () => {
  for (const release of releases) {
    it(`has the settings of ${release}, in its order`, async () => {
      const text = recording(release, 'final-scontrol-show-config');
      const { code, stdout } = await run(scontrol, slurmOf(release, { DefMemPerCPU: '1000' }), ['show', 'config']);
      assert.equal(code, 0);
      assert.deepEqual(names(stdout), names(text));
    });
  }

  it('writes what is set, with its unit, and flags in the order of slurmctld', async () => {
    const settings = { MinJobAge: '120', AccountingStoreFlags: 'job_script,job_env,job_comment', SchedulerParameters: 'bf_interval=5' };
    const { stdout } = await run(scontrol, slurmOf('24.11', settings), ['show', 'config']);
    assert.match(stdout, /^MinJobAge {15}= 120 sec$/m);
    assert.match(stdout, /^AccountingStoreFlags {4}= job_comment,job_env,job_script$/m);
    assert.match(stdout, /^SchedulerParameters {5}= bf_interval=5$/m);
  });
});
