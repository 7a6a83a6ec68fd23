import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { manualClock } from '@sluice/io';
import fc from 'fast-check';
import { aRun } from '../journal/run.fixture.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';

const end = { time: 1_700_000_100, state: 'FAILED' };
const key = { cluster: 'alpha', jobId: 7, start: 1_700_000_000 };
const open = aRun(key);
const over = aRun({ ...key, ended: end });

type Step = (journal: RunJournal) => Promise<unknown>;
const told: Readonly<Record<string, Step>> = {
  'hook: it runs': ({ runs }) => runs.record([{ run: open, complete: true, backlog: false }]),
  'hook: it has ended': ({ runs }) => runs.record([{ run: over, complete: true, backlog: false }]),
  'poll: it has ended': ({ runs }) => runs.record([], { endings: [{ ...key, ended: end }] }),
  'accounting: its row': ({ runs }) => runs.record([{ run: { ...over, script: null }, complete: true, backlog: true }]),
  'accounting: a row that a resize ended': ({ runs }) => runs.record([{ run: open, complete: false, backlog: true }]),
  'a comparison finds it running': async ({ deliveries }) => {
    const standing = deliveries.standingOf('rest', key);
    if (standing?.stands === 'start') await deliveries.correct('rest', [{ id: standing.id, stands: 'start' }]);
  },
};

/** Delivers one thing that is due, and says what. */
async function deliverOne({ deliveries }: RunJournal, sent: string[]): Promise<boolean> {
  for (const what of ['start', 'stop'] as const) {
    const due = deliveries.due('rest', what, 1, new Set())[0];
    if (!due) continue;
    sent.push(what === 'start' ? 'start' : `stop ${due.run.ended?.time} ${due.run.ended?.state}`);
    await deliveries.settle('rest', [what === 'start' ? { id: due.id, did: 'start', stopAfterMs: 0 } : { id: due.id, did: 'stop' }]);
    return true;
  }
  return false;
}

it('hook, poll and accounting in any order, with deliveries between: one start, one stop with the right end', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-order-'));
  let round = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(told), 'deliver'), { maxLength: 12 }), async (steps) => {
        const path = join(directory, `${round++}.db`);
        const clock = manualClock(1_700_000_200_000);
        const journal = await openRunJournal(path, { clock, sinks: ['rest'], first: 'rest', durability: 'process-kill' });
        const sent: string[] = [];
        try {
          for (const step of [...steps, 'accounting: its row']) {
            await (step === 'deliver' ? deliverOne(journal, sent) : told[step]?.(journal));
          }
          while (await deliverOne(journal, sent));
        } finally {
          journal.close();
        }
        assert.deepEqual(sent, ['start', `stop ${end.time} ${end.state}`]);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
