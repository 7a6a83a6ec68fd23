import type { SQLInputValue } from 'node:sqlite';
import type { Database } from './database.ts';
import type { StartJob } from './payloads.ts';
import type { Release } from './release.ts';

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
  /** Before 1.5 what the migration makes of `exclusive` (contract §5.2). */
  readonly shared: string;
  /** Only before 1.5. */
  readonly exclusive?: number;
  readonly monitoring_status: number;
  readonly energy: number;
  readonly footprint: string | null;
}

/** What a lookup asks for; a filter that is null is not applied. */
export interface JobKey {
  readonly jobId: number;
  readonly cluster: string | null;
  readonly startTime: number | null;
}

/** What a listing asks for; what is not given is not asked. */
export interface JobFilter {
  readonly states?: readonly string[];
  readonly cluster?: string | null;
  readonly project?: string | null;
  readonly jobId?: number | null;
  readonly user?: string | null;
  /** Host name among the job's resources. */
  readonly node?: string | null;
  /** Bounds of the start, both included. */
  readonly from?: number | null;
  readonly to?: number | null;
  /** Whom the asker may see: jobs of this user or of one of these projects; absent is everybody's. */
  readonly visible?: { readonly user: string; readonly projects: readonly string[] } | undefined;
}

export interface JobOrder {
  readonly column: string;
  readonly descending: boolean;
}

const newestStart: JobOrder = { column: 'start_time', descending: true };

const formerShared = `CASE exclusive WHEN 1 THEN 'none' WHEN 0 THEN 'multi_user' ELSE 'single_user' END AS shared`;

/** The job tables of cc-backend's database. */
export class JobStore {
  readonly #db: Database;
  readonly #columns: string;
  readonly #select: string;
  readonly #insertInto: (table: JobTable) => string;
  readonly #inserts: Readonly<Record<JobTable, string>>;
  readonly #release: Release;

  constructor(db: Database, release: Release) {
    this.#db = db;
    this.#release = release;
    this.#columns = `job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id, duration, walltime, job_state,
      meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, ${release.sharing}, monitoring_status, energy, footprint`;
    this.#select = release.sharing === 'shared' ? '*' : `*, ${formerShared}`;
    this.#insertInto = (table) => `INSERT INTO ${table} (${this.#columns})`;
    const values = ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
    this.#inserts = { job: this.#insertInto('job') + values, job_cache: this.#insertInto('job_cache') + values };
  }

  /** Inserts a job and returns its row id. */
  insert(table: JobTable, job: StartJob): number {
    return this.#db.run(
      this.#inserts[table],
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
      job.jobState,
      job.metaData === null ? null : JSON.stringify(job.metaData),
      JSON.stringify(job.resources),
      job.numNodes,
      job.numHwthreads,
      job.numAcc,
      job.smt,
      this.#release.sharing === 'shared' ? job.shared : job.exclusive,
      job.monitoringStatus,
      job.energy,
      job.footprint === null ? '{}' : JSON.stringify(job.footprint),
    ).rowId;
  }

  /** The newest row, that is the one with the highest id, that the key names. Before 1.4 whichever comes first. */
  find(table: JobTable, { jobId, cluster, startTime }: JobKey): JobRow | undefined {
    const values: SQLInputValue[] = [jobId];
    if (cluster !== null) values.push(cluster);
    if (startTime !== null) values.push(startTime);
    const where = `job_id = ?${cluster === null ? '' : ' AND cluster = ?'}${startTime === null ? '' : ' AND start_time = ?'}`;
    const order = this.#release.newest ? 'DESC' : 'ASC';
    return this.#db.get<JobRow>(`SELECT ${this.#select} FROM ${table} WHERE ${where} ORDER BY id ${order} LIMIT 1`, ...values);
  }

  /** The first row of `job` by id that starts after `before`: the one that the duplicate rule trips over. */
  firstAfter(jobId: number, cluster: string, before: number): { readonly id: number; readonly job_id: number } | undefined {
    return this.#db.get(
      'SELECT id, job_id FROM job WHERE job_id = ? AND cluster = ? AND start_time > ? ORDER BY id',
      jobId,
      cluster,
      before,
    );
  }

  byId(id: number): JobRow | undefined {
    return this.#db.get<JobRow>(`SELECT ${this.#select} FROM job WHERE id = ?`, id);
  }

