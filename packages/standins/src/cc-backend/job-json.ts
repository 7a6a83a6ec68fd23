import type { JobRow } from './store.ts';
import type { TagRow } from './store-tags.ts';

/** What an answer adds to the row. */
export interface JobExtras {
  readonly tags?: readonly TagRow[];
  readonly metaData?: boolean;
  /** Start as RFC 3339 text. */
  readonly isoStart?: boolean;
  readonly statistics?: unknown;
}

/** A job as the server answers with it (contract §3.1, right column); `now` in seconds, for the duration of running jobs. */
export function jobJson(row: JobRow, now: number, extras: JobExtras = {}): object {
  const tags = extras.tags?.map((tag) => ({ type: tag.tag_type, name: tag.tag_name, scope: tag.tag_scope, id: tag.id }));
  const footprint = row.footprint === null || row.footprint === '{}' ? null : JSON.parse(row.footprint);
  return {
    cluster: row.cluster,
    subCluster: row.subcluster,
    ...some('partition', row.cluster_partition),
    project: row.project,
    user: row.hpc_user,
    ...(row.exclusive === undefined ? { shared: row.shared } : { exclusive: row.exclusive }),
    jobState: row.job_state,
    ...(tags && tags.length > 0 ? { tags } : {}),
    resources: (JSON.parse(row.resources) as (Record<string, unknown> | null)[]).map(resourceJson),
    energyFootprint: null,
    footprint,
    metaData: extras.metaData && row.meta_data !== null ? JSON.parse(row.meta_data) : null,
    concurrentJobs: { items: null, count: 0 },
    energy: row.energy,
    ...some('arrayJobId', row.array_job_id),
    ...some('walltime', row.walltime),
    jobId: row.job_id,
    duration: row.job_state === 'running' ? now - row.start_time : row.duration,
    ...some('smt', row.smt),
    ...some('monitoringStatus', row.monitoring_status),
    ...some('numHwthreads', row.num_hwthreads),
    ...some('numAcc', row.num_acc),
    numNodes: row.num_nodes,
    statistics: extras.statistics ?? null,
    id: row.id,
    startTime: extras.isoStart ? new Date(row.start_time * 1000).toISOString().replace('.000Z', 'Z') : row.start_time,
  };
}

/** Go's `omitempty`. */
function some(key: string, value: string | number | null): object {
  return value ? { [key]: value } : {};
}

function resourceJson(resource: Record<string, unknown> | null): object | null {
  if (resource === null) return null;
  const kept = Object.entries(resource).filter(
    ([key, value]) => key === 'hostname' || (Array.isArray(value) ? value.length > 0 : Boolean(value)),
  );
  return Object.fromEntries(kept);
}
