import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountedJob, parseState } from '@sluice/slurm';
import { readAccounted } from './accounted.ts';
import { surroundings } from './seen.ts';

const nowhere = surroundings([], []);
const start = 1_795_000_000;

const row = (state: string, from: number, to: number) =>
  ({
    cluster: 'c',
    jobId: 7,
    array: null,
    state: parseState(state),
    start: from,
    end: to,
    nodes: 'n1',
    allocated: {},
    cpus: 1,
  }) as unknown as AccountedJob;

test('§9.8 rows that follow a resize are the run that was resized, in whatever order and in whichever answer they come', () => {
  const resized = row('RESIZING', start, start + 60);
  const rest = row('COMPLETED', start + 60, start + 90);
  const whole = { start, ended: { time: start + 90, state: 'COMPLETED' } };
  const seen = (rows: readonly AccountedJob[], known: ReadonlyMap<number, number> = new Map()) => {
    const { sightings, resizes } = readAccounted(rows, nowhere, (_, __, at) => known.get(at));
    return { runs: sightings.map(({ run, complete }) => ({ start: run.start, ended: run.ended, complete })), resizes: resizes.length };
  };
  const [first, last] = [
    { start, ended: null, complete: false },
    { ...whole, complete: true },
  ];
  assert.deepEqual(seen([rest, resized]), { runs: [first, last], resizes: 1 });
  assert.deepEqual(seen([rest], new Map([[start + 60, start]])), { runs: [last], resizes: 0 });
  assert.deepEqual(seen([rest]).runs[0]?.start, start + 60, 'of which no resize is known');
});
