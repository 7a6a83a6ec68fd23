import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { StartJob } from './payloads.ts';
import { schema } from './schema.ts';

export type JobTable = 'job' | 'job_cache';

/** One row of `job` or `job_cache` as SQLite returns it. */
export interface JobRow {
  readonly id: number;
  readonly job_id: number;
  readonly cluster: string;
  readonly subcluster: string;
  readonly start_time: number;
  readonly hpc_user: string;
  readonly project: string;
  readonly cluster_partition: string | null;
  readonly array_job_id: number | null;
  readonly duration: number;
  readonly walltime: number;
  readonly job_state: string;
  readonly meta_data: string | null;
  readonly resources: string;
  readonly num_nodes: number;
  readonly num_hwthreads: number | null;
  readonly num_acc: number | null;
  readonly smt: number;
  readonly shared: string;
  readonly monitoring_status: number;
  readonly energy: number;
  readonly footprint: string | null;
}

export interface TagRow {
  readonly id: number;
  readonly tag_type: string;
  readonly tag_name: string;
  readonly tag_scope: string;
}

/** What a lookup asks for; a filter that is null is not applied. */
export interface JobKey {
  readonly jobId: number;
  readonly cluster: string | null;
  readonly startTime: number | null;
}

export interface JobFilter {
  readonly states: readonly string[];
  readonly cluster: string | null;
  readonly project: string | null;
  readonly from: number | null;
  readonly to: number | null;
}

const copied = `job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id, duration, walltime, job_state,
  meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, shared, monitoring_status, energy, footprint`;

/** cc-backend's database: the job tables, tags and node states. Errors are SQLite's own, with its words. */
export class Store {
  readonly #db: DatabaseSync;
  /** Few: the texts are ours, and the longest choice in them is that of twelve states. */
  readonly #statements = new Map<string, StatementSync>();

  /** `path` is a file, or `:memory:`. */
  constructor(path: string) {
    this.#db = new DatabaseSync(path, { enableDoubleQuotedStringLiterals: true });
    const empty = this.#db.prepare('SELECT 1 FROM sqlite_master').get() === undefined;
    this.#db.exec(empty ? schema : 'PRAGMA foreign_keys = ON');
  }

  close(): void {
    this.#db.close();
  }

