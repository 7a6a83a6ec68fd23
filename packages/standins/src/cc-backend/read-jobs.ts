import { type User, visibleTo } from './auth.ts';
import type { Asked, Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { jobJson } from './job-json.ts';
import { isInt64, notAnInteger } from './numbers.ts';
import { metricNames } from './payloads.ts';
import type { Release } from './release.ts';
import { failure, jsonReply, type Reply } from './reply.ts';
import { onlyApi } from './start-job.ts';
import type { JobFilter, JobRow } from './store.ts';
import type { TagRow } from './store-tags.ts';

const defaultItems = 25;

/** `GET /api/jobs/` with the quirks of contract §4.4: `items` echoes the page size, `with-metadata` counts by presence. */
export function handleList(context: Context, { query, user }: Asked): Reply {
  const asked = readQuery(query, context.release);
  if ('error' in asked) return failure(400, asked.error);
  const sees = visibleTo(user);
  if ('error' in sees) return failure(500, sees.error);
  const { filter, items, page, metaData } = asked;
  const rows = context.jobs.list([filter, { visible: sees.visible }], items, (page - 1) * items);
  const jobs: object[] = [];
  for (const row of rows) {
    const extras = { tags: readableTags(context, user, row.id), metaData };
    if (row.monitoring_status !== 3) jobs.push(jobJson(row, context.now(), extras));
    else {
      const archived = context.archiver.find(row);
      if (!archived) return failure(500, `open ${row.cluster}/${row.job_id}: no such file or directory`);
      jobs.push(jobJson(row, context.now(), { ...extras, statistics: archived.meta['statistics'] }));
    }
  }
  return jsonReply(200, { jobs, items, page });
}

/** `GET /api/jobs/{id}` (contract §4.5). There is no metric data here, so `Data` is null, or empty when all is asked for. */
export function handleGet(context: Context, asked: Asked): Reply {
  const found = byId(context, asked);
  if ('status' in found) return found;
  return jsonReply(200, { Meta: found.meta, Data: asked.query.get('all-metrics') === 'true' ? {} : null });
}

/** `POST /api/jobs/{id}`: also where a start or stop without its last slash ends up (contract §1, "Trap"). */
export function handleGetMetrics(context: Context, asked: Asked): Reply {
  const found = byId(context, asked);
  if ('status' in found) return found;
  try {
    decodeGoJson(asked.body, metricNames);
  } catch (error) {
    if (error instanceof GoJsonError) return failure(400, `decoding request failed: ${error.message}`);
    throw error;
  }
  return jsonReply(200, { Meta: found.meta, Data: [] });
}

/** `GET /api/jobs/metrics/{id}`: the envelope of GraphQL, with 200 whatever happened. */
export function handleJobMetrics(context: Context, { user, variables: [id = ''] }: Asked): Reply {
  const row = isInt64(id) ? visibleRow(context, user, id) : { error: notAnInteger(id) };
  if ('error' in row) return jsonReply(200, { data: null, error: { message: row.error } });
  return jsonReply(200, { data: { jobMetrics: [] }, error: null });
}

/** `GET /api/jobs/used_nodes` (contract §4.6). */
export function handleUsedNodes(context: Context, { query }: Asked): Reply {
  const ts = query.get('ts') ?? '';
  if (ts === '') return failure(400, 'missing required query parameter: ts');
  if (!isInt64(ts)) return failure(400, `invalid timestamp format: ${notAnInteger(ts)}`);
  return jsonReply(200, { usedNodes: Object.fromEntries(context.jobs.usedNodes(Number(ts))) });
}

function byId(context: Context, { user, variables: [id = ''] }: Asked): { readonly meta: object } | Reply {
  if (!isInt64(id)) return failure(400, `integer expected in path for id: ${notAnInteger(id)}`);
  const row = visibleRow(context, user, id);
  if ('error' in row) return failure(422, `finding job with db id ${id} failed: ${row.error}`);
  return { meta: jobJson(row, context.now(), { tags: readableTags(context, user, row.id), metaData: true }) };
}

/** A row of `job` that the user may see. */
export function visibleRow(context: Context, user: User | undefined, id: string): JobRow | { readonly error: string } {
  const sees = visibleTo(user);
  if ('error' in sees) return sees;
  const row = context.jobs.byId(Number(id));
  const { visible } = sees;
  const shown = row && (!visible || row.hpc_user === visible.user || visible.projects.includes(row.project));
  return shown ? row : { error: 'sql: no rows in result set' };
}

/** Tags of a job, as far as the user may read their scopes (contract §4.7). */
export function readableTags({ tags }: Context, user: User | undefined, id: number): readonly TagRow[] {
  const all = tags.of(id);
  if (all.length === 0) return all;
  const seesAdmin = user && (onlyApi(user) || user.roles.includes('admin') || user.roles.includes('support'));
  return all.filter(({ tag_scope: scope }) => scope === 'global' || (scope === 'admin' ? seesAdmin : scope === user?.name));
}

interface ListQuery {
  readonly filter: JobFilter;
  readonly items: number;
  readonly page: number;
  readonly metaData: boolean;
}

function readQuery(query: URLSearchParams, release: Release): ListQuery | { readonly error: string } {
  let from: number | null = null;
  let to: number | null = null;
  let items = defaultItems;
  let page = 1;
  for (const key of new Set(query.keys())) {
    const value = query.get(key) ?? '';
    if (key === 'project' && !release.has('1.5.0')) return { error: `invalid query parameter: ${key}` };
    switch (key) {
      case 'state':
        if (query.getAll(key).some((state) => !release.states.includes(state))) return { error: 'invalid query parameter value: state' };
        break;
      case 'cluster':
      case 'project':
      case 'with-metadata':
        break;
      case 'start-time': {
        const ends = value.split('-');
        if (ends.length !== 2) return { error: 'invalid query parameter value: startTime' };
        const bad = ends.find((end) => !isInt64(end));
        if (bad !== undefined) return { error: notAnInteger(bad) };
        [from, to] = [Number(ends[0]), Number(ends[1])];
        break;
      }
      case 'page':
        if (!isInt64(value)) return { error: notAnInteger(value, 'Atoi') };
        page = Number(value);
        if (page < 1 && release.pagesChecked) return { error: 'page must be >= 1' };
        break;
      case 'items-per-page':
        if (!isInt64(value)) return { error: notAnInteger(value, 'Atoi') };
        items = Number(value);
        if (items < 1 && release.pagesChecked) return { error: 'items-per-page must be >= 1' };
        break;
      default:
        return { error: `invalid query parameter: ${key}` };
    }
  }
  const filter = { states: query.getAll('state'), cluster: query.get('cluster'), project: query.get('project'), from, to };
  return { filter, items, page: Math.max(page, 1), metaData: query.has('with-metadata') };
}
