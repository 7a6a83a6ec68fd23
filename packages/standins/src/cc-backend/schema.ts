import type { Release } from './release.ts';

const sharing = {
  shared: 'shared TEXT NOT NULL CHECK (shared IN ("none", "single_user", "multi_user"))',
  exclusive: 'exclusive TINYINT NOT NULL DEFAULT 1 CHECK (exclusive IN (0, 1, 2))',
};

/** Columns of both job tables; `smt` is the one place where they differ (contract §3.3). */
function jobTable(name: 'job' | 'job_cache', release: Release, smt: string): string {
  return `CREATE TABLE ${name} (
    id INTEGER PRIMARY KEY,
    job_id BIGINT NOT NULL,
    cluster VARCHAR(255) NOT NULL,
    subcluster VARCHAR(255) NOT NULL,
    submit_time BIGINT NOT NULL DEFAULT 0,
    start_time BIGINT NOT NULL,
    hpc_user VARCHAR(255) NOT NULL,
    project VARCHAR(255) NOT NULL,
    cluster_partition VARCHAR(255),
    array_job_id BIGINT,
    duration INT NOT NULL,
    walltime INT NOT NULL,
    job_state VARCHAR(255) NOT NULL CHECK (job_state IN (${release.states.map((state) => `"${state}"`).join(', ')})),
    meta_data TEXT,
    resources TEXT NOT NULL,
    num_nodes INT NOT NULL,
    num_hwthreads INT,
    num_acc INT,
    smt TINYINT NOT NULL DEFAULT 1 ${smt},
    ${sharing[release.sharing]},
    monitoring_status TINYINT NOT NULL DEFAULT 1 CHECK (monitoring_status IN (0, 1, 2, 3)),
    energy REAL NOT NULL DEFAULT 0.0,
    footprint TEXT,
    UNIQUE (job_id, cluster, start_time)
  );`;
}

const smtCheck = 'CHECK (smt IN (0, 1))';

/**
 * The tables of cc-backend's database with the constraints that reach a client (contract §3.3, §10). `archived` stands for
 * the directories of the job archive, which outlive a deleted job.
 */
export function schema(release: Release): string {
  const jobs = release.cached
    ? `${jobTable('job', release, '')}\n${jobTable('job_cache', release, smtCheck)}`
    : jobTable('job', release, smtCheck);
  return `
  ${jobs}
  CREATE INDEX job_state_start ON job (job_state, start_time);
  CREATE INDEX job_start ON job (start_time);
  CREATE TABLE tag (
    id INTEGER PRIMARY KEY, tag_type VARCHAR(255) NOT NULL, tag_name VARCHAR(255) NOT NULL, tag_scope TEXT NOT NULL DEFAULT "global",
    UNIQUE (tag_type, tag_name)
  );
  CREATE TABLE jobtag (
    job_id INTEGER REFERENCES job (id) ON DELETE CASCADE, tag_id INTEGER REFERENCES tag (id) ON DELETE CASCADE,
    PRIMARY KEY (job_id, tag_id)
  );
  CREATE INDEX jobtag_tag ON jobtag (tag_id);
  CREATE TABLE hpc_user (
    username VARCHAR(255) PRIMARY KEY NOT NULL, name VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL,
    roles TEXT NOT NULL DEFAULT "[]", projects TEXT NOT NULL DEFAULT "[]"
  );
  CREATE TABLE node (
    id INTEGER PRIMARY KEY, hostname VARCHAR(255) NOT NULL, cluster VARCHAR(255) NOT NULL, subcluster VARCHAR(255) NOT NULL,
    UNIQUE (hostname, cluster)
  );
  CREATE TABLE node_state (
    id INTEGER PRIMARY KEY, time_stamp BIGINT NOT NULL, jobs_running INT NOT NULL DEFAULT 0,
    cpus_allocated INT NOT NULL DEFAULT 0, memory_allocated INT NOT NULL DEFAULT 0, gpus_allocated INT NOT NULL DEFAULT 0,
    node_state VARCHAR(255) NOT NULL CHECK (node_state IN ("allocated", "reserved", "idle", "mixed", "down", "unknown")),
    health_state VARCHAR(255) NOT NULL CHECK (health_state IN ("full", "partial", "failed")),
    node_id INTEGER REFERENCES node (id) ON DELETE CASCADE
  );
  CREATE TABLE archived (path TEXT PRIMARY KEY NOT NULL, meta TEXT NOT NULL);`;
}
