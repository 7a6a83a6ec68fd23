import { type Journal, type JournalOptions, openJournal } from '@sluice/service';
import { Book } from './book.ts';
import { takeOverSinks } from './changed-sinks.ts';
import { Deliveries } from './deliveries.ts';
import { Runs } from './runs.ts';
import { runSchema } from './schema.ts';
import type { SinkName } from './types.ts';

export interface RunJournalOptions extends JournalOptions {
  /** The sinks that runs are delivered to. Where they have changed, a new one takes over from the others at opening. */
  readonly sinks: readonly SinkName[];
  /** The sink that must have a run before the others are told, or none. */
  readonly first?: SinkName | undefined;
}

/** What Slurm says of runs, what stands elsewhere, and what is to be done. Errors: those of Journal. */
export interface RunJournal {
  readonly path: string;
  readonly runs: Runs;
  readonly deliveries: Deliveries;
  readonly book: Book;
  /**
   * Forgets runs that every sink has had in whole, or is not to have, since before a moment; at most `limit` at a time.
   * What waits or was set aside stays. Says how many.
   */
  purge(beforeMs: number, limit?: number): Promise<number>;
  /** Bytes of the file with its write-ahead log. */
  bytes(): number;
  close(): void;
}

/** Opens the journal at a path. Errors: those of openJournal. */
export async function openRunJournal(path: string, options: RunJournalOptions): Promise<RunJournal> {
  const journal = openJournal(path, runSchema, options);
  const { sinks, first } = options;
  if (options.readOnly !== true) await takeOverSinks(journal, sinks, first);
  const now = () => Math.round(options.clock.now());
  return {
    path,
    runs: new Runs(journal, sinks, first, now),
    // With one sink alone no other is to be told of what it has.
    deliveries: new Deliveries(journal, sinks.length > 1 ? first : undefined, now),
    book: new Book(journal, now),
    purge: (beforeMs, limit = 2000) => purge(journal, beforeMs, limit),
    bytes() {
      const { fileBytes, walBytes } = journal.size();
      return fileBytes + walBytes;
    },
    close: () => journal.close(),
  };
}

function purge(journal: Journal, beforeMs: number, limit: number): Promise<number> {
  return journal.write(({ run }) => {
    const { changes } = run(
      `DELETE FROM run WHERE id IN (
         SELECT d.run FROM delivery d WHERE d.done_ms IS NOT NULL AND d.done_ms < ?
         AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.run = d.run AND o.done_ms IS NULL) LIMIT ?)`,
      beforeMs,
      limit,
    );
    run('DELETE FROM resized WHERE at < ?', Math.floor(beforeMs / 1000));
    return changes;
  });
}
