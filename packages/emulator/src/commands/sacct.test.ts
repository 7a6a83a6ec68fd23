import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobRow, JobRowQuery, Slurmdbd } from '../model/slurmdbd.ts';
import { fullRelease, releases } from './recorded-cluster.fixture.ts';
import { plainAnswer, recordedRows } from './recorded-rows.fixture.ts';
import { recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sacct } from './sacct.ts';

interface Parts {
  readonly rows?: readonly JobRow[];
  readonly now?: number;
  readonly asked?: JobRowQuery[];
}

function slurmOf(release: string, { asked = [], now = 1_795_254_000, rows = [] }: Parts) {
  return recordedSlurm({
    release: fullRelease(release),
    now,
    database: {
      jobRows: (query) => {
        asked.push(query);
        return rows;
      },
      qos: () => (['normal', 'high'] as const).map((name, index) => ({ name, id: 1 + index }) as ReturnType<Slurmdbd['qos']>[number]),
    },
  });
}

/** A step that its job took along may have no exit code; the emulator always has one. */
function withoutLosses(text: string): string {
  const [header = '', ...lines] = text.split('\n');
  const names = header.split('|');
  const kept = (value: string, name: string | undefined) => (name === 'ExitCode' && value === '' ? '0:0' : value);
  const filled = lines.map((line) =>
    line === ''
      ? line
      : line
          .split('|')
          .map((value, index) => kept(value, names[index]))
          .join('|'),
  );
  return [header, ...filled].join('\n');
}

describe('sacct', () => {
  for (const release of releases) {
    for (const [moment, argv] of [
      ['sacct-ALL', ['-a', '-X', '-P', '--format=ALL', '-S', '2026-11-21T09:00:00']],
      ['sacct-steps-ALL', ['-a', '-P', '--format=ALL', '-S', '2026-11-21T09:00:00']],
      ['final-sacct-ALL', ['-a', '-X', '-P', '--format=ALL', '-S', '2026-11-21T09:00:00']],
      ['final-sacct-steps-ALL', ['-a', '-P', '--format=ALL', '-S', '2026-11-21T09:00:00']],
    ] as const) {
      it(`writes every field of ${moment} as ${release} did`, async () => {
        const answer = await run(sacct, slurmOf(release, recordedRows(release, moment)), argv);
        assert.deepEqual(answer, { code: 0, stderr: '', stdout: withoutLosses(plainAnswer(release, moment)) });
      });
    }
  }
});
