import assert from 'node:assert/strict';
import { join } from 'node:path';
import { planMix } from '../clustercockpit-lab/job-kinds.ts';
import { jobsTrial } from '../clustercockpit-lab/jobs-trial.ts';
import { labWithHooks } from '../clustercockpit-lab/lab-with-hooks.ts';
import { Choices } from '../clustercockpit-lab/random.ts';
import { type EnduranceOptions, type EnduranceScenario, seededRandom } from './scenario.ts';

interface Setting {
  readonly jobs: number;
  readonly kills: number;
  readonly faultShare: number;
  readonly hooks: boolean;
  /** Milliseconds between two submissions. */
  readonly everyMs: number;
}

/** 500 jobs of every kind stand in cc-backend as Slurm says. */
export const ccJobs: EnduranceScenario = scenario('cc-jobs', { jobs: 500, kills: 0, faultShare: 0, hooks: true, everyMs: 350 });

/** The same with 200 kills, while every third call to cc-backend fails, hangs or is dropped after the commit. */
export const ccKills: EnduranceScenario = scenario('cc-kills', { jobs: 500, kills: 200, faultShare: 0.3, hooks: true, everyMs: 2000 });

/** The same without hooks: the daemon has its own looks alone. */
export const ccKillsUnhooked: EnduranceScenario = scenario('cc-kills-unhooked', {
  jobs: 500,
  kills: 200,
  faultShare: 0.3,
  hooks: false,
  everyMs: 2500,
});

function scenario(name: string, setting: Setting): EnduranceScenario {
  return { name, run: (options) => runJobs(setting, options) };
}

async function runJobs(setting: Setting, { seed, scale, progress }: EnduranceOptions): Promise<Readonly<Record<string, number | string>>> {
  const choices = new Choices(seededRandom(seed));
  const bed = await labWithHooks(progress);
  try {
    const result = await jobsTrial({
      lab: bed.lab,
      dir: join(bed.dir, 'trial'),
      jobs: planMix(Math.round(setting.jobs * scale), choices),
      choices,
      everyMs: setting.everyMs,
      kills: Math.round(setting.kills * scale),
      faultShare: setting.faultShare,
      hooks: setting.hooks ? bed.hooks : undefined,
      progress,
    });
    assert.deepEqual(result.faults, []);
    const near = Object.entries(result.kills ?? {}).map(([what, count]) => [`killsNear${what[0]?.toUpperCase()}${what.slice(1)}`, count]);
    const injected = Object.values(result.requests.faults).reduce((sum, count) => sum + count, 0);
    return {
      slurm: bed.lab.release,
      runsJudged: result.verdict.figures.runs,
      ...result.verdict.figures,
      ...Object.fromEntries(near),
      calls: result.requests.calls,
      faultsInjected: injected,
      startsTaken: result.starts,
      stopsChecked: result.stops,
      settledAfterMs: Math.round(result.settledMs),
    };
  } finally {
    await bed.down();
  }
}
