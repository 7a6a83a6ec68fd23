import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControllerStatistics } from '../model/slurmctld.ts';
import { fullRelease, recording, releases } from './recorded-cluster.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sdiag } from './sdiag.ts';

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

/** The figures of a recording that the emulator counts too. */
function statisticsOf(text: string): ControllerStatistics {
  return {
    startedAt: number(text, /^Data since .*\((\d+)\)$/m),
    submitted: number(text, /^Jobs submitted: (\d+)/m),
    started: number(text, /^Jobs started: +(\d+)/m),
    completed: number(text, /^Jobs completed: (\d+)/m),
    cancelled: number(text, /^Jobs canceled: +(\d+)/m),
    failed: number(text, /^Jobs failed: +(\d+)/m),
    pending: number(text, /^Jobs pending: +(\d+)/m),
    running: number(text, /^Jobs running: +(\d+)/m),
    dbdAgentQueue: number(text, /^DBD Agent queue size: (\d+)/m),
    scheduleCycles: number(text, /^\tTotal cycles: (\d+)/m),
    backfillCycles: number(text, /^Backfilling stats[\s\S]*?^\tTotal cycles: (\d+)/m),
    backfilled: number(text, /^\tTotal backfilled jobs \(since last slurm start\): (\d+)/m),
  };
}

/** The lines up to the RPC statistics, without the times of slurmctld's own work, which the emulator does not have. */
function counted(text: string): readonly string[] {
  const work =
    /^(Server thread count:|\t(Last|Max|Mean|Depth|Queue length|Cycles per|Total backfilled het|End of job)[^:]*:|Job states ts:|Latency .*:).*$/gm;
  return text.split('Remote Procedure')[0]?.replaceAll(work, '$1').split('\n') ?? [];
}

describe('sdiag', () => {
  for (const release of releases) {
    it(`counts in the lines of ${release}`, async () => {
      const text = recording(release, 'final-sdiag');
      const statistics = statisticsOf(text);
      const now = number(text, /^sdiag output at .*\((\d+)\)$/m);
      const slurm = recordedSlurm({ release: fullRelease(release), now, controller: { statistics: () => statistics } });
      const answer = await run(sdiag, slurm, []);
      assert.equal(answer.code, 0);
      assert.deepEqual(counted(answer.stdout), counted(text));
    });
  }
});
