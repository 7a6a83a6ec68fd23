import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemProcesses } from '@sluice/io';
import { openJournal } from '@sluice/service';
import { pairs } from './journal-writer.ts';
import { type EnduranceScenario, seededRandom } from './scenario.ts';

const kills = 400;
const writer = join(import.meta.dirname, 'journal-writer.ts');

/** A journal's writer is killed hundreds of times: what it was promised is there, and nothing stands by half. */
export const journalKills: EnduranceScenario = {
  name: 'journal-kills',
  async run({ seed, scale, progress }) {
    const random = seededRandom(seed);
    const rounds = Math.max(1, Math.round(kills * scale));
    const directory = mkdtempSync(join(tmpdir(), 'sluice-endurance-'));
    const path = join(directory, 'journal.db');
    let promised = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        promised = Math.max(promised, await writeUntilKilled(path, Math.floor(random() * 80)));
        const { rows, last, halves } = readBack(path);
        assert.ok(last >= promised, `round ${round}: ${promised} was promised, ${last} is there`);
        assert.equal(rows, last, `round ${round}: rows are missing`);
        assert.equal(halves, rows, `round ${round}: halves are missing`);
        if (round % 50 === 49) progress(`${round + 1} kills, ${rows} rows`);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    return { kills: rounds, rowsPromised: promised };
  },
};

/** Starts the writer, kills it after so many promises (at once for 0) and returns the last row promised. */
async function writeUntilKilled(path: string, promises: number): Promise<number> {
  const program = { name: process.execPath, timeoutMs: 60_000, inherit: ['PATH'], maxOutputBytes: 1 << 26 };
  const child = systemProcesses(process.env).stream({ program, args: ['--conditions=@sluice/source', '--no-warnings', writer, path] });
  let text = '';
  let killed = false;
  for await (const chunk of child.stdout) {
    text += chunk.toString('latin1');
    const lines = text.split('\n');
    if (!killed && lines.length - 2 >= promises) {
      process.kill(Number(lines[0]), 'SIGKILL');
      killed = true;
    }
  }
  const { signal, stderr } = await child.ended;
  assert.equal(signal, 'SIGKILL', stderr);
  return Math.max(0, ...text.split('\n').slice(1, -1).map(Number));
}

function readBack(path: string): { rows: number; last: number; halves: number } {
  const journal = openJournal(path, pairs, { clock: systemClock() });
  const entry = journal.get('SELECT count(*) AS rows, coalesce(max(id), 0) AS last FROM entry');
  const half = journal.get('SELECT count(*) AS rows FROM half');
  journal.close();
  return { rows: Number(entry?.['rows']), last: Number(entry?.['last']), halves: Number(half?.['rows']) };
}
