import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCode, systemClock, systemProcesses } from '@sluice/io';
import type { Journal, Statements } from './journal.ts';
import type { Schema } from './migrate.ts';
import { openJournal } from './open-journal.ts';

const schema: Schema = {
  applicationId: 0x534c5443,
  migrations: [{ name: 'entries', up: 'CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT' }],
};
const clock = systemClock();
const large = (statements: Statements) => statements.run('INSERT INTO entry (text) VALUES (?)', 'x'.repeat(10_000)).lastId;

/** Writes three at a time until a commit fails; gives the ids that were promised and the error. */
async function fill(journal: Journal): Promise<{ readonly promised: readonly number[]; readonly error: unknown }> {
  const promised: number[] = [];
  for (let round = 0; round < 10_000; round++) {
    const settled = await Promise.allSettled([journal.write(large), journal.write(large), journal.write(large)]);
    for (const result of settled) if (result.status === 'fulfilled') promised.push(result.value);
    const refused = settled.find((result) => result.status === 'rejected');
    if (refused) return { promised, error: refused.reason };
  }
  throw new Error('it never got full');
}

function stored(journal: Journal): readonly number[] {
  return journal.all('SELECT id FROM entry ORDER BY id').map((row) => Number(row['id']));
}

test('a journal at its own bound refuses with journal.full, keeps what was promised, and goes on when rows are gone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bound-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const journal = openJournal(join(directory, 'journal.db'), schema, { clock, maxBytes: 400_000 });
  t.after(() => journal.close());
  const { promised, error } = await fill(journal);
  assert.ok(isCode(error, 'journal.full'), String(error));
  assert.deepEqual(stored(journal), promised);
  await journal.write((statements) => statements.run('DELETE FROM entry WHERE id < 20'));
  await journal.write(large);
});

test('a full disk refuses with journal.full, keeps what was promised, and goes on when there is space again', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('mounting a small file system needs root');
  const processes = systemProcesses(process.env);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-full-'));
  const mount = { name: 'mount', timeoutMs: 120_000, inherit: ['PATH'], maxOutputBytes: 4096 };
  const { code } = await processes.run({ program: mount, args: ['-t', 'tmpfs', '-o', 'size=2m', 'sluice-test', directory] });
  if (code !== 0) {
    rmSync(directory, { recursive: true });
    return t.skip('a small file system cannot be mounted here');
  }
  t.after(async () => {
    await processes.run({ program: { ...mount, name: 'umount' }, args: ['--lazy', directory] });
    rmSync(directory, { recursive: true, force: true });
  });
  mkdirSync(join(directory, 'var'));
  const ballast = ['one', 'two'].map((name) => join(directory, name));
  for (const file of ballast) writeFileSync(file, Buffer.alloc(300_000));
  const path = join(directory, 'var', 'journal.db');
  const journal = openJournal(path, schema, { clock });
  const { promised, error } = await fill(journal);
  assert.ok(isCode(error, 'journal.full'), String(error));
  assert.deepEqual(stored(journal), promised);
  const again = await fill(journal);
  assert.ok(isCode(again.error, 'journal.full'), String(again.error));
  rmSync(ballast[0] ?? '');
  const later = await journal.write(large);
  assert.deepEqual(stored(journal), [...promised, ...again.promised, later]);
  journal.close();
  // The write-ahead log went into the file; opening needs space for a new one.
  rmSync(ballast[1] ?? '');
  const reopened = openJournal(path, schema, { clock });
  assert.deepEqual(stored(reopened), [...promised, ...again.promised, later]);
  reopened.close();
  return undefined;
});
