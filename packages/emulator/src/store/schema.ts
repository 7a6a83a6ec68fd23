/** Marks a file as an emulated Slurm's state (`PRAGMA application_id`, "SLEM"). */
export const applicationId = 0x534c454d;

/** One step of the schema each; its place is its version, so steps are added at the end and never changed. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE document (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id)) STRICT;
  CREATE TABLE job_row (
    number INTEGER PRIMARY KEY,
    db_index TEXT NOT NULL UNIQUE,
    cluster TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    array_job_id INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    het_job_id INTEGER NOT NULL,
    het_offset INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    eligible INTEGER NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    user TEXT NOT NULL,
    account TEXT NOT NULL,
    association_id INTEGER NOT NULL,
    partition TEXT NOT NULL,
    qos TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    nodes TEXT NOT NULL,
    suspended INTEGER NOT NULL,
    cpus INTEGER NOT NULL,
    tres TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX job_row_id ON job_row (job_id);
  CREATE INDEX job_row_array ON job_row (array_job_id);
  CREATE INDEX job_row_het ON job_row (het_job_id);
  CREATE INDEX job_row_ended ON job_row (ended);
  CREATE INDEX job_row_open ON job_row (eligible) WHERE ended = 0;
  CREATE TABLE job_text (db_index TEXT PRIMARY KEY, script TEXT, environment TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_hour (
    hour INTEGER NOT NULL,
    association_id INTEGER NOT NULL,
    seconds TEXT NOT NULL,
    PRIMARY KEY (hour, association_id)
  ) STRICT, WITHOUT ROWID;
  `,
];
