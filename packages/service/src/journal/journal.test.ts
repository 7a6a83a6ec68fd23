import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { isCode, systemClock } from '@sluice/io';
import type { Schema } from './migrate.ts';
import { type JournalOptions, openJournal } from './open-journal.ts';

const schema: Schema = {
  applicationId: 0x534c5443,
  migrations: [{ name: 'entries', up: 'CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT' }],
};
const options: JournalOptions = { clock: systemClock() };

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function insert(text: string) {
  return (statements: { run(sql: string, ...parameters: string[]): { lastId: number } }) =>
    statements.run('INSERT INTO entry (text) VALUES (?)', text).lastId;
}

test('directories and the file are made with modes that others cannot read', (t) => {
  const path = join(directory(t), 'var', 'lib', 'journal.db');
  openJournal(path, schema, options).close();
  assert.equal(statSync(join(path, '..')).mode & 0o007, 0);
  assert.equal(statSync(path).mode & 0o007, 0);
});

test('writes of one turn are one commit, and each caller gets its own result', async (t) => {
  const path = join(directory(t), 'journal.db');
  const journal = openJournal(path, schema, options);
  t.after(() => journal.close());
  const results = Promise.all(['a', 'b', 'c'].map((text) => journal.write(insert(text))));
  assert.equal(journal.waiting, 3);
  assert.deepEqual(journal.all('SELECT text FROM entry'), []);
  assert.deepEqual(await results, [1, 2, 3]);
  assert.deepEqual(
    journal.all('SELECT text FROM entry').map((row) => row['text']),
    ['a', 'b', 'c'],
  );
});

test('a function that throws undoes only what it did itself', async (t) => {
  const journal = openJournal(join(directory(t), 'journal.db'), schema, options);
  t.after(() => journal.close());
  const settled = await Promise.allSettled([
    journal.write(insert('a')),
    journal.write((statements) => {
      insert('undone')(statements);
      throw new Error('on purpose');
    }),
    journal.write(insert('a')),
    journal.write((statements) => Promise.resolve(insert('late')(statements))),
    journal.write(insert('b')),
  ]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(
    [...journal.iterate('SELECT text FROM entry ORDER BY id')].map((row) => row['text']),
    ['a', 'b'],
  );
});

test('close commits what waits, may be repeated, and later calls fail clearly', async (t) => {
  const path = join(directory(t), 'journal.db');
  const journal = openJournal(path, schema, options);
  const written = journal.write(insert('a'));
  journal.close();
  journal.close();
  await written;
  await assert.rejects(journal.write(insert('b')), /is closed/);
  assert.throws(() => journal.get('SELECT 1'), /is closed/);
  const again = openJournal(path, schema, options);
  assert.equal(again.all('SELECT * FROM entry').length, 1);
  again.close();
});

test('a second writer is refused and told who holds the journal; a reader is not', async (t) => {
  const path = join(directory(t), 'journal.db');
  const journal = openJournal(path, schema, { ...options, pid: 4711 });
  t.after(() => journal.close());
  for (let attempt = 0; attempt < 3; attempt++) {
    assert.throws(
      () => openJournal(path, schema, options),
      (error) => isCode(error, 'instance.running') && /process 4711/.test(error.message),
    );
  }
  await journal.write(insert('a'));
  const reader = openJournal(path, schema, { ...options, readOnly: true });
  assert.equal(reader.all('SELECT * FROM entry').length, 1);
  await assert.rejects(reader.write(insert('b')), /opened for reading/);
  reader.close();
  assert.throws(
    () => openJournal(path, schema, options),
    (error) => isCode(error, 'instance.running'),
  );
});

test('migrations are applied once and in order, a failing one leaves the version before it', (t) => {
  const path = join(directory(t), 'journal.db');
  const first = openJournal(path, schema, options);
  assert.deepEqual(first.migrations, ['entries']);
  first.close();
  const more: Schema = {
    ...schema,
    migrations: [
      ...schema.migrations,
      { name: 'note', up: "ALTER TABLE entry ADD COLUMN note TEXT NOT NULL DEFAULT ''" },
      { name: 'broken', up: 'CREATE TABLE half (id INTEGER); CREATE TABLE entry (id INTEGER)' },
    ],
  };
  assert.throws(() => openJournal(path, more, options));
  const good = openJournal(path, { ...more, migrations: more.migrations.slice(0, 2) }, options);
  assert.deepEqual(good.migrations, []);
  assert.equal(good.get("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'")?.['n'], 0);
  good.close();
});

test('a journal of a newer release is refused and left as it is', (t) => {
  const path = join(directory(t), 'journal.db');
  openJournal(
    path,
    { ...schema, migrations: [...schema.migrations, { name: 'next', up: 'CREATE TABLE next (id INTEGER)' }] },
    options,
  ).close();
  assert.throws(
    () => openJournal(path, schema, options),
    (error) => isCode(error, 'journal.newer'),
  );
  assert.throws(
    () => openJournal(path, schema, { ...options, readOnly: true }),
    (error) => isCode(error, 'journal.newer'),
  );
});

test('a file that belongs to something else is refused and left as it is', (t) => {
  const dir = directory(t);
  const foreign = join(dir, 'foreign.db');
  const database = new DatabaseSync(foreign);
  database.exec('CREATE TABLE users (id INTEGER)');
  database.close();
  assert.throws(
    () => openJournal(foreign, schema, options),
    (error) => isCode(error, 'journal.unusable') && /another program/.test(error.message),
  );
  mkdirSync(join(dir, 'directory'));
  const text = join(dir, 'text.db');
  writeFileSync(text, 'this is not a database, but a text of some length that SQLite will look at '.repeat(20));
  assert.throws(
    () => openJournal(text, schema, options),
    (error) => isCode(error, 'journal.unusable') && /no SQLite database/.test(error.message) && /mv .*text\.db /.test(error.hint ?? ''),
  );
  assert.throws(
    () => openJournal(join(dir, 'directory'), schema, options),
    (error) => isCode(error, 'journal.unusable'),
  );
});

test('a damaged file is refused with the way out', async (t) => {
  const path = join(directory(t), 'journal.db');
  const journal = openJournal(path, schema, options);
  await Promise.all(Array.from({ length: 2000 }, (_, index) => journal.write(insert(`entry ${index} ${'x'.repeat(100)}`))));
  journal.close();
  const size = statSync(path).size;
  writeFileSync(path, Buffer.alloc(8192, 0xff), { flag: 'r+' });
  assert.equal(statSync(path).size, size);
  assert.throws(
    () => openJournal(path, schema, options),
    (error) => isCode(error, 'journal.unusable'),
  );
});

test('the write-ahead log stays bounded', async (t) => {
  const journal = openJournal(join(directory(t), 'journal.db'), schema, { ...options, durability: 'process-kill' });
  t.after(() => journal.close());
  let largest = 0;
  for (let round = 0; round < 60; round++) {
    await journal.write((statements) => {
      for (let index = 0; index < 200; index++)
        statements.run('INSERT INTO entry (text) VALUES (?)', `${round}/${index} ${'x'.repeat(2000)}`);
    });
    largest = Math.max(largest, journal.size().walBytes);
  }
  assert.ok(journal.size().fileBytes > 20_000_000);
  assert.ok(largest < 16_000_000, `${largest} bytes of write-ahead log`);
});
