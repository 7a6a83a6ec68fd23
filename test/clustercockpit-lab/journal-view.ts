import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** What the daemon's journal says, read beside the daemon. */
export interface JournalSays {
  readonly runs: number;
  /** Runs whose end is not known. */
  readonly open: number;
  /** Deliveries that are still to be made. */
  readonly waiting: number;
  /** Refused for good: `job id/start: reason`. */
  readonly aside: readonly string[];
  /** Up to when accounting has been read in whole, in seconds since the epoch; 0 before the first time. */
  readonly watermark: number;
  /** Whether the daemon said, up to 15 s ago, that it delivers; null before it said anything. */
  readonly acting: boolean | null;
}

/** Undefined while there is no journal that can be read. */
export function readJournal(path: string): JournalSays | undefined {
  if (!existsSync(path)) return undefined;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    db.exec('PRAGMA busy_timeout = 2000');
    const number = (sql: string) => Number(Object.values(db?.prepare(sql).get() ?? {})[0] ?? 0);
    const aside = db
      .prepare('SELECT r.job_id, r.start, d.reason FROM delivery d JOIN run r ON r.id = d.run WHERE d.todo = 3 ORDER BY r.job_id')
      .all();
    const status = db.prepare("SELECT value FROM note WHERE name = 'status'").get();
    return {
      runs: number('SELECT count(*) FROM run'),
      open: number('SELECT count(*) FROM run WHERE ended IS NULL'),
      waiting: number('SELECT count(*) FROM delivery WHERE todo IN (1, 2)'),
      aside: aside.map((row) => `${row['job_id']}/${row['start']}: ${row['reason']}`),
      watermark: number("SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM note WHERE name LIKE 'accounting/%'"),
      acting: status === undefined ? null : (JSON.parse(String(status['value'])).acting ?? null),
    };
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
}
