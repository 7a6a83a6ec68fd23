// Writes pairs of rows until it is killed, and says each id on stdout only once its commit is done.
import { systemClock } from '@sluice/io';
import type { Schema } from './migrate.ts';
import { openJournal } from './open-journal.ts';

export const killSchema: Schema = {
  applicationId: 0x534c5443,
  migrations: [{ name: 'pairs', up: 'CREATE TABLE entry (id INTEGER PRIMARY KEY); CREATE TABLE half (id INTEGER PRIMARY KEY)' }],
};

if (import.meta.main) {
  const path = process.argv[2] ?? '';
  const journal = openJournal(path, killSchema, { clock: systemClock() });
  process.stdout.write(`${process.pid}\n`);
  for (;;) {
    const batch = Array.from({ length: 5 }, () =>
      journal.write((statements) => {
        const { lastId } = statements.run('INSERT INTO entry DEFAULT VALUES');
        statements.run('INSERT INTO half VALUES (?)', lastId);
        return lastId;
      }),
    );
    const last = (await Promise.all(batch)).at(-1);
    process.stdout.write(`${last}\n`);
  }
}
