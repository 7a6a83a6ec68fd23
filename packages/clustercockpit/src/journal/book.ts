import type { Journal, Statements } from '@sluice/service';
import type { RunKey } from '../run.ts';
import type { Gap, Notes } from './types.ts';

/** What the journal keeps beside the runs: notes by name, gaps in what was asked, strays. */
export class Book {
  readonly #journal: Journal;
  readonly #now: () => number;

  constructor(journal: Journal, now: () => number) {
    this.#journal = journal;
    this.#now = now;
  }

  note(name: string): string | undefined {
    const row = this.#journal.get('SELECT value FROM note WHERE name = ?', name);
    return row === undefined ? undefined : String(row['value']);
  }

  setNotes(notes: Notes): Promise<void> {
    return this.#journal.write((statements) => {
      for (const [name, value] of Object.entries(notes)) setNote(statements, name, value);
    });
  }

  gaps(): readonly Gap[] {
    return this.#journal
      .all('SELECT * FROM gap ORDER BY since')
      .map((row) => ({ cluster: String(row['cluster']), since: Number(row['since']), until: Number(row['until']) }));
  }

  addGap({ cluster, since, until }: Gap): Promise<void> {
    return this.#journal.write(({ run }) => void run('INSERT OR IGNORE INTO gap VALUES (?, ?, ?)', cluster, since, until));
  }

  /** Gaps that lie wholly within a span have been filled. */
  closeGaps({ cluster, since, until }: Gap): Promise<number> {
    return this.#journal.write(
      ({ run }) => run('DELETE FROM gap WHERE cluster = ? AND since >= ? AND until <= ?', cluster, since, until).changes,
    );
  }

  /** Jobs that cc-backend has as running and Slurm does not know, as the last comparison found them. */
  strays(): readonly RunKey[] {
    return this.#journal
      .all('SELECT * FROM stray ORDER BY start')
      .map((row) => ({ cluster: String(row['cluster']), jobId: Number(row['job_id']), start: Number(row['start']) }));
  }

  setStrays(cluster: string, strays: readonly RunKey[]): Promise<void> {
    return this.#journal.write((statements) => {
      statements.run('DELETE FROM stray WHERE cluster = ?', cluster);
      for (const { jobId, start } of strays)
        statements.run('INSERT OR IGNORE INTO stray VALUES (?, ?, ?, ?)', cluster, jobId, start, this.#now());
    });
  }
}

export function setNote({ run }: Statements, name: string, value: string): void {
  run('INSERT INTO note VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
}
