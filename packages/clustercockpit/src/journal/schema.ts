import type { Schema } from '@sluice/service';
import type { SinkName } from './types.ts';

/**
 * The journal of ClusterCockpit's door. `run` is what Slurm says, one row per run (cluster, job id, start); `delivery` is,
 * per sink, what is known to stand on the other side and what is to be done about the difference.
 */
export const runSchema: Schema = {
  applicationId: 0x534c4343,
  migrations: [
    {
      name: 'runs and their deliveries',
      up: `
        CREATE TABLE run (
          id INTEGER PRIMARY KEY,
          cluster TEXT NOT NULL,
          job_id INTEGER NOT NULL,
          start INTEGER NOT NULL,
          facts TEXT NOT NULL,
          complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
          ended INTEGER,
          end_state TEXT,
          seen_ms INTEGER NOT NULL,
          missing_ms INTEGER,
          UNIQUE (cluster, job_id, start),
          CHECK ((ended IS NULL) = (end_state IS NULL))
        );
        CREATE INDEX run_open ON run (cluster, job_id, start, complete, missing_ms, seen_ms, ended) WHERE ended IS NULL;
        CREATE TABLE delivery (
          run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
          sink TEXT NOT NULL,
          known INTEGER NOT NULL DEFAULT 0 CHECK (known BETWEEN 0 AND 2),
          todo INTEGER NOT NULL CHECK (todo BETWEEN 0 AND 4),
          backlog INTEGER NOT NULL CHECK (backlog IN (0, 1)),
          due_ms INTEGER NOT NULL,
          started_ms INTEGER,
          done_ms INTEGER,
          attempts INTEGER NOT NULL DEFAULT 0,
          reason TEXT,
          PRIMARY KEY (run, sink)
        ) WITHOUT ROWID;
        CREATE INDEX delivery_due ON delivery (sink, todo, backlog, due_ms) WHERE todo IN (1, 2);
        CREATE INDEX delivery_closed ON delivery (sink, todo) WHERE todo IN (3, 4);
        CREATE INDEX delivery_done ON delivery (done_ms) WHERE done_ms IS NOT NULL;
        CREATE TABLE resized (
          cluster TEXT NOT NULL,
          job_id INTEGER NOT NULL,
          at INTEGER NOT NULL,
          start INTEGER NOT NULL,
          PRIMARY KEY (cluster, job_id, at)
        ) WITHOUT ROWID;
        CREATE TABLE gap (
          cluster TEXT NOT NULL,
          since INTEGER NOT NULL,
          until INTEGER NOT NULL,
          PRIMARY KEY (cluster, since, until)
        ) WITHOUT ROWID;
        CREATE TABLE stray (
          cluster TEXT NOT NULL,
          job_id INTEGER NOT NULL,
          start INTEGER NOT NULL,
          seen_ms INTEGER NOT NULL,
          PRIMARY KEY (cluster, job_id, start)
        ) WITHOUT ROWID;
        CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      `,
    },
  ],
};

/** What is known to stand in a sink. */
export const known = { nothing: 0, start: 1, stop: 2 } as const;

/**
 * What is to be done about a run in a sink. `aside`: the other side refused it for good. `unsent`: nothing is to be sent, by
 * policy or configuration; both say why.
 */
export const todo = { nothing: 0, start: 1, stop: 2, aside: 3, unsent: 4 } as const;

/**
 * Of a row of `delivery`: whether its sink may be told of the end of the run. A sink that comes after another is, when that one has been:
 * whoever hears of it finds the job ended there.
 */
export function mayStop(first: SinkName | undefined): string {
  if (first === undefined) return 'TRUE';
  const told = `SELECT 1 FROM delivery f WHERE f.run = delivery.run AND f.sink = '${first}' AND f.known = ${known.stop}`;
  return `(delivery.sink = '${first}' OR EXISTS (${told}))`;
}
