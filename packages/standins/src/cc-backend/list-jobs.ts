import type { Context } from './context.ts';
import { jobJson } from './job-json.ts';
import { jobStates } from './payloads.ts';
import { failure, jsonReply, type Reply } from './reply.ts';
import type { JobFilter } from './store.ts';

const defaultItems = 25;

/** `GET /api/jobs/` with the quirks of contract §4.4: `items` echoes the page size, `with-metadata` counts by presence. */
export function handleList(context: Context, query: URLSearchParams): Reply {
  const asked = readQuery(query);
  if ('error' in asked) return failure(400, asked.error);
  const { filter, items, page, metaData } = asked;
  const rows = context.store.list(filter, items, (page - 1) * items);
  const jobs = rows.map((row) => jobJson(row, context.now(), { tags: context.store.tags(row.id), metaData }));
  return jsonReply(200, { jobs, items, page });
}

/** `GET /api/jobs/{id}` (contract §4.5). There is no metric data here, so `Data` is null. */
export function handleGet(context: Context, id: string): Reply {
  if (!isInt64(id)) return failure(400, `integer expected in path for id: ${notAnInteger(id)}`);
  const row = context.store.byId(Number(id));
  if (!row) return failure(422, `finding job with db id ${id} failed: sql: no rows in result set`);
  return jsonReply(200, { Meta: jobJson(row, context.now(), { tags: context.store.tags(row.id), metaData: true }), Data: null });
}

/** `GET /api/jobs/used_nodes` (contract §4.6). */
export function handleUsedNodes(context: Context, query: URLSearchParams): Reply {
  const ts = query.get('ts') ?? '';
  if (ts === '') return failure(400, 'missing required query parameter: ts');
  if (!isInt64(ts)) return failure(400, `invalid timestamp format: ${notAnInteger(ts)}`);
  return jsonReply(200, { usedNodes: Object.fromEntries(context.store.usedNodes(Number(ts))) });
}

interface Asked {
  readonly filter: JobFilter;
  readonly items: number;
  readonly page: number;
  readonly metaData: boolean;
}

function readQuery(query: URLSearchParams): Asked | { readonly error: string } {
  let from: number | null = null;
  let to: number | null = null;
  let items = defaultItems;
  let page = 1;
  for (const key of new Set(query.keys())) {
    const value = query.get(key) ?? '';
    switch (key) {
      case 'state':
        if (query.getAll(key).some((state) => !jobStates.some((known) => known === state))) {
          return { error: 'invalid query parameter value: state' };
        }
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
        if (page < 1) return { error: 'page must be >= 1' };
        break;
      case 'items-per-page':
        if (!isInt64(value)) return { error: notAnInteger(value, 'Atoi') };
        items = Number(value);
        if (items < 1) return { error: 'items-per-page must be >= 1' };
        break;
      default:
        return { error: `invalid query parameter: ${key}` };
    }
  }
  const filter = { states: query.getAll('state'), cluster: query.get('cluster'), project: query.get('project'), from, to };
  return { filter, items, page, metaData: query.has('with-metadata') };
}

/** What `strconv.ParseInt` takes, as far as anybody sends it. */
export function isInt64(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

export function notAnInteger(text: string, how: 'ParseInt' | 'Atoi' = 'ParseInt'): string {
  return `strconv.${how}: parsing ${JSON.stringify(text)}: invalid syntax`;
}
