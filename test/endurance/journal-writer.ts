// Writes pairs of rows until it is killed, and says on stdout what it was promised.
import { systemClock } from '@sluice/io';
import { openJournal, type Schema } from '@sluice/service';

export const pairs: Schema = {
  applicationId: 0x534c5445,
  migrations: [{ name: 'pairs', up: 'CREATE TABLE entry (id INTEGER PRIMARY KEY); CREATE TABLE half (id INTEGER PRIMARY KEY)' }],
};

if (import.meta.main) {
  const journal = openJournal(process.argv[2] ?? '', pairs, { clock: systemClock() });
  process.stdout.write(`${process.pid}\n`);
  for (;;) {
    const writes = Array.from({ length: 5 }, () =>
      journal.write((statements) => {
        const { lastId } = statements.run('INSERT INTO entry DEFAULT VALUES');
        statements.run('INSERT INTO half VALUES (?)', lastId);
        return lastId;
      }),
    );
    process.stdout.write(`${(await Promise.all(writes)).at(-1)}\n`);
  }
}