  /** Inserts a running job and returns its row id. */
  insert(table: JobTable, job: StartJob): number {
    const inserted = this.#prepare(
      `INSERT INTO ${table} (${copied}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      job.jobId,
      job.cluster,
      job.subCluster,
      job.startTime,
      job.user,
      job.project,
      job.partition,
      job.arrayJobId,
      job.duration,
      job.walltime,
      job.metaData === null ? null : JSON.stringify(job.metaData),
      JSON.stringify(job.resources),
      job.numNodes,
      job.numHwthreads,
      job.numAcc,
      job.smt,
      job.shared,
      job.monitoringStatus,
      job.energy,
      JSON.stringify(job.footprint ?? {}),
    );
    return Number(inserted.lastInsertRowid);
  }

  /** The newest row, that is the one with the highest id, that the key names. */
  newest(table: JobTable, key: JobKey): JobRow | undefined {
    return this.#rows(
      `SELECT * FROM ${table} WHERE job_id = ? AND (? IS NULL OR cluster = ?) AND (? IS NULL OR start_time = ?) ORDER BY id DESC LIMIT 1`,
      [key.jobId, key.cluster, key.cluster, key.startTime, key.startTime],
    )[0];
  }

  /** All rows of one job id in a cluster, oldest row first. */
  runs(table: JobTable, jobId: number, cluster: string): readonly JobRow[] {
    return this.#rows(`SELECT * FROM ${table} WHERE job_id = ? AND cluster = ? ORDER BY id`, [jobId, cluster]);
  }

  byId(id: number): JobRow | undefined {
    return this.#rows('SELECT * FROM job WHERE id = ?', [id])[0];
  }

  /** A page of `job`, newest start first. */
  list(filter: JobFilter, limit: number, offset: number): readonly JobRow[] {
    const anyState = filter.states.length === 0 ? '1' : `job_state IN (${filter.states.map(() => '?').join(', ')})`;
    return this.#rows(
      `SELECT * FROM job WHERE ${anyState} AND (? IS NULL OR cluster = ?) AND (? IS NULL OR project = ?) AND (? IS NULL OR start_time BETWEEN ? AND ?)
       ORDER BY start_time DESC LIMIT ? OFFSET ?`,
      [
        ...filter.states,
        filter.cluster,
        filter.cluster,
        filter.project,
        filter.project,
        filter.from,
        filter.from,
        filter.to,
        limit,
        offset,
      ],
    );
  }

  /** Every row of a table, for those who look at the stand-in from outside. */
  all(table: JobTable): readonly JobRow[] {
    return this.#rows(`SELECT * FROM ${table} ORDER BY cluster, job_id, start_time`, []);
  }

  /** Moves one cached row into `job` and returns its new id. */
  transfer(cacheId: number): number {
    return this.#atomic(() => {
      const moved = this.#prepare(`INSERT INTO job (${copied}) SELECT ${copied} FROM job_cache WHERE id = ?`).run(cacheId);
      this.#prepare('DELETE FROM job_cache WHERE id = ?').run(cacheId);
      return Number(moved.lastInsertRowid);
    });
  }

  /** Moves the whole cache into `job`, as the commit-job-worker does (contract §3.2). */
  sync(): void {
    this.#atomic(() => {
      this.#db.exec(`INSERT OR IGNORE INTO job (${copied}) SELECT ${copied} FROM job_cache ORDER BY id; DELETE FROM job_cache;`);
    });
  }

  stop(id: number, state: string, duration: number): void {
    this.#prepare('UPDATE job SET job_state = ?, duration = ? WHERE id = ?').run(state, duration, id);
  }

  setMonitoringStatus(id: number, status: number): void {
    this.#prepare('UPDATE job SET monitoring_status = ? WHERE id = ?').run(status, id);
  }

  /** Adds a tag to a job, creating the tag when its type, name and scope are new. */
  addTag(jobId: number, tag: { readonly type: string; readonly name: string; readonly scope: string }): void {
    const known = this.#prepare('SELECT id FROM tag WHERE tag_type = ? AND tag_name = ? AND tag_scope = ?').get(
      tag.type,
      tag.name,
      tag.scope,
    ) as { id: number } | undefined;
    const tagId =
      known?.id ??
      this.#prepare('INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)').run(tag.type, tag.name, tag.scope).lastInsertRowid;
    this.#prepare('INSERT INTO jobtag (job_id, tag_id) VALUES (?, ?)').run(jobId, tagId);
  }

  tags(jobId: number): readonly TagRow[] {
    return this.#prepare('SELECT tag.* FROM tag JOIN jobtag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ? ORDER BY tag.id').all(
      jobId,
    ) as unknown as TagRow[];
  }

  /** Hosts of running jobs that started before `time`, by cluster. */
  usedNodes(time: number): ReadonlyMap<string, readonly string[]> {
    const rows = this.#rows(`SELECT * FROM job WHERE job_state = 'running' AND start_time < ? ORDER BY cluster`, [time]);
    const byCluster = Map.groupBy(rows, (row) => row.cluster);
    return new Map([...byCluster].map(([cluster, jobs]) => [cluster, [...new Set(jobs.flatMap(hosts))].sort()]));
  }

  /** Appends one state of a node, and the node itself when it is new. */
  addNodeState(node: { hostname: string; cluster: string; subCluster: string }, state: NodeStateRow): void {
    this.#prepare('INSERT OR IGNORE INTO node (hostname, cluster, subcluster) VALUES (?, ?, ?)').run(
      node.hostname,
      node.cluster,
      node.subCluster,
    );
    this.#prepare(
      `INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state, health_state, node_id)
         SELECT ?, ?, ?, ?, ?, ?, ?, id FROM node WHERE hostname = ? AND cluster = ?`,
    ).run(
      state.time_stamp,
      state.jobs_running,
      state.cpus_allocated,
      state.memory_allocated,
      state.gpus_allocated,
      state.node_state,
      state.health_state,
      node.hostname,
      node.cluster,
    );
  }

  /** Every node state ever received, oldest first. */
  nodeStates(): readonly (NodeStateRow & { readonly hostname: string; readonly cluster: string; readonly subcluster: string })[] {
    return this.#prepare(
      'SELECT node_state.*, hostname, cluster, subcluster FROM node_state JOIN node ON node.id = node_state.node_id ORDER BY node_state.id',
    ).all() as never;
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #rows(sql: string, values: readonly SQLInputValue[]): JobRow[] {
    return this.#prepare(sql).all(...values) as unknown as JobRow[];
  }

  #atomic<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

export interface NodeStateRow {
  readonly time_stamp: number;
  readonly jobs_running: number;
  readonly cpus_allocated: number;
  readonly memory_allocated: number;
  readonly gpus_allocated: number;
  readonly node_state: string;
  readonly health_state: string;
}

function hosts(row: JobRow): string[] {
  const resources = JSON.parse(row.resources) as ({ hostname: string } | null)[];
  return resources.flatMap((resource) => (resource ? [resource.hostname] : []));
}
