import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isCode, systemClock, systemProcesses } from '@sluice/io';
import { killSchema } from './kill-writer.fixture.ts';
import { openJournal } from './open-journal.ts';

const kills = Number(process.env['SLUICE_TEST_KILLS'] ?? 24);
const writer = join(import.meta.dirname, 'kill-writer.fixture.ts');

test(`a writer killed ${kills} times loses nothing that was promised and keeps nothing by halves`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-kill-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'journal.db');
  const processes = systemProcesses(process.env);
  const program = { name: process.execPath, timeoutMs: 240_000, inherit: ['PATH', 'NODE_COMPILE_CACHE'], maxOutputBytes: 64 * 1024 * 1024 };
  let promised = 0;
  for (let round = 0; round < kills; round++) {
    const killAfter = Math.floor(Math.random() * 60);
    const child = processes.stream({ program, args: ['--conditions=@sluice/source', '--no-warnings', writer, path] });
    let pid = 0;
    let lines = 0;
    for await (const line of createInterface({ input: Readable.from(child.stdout) })) {
      if (pid === 0) pid = Number(line);
      else promised = Math.max(promised, Number(line));
      if (lines === 0) {
        assert.throws(
          () => openJournal(path, killSchema, { clock: systemClock() }),
          (error) => isCode(error, 'instance.running') && error.message.includes(`process ${pid}`),
        );
      }
      if (lines++ === killAfter) process.kill(pid, 'SIGKILL');
    }
    const ended = await child.ended;
    assert.equal(ended.signal, 'SIGKILL', `round ${round}, after ${killAfter} lines: ${ended.stderr}`);
    const journal = openJournal(path, killSchema, { clock: systemClock() });
    const row = journal.get('SELECT count(*) AS pairs, coalesce(max(id), 0) AS last FROM entry');
    assert.ok(Number(row?.['last']) >= promised, `promised ${promised}, kept ${row?.['last']}`);
    assert.equal(row?.['pairs'], row?.['last'], 'no gaps');
    assert.equal(journal.get('SELECT count(*) AS n FROM half')?.['n'], row?.['pairs'], 'both halves of every write');
    journal.close();
  }
  assert.ok(promised > 0);
});