  /** A page of `job`. */
  list(filters: readonly JobFilter[], limit: number, offset: number, order: JobOrder = newestStart): readonly JobRow[] {
    const { where, values } = conditions(filters);
    return this.#db.all<JobRow>(
      `SELECT ${this.#select} FROM job WHERE ${where} ORDER BY ${order.column} ${order.descending ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`,
      ...values,
      limit,
      offset,
    );
  }

  count(filters: readonly JobFilter[]): number {
    const { where, values } = conditions(filters);
    return this.#db.get<{ n: number }>(`SELECT count(*) AS n FROM job WHERE ${where}`, ...values)?.n ?? 0;
  }

  /** Every row of a table, for those who look at the stand-in from outside. */
  all(table: JobTable): readonly JobRow[] {
    if (table === 'job_cache' && !this.#release.cached) return [];
    return this.#db.all<JobRow>(`SELECT ${this.#select} FROM ${table} ORDER BY cluster, job_id, start_time`);
  }

  /**
   * Moves one cached row into `job`. A row that the commit moved meanwhile inserts nothing, and `moved` is false (contract
   * W1).
   */
  transfer(cacheId: number): { readonly moved: boolean; readonly id: number } {
    return this.#db.atomic(() => {
      const { changes, rowId } = this.#db.run(`${this.#insertInto('job')} SELECT ${this.#columns} FROM job_cache WHERE id = ?`, cacheId);
      this.#db.run('DELETE FROM job_cache WHERE id = ?', cacheId);
      return { moved: changes > 0, id: rowId };
    });
  }

  /** The newest row of `job` that is not this run; 0 without one. */
  newestOther(run: JobRow): number {
    const other = this.#db.get<{ id: number }>(
      'SELECT id FROM job WHERE NOT (job_id = ? AND cluster = ? AND start_time = ?) ORDER BY id DESC LIMIT 1',
      run.job_id,
      run.cluster,
      run.start_time,
    );
    return other?.id ?? 0;
  }

  /** Moves the whole cache into `job`, as the commit-job-worker does (contract §3.2). */
  sync(): void {
    if (!this.#release.cached) return;
    this.#db.atomic(() => {
      this.#db.run(`INSERT OR IGNORE INTO job (${this.#columns}) SELECT ${this.#columns} FROM job_cache ORDER BY id`);
      this.#db.run('DELETE FROM job_cache');
    });
  }

  stop(id: number, state: string, duration: number): void {
    this.#db.run('UPDATE job SET job_state = ?, duration = ? WHERE id = ?', state, duration, id);
  }

  setMonitoringStatus(id: number, status: number): void {
    this.#db.run('UPDATE job SET monitoring_status = ? WHERE id = ?', status, id);
  }

  setMetaData(id: number, metaData: Readonly<Record<string, string>>): void {
    this.#db.run('UPDATE job SET meta_data = ? WHERE id = ?', JSON.stringify(metaData), id);
  }

  /** Fails running jobs whose walltime was over `grace` seconds before `now`, and says how many (contract §7.3). */
  failOverdue(now: number, grace: number): number {
    return this.#db.run(
      `UPDATE job SET job_state = 'failed', duration = 0, monitoring_status = 2
        WHERE job_state = 'running' AND walltime > 0 AND start_time < ? - walltime - ?`,
      now,
      grace,
    ).changes;
  }

  /** Deletes from `job` alone (contract §4.8). */
  delete(id: number): void {
    this.#db.run('DELETE FROM job WHERE id = ?', id);
  }

  /** Deletes what started before `time`, running or not, and says how many; `omit` keeps tagged ones. */
  deleteBefore(time: number, omit: 'none' | 'all' | 'user'): number {
    const kept = {
      none: '',
      all: ' AND id NOT IN (SELECT job_id FROM jobtag)',
      user: ` AND id NOT IN (SELECT jobtag.job_id FROM jobtag JOIN tag ON tag.id = tag_id WHERE tag_scope NOT IN ('global', 'admin'))`,
    };
    return this.#db.run(`DELETE FROM job WHERE start_time < ?${kept[omit]}`, time).changes;
  }

  /** Hosts of running jobs that started before `time`, by cluster. */
  usedNodes(time: number): ReadonlyMap<string, readonly string[]> {
    const rows = this.#db.all<{ cluster: string; resources: string }>(
      `SELECT cluster, resources FROM job WHERE job_state = 'running' AND start_time < ? ORDER BY cluster`,
      time,
    );
    const byCluster = Map.groupBy(rows, (row) => row.cluster);
    return new Map([...byCluster].map(([cluster, jobs]) => [cluster, [...new Set(jobs.flatMap(hosts))].sort()]));
  }
}

function conditions(filters: readonly JobFilter[]): { readonly where: string; readonly values: readonly SQLInputValue[] } {
  const parts: string[] = ['1'];
  const values: SQLInputValue[] = [];
  const ask = (sql: string, value: SQLInputValue | undefined) => {
    if (value === null || value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  for (const filter of filters) {
    if (filter.states && filter.states.length > 0) {
      parts.push(`job_state IN (${filter.states.map(() => '?').join(', ')})`);
      values.push(...filter.states);
    }
    ask('cluster = ?', filter.cluster);
    ask('project = ?', filter.project);
    ask('job_id = ?', filter.jobId);
    ask('hpc_user = ?', filter.user);
    ask(`EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(value, '$.hostname') = ?)`, filter.node);
    ask('start_time >= ?', filter.from);
    ask('start_time <= ?', filter.to);
    if (filter.visible) {
      const { user, projects } = filter.visible;
      parts.push(`(hpc_user = ? OR project IN (${projects.map(() => '?').join(', ')}))`);
      values.push(user, ...projects);
    }
  }
  return { where: parts.join(' AND '), values };
}

function hosts(row: { readonly resources: string }): string[] {
  const resources = JSON.parse(row.resources) as ({ hostname: string } | null)[];
  return resources.flatMap((resource) => (resource ? [resource.hostname] : []));
}
