import type { SQLInputValue } from 'node:sqlite';
import { expandHostlist } from '@sluice/slurm';
import type { JobRowQuery } from '../model/slurmdbd.ts';
import type { Row, Store } from '../store/store.ts';

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/**
 * Numbers of the rows that slurmdbd would give for a query, in the order in which sacct prints them: by submission, then array and
 * task, then id (measured; recordings sacct-D, sacct-E-only). What is chosen, all of it measured (slurm.md §5):
 *
 * - Without states, a window [from, to) holds the rows that were eligible before `to` and had not ended before `from`; a job that never
 *   became eligible (held, waiting for another, cancelled before) is in no window at all.
 * - With states and a window: RUNNING are rows that ran at any time in it, PENDING those that waited at any time in it — whatever they are
 *   now —, every other state rows with that state which ended in it, both ends included. Without a window the state is compared.
 * - Without `duplicates`, of several rows of one job that were chosen only the one submitted last counts, and rows of a resize.
 */
export function chosenRows(store: Store, query: JobRowQuery): readonly number[] {
  const conditions = [...inTime(query), ...ofJobs(query.jobIds), ...equal(query)];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => `(${sql})`).join(' AND ')}`;
  const sql = `SELECT number, job_id, array_job_id, task_id, submitted, state, nodes FROM job_row ${where}`;
  const found = store.all(sql, ...conditions.flatMap(({ values }) => values)).filter(onNodes(query.nodes));
  const rows = query.duplicates === true ? [...found] : withoutEarlierRuns(found);
  return rows.sort(byOutput).map(({ number }) => Number(number));
}

function inTime({ from, to, states }: JobRowQuery): readonly Condition[] {
  if (states !== undefined && states.length > 0) {
    const each = states.map((state) => inState(state, from, to));
    return [{ sql: each.map(({ sql }) => `(${sql})`).join(' OR '), values: each.flatMap(({ values }) => values) }];
  }
  const conditions: Condition[] = [];
  if (from !== undefined || to !== undefined) conditions.push({ sql: 'eligible > 0', values: [] });
  if (to !== undefined) conditions.push({ sql: 'eligible < ?', values: [to] });
  if (from !== undefined) conditions.push({ sql: 'ended >= ? OR ended = 0', values: [from] });
  return conditions;
}

function inState(state: string, from: number | undefined, to: number | undefined): Condition {
  if (from === undefined && to === undefined) return { sql: 'state = ?', values: [state] };
  const [first, last] = [from ?? 0, to ?? Number.MAX_SAFE_INTEGER];
  switch (state) {
    case 'RUNNING':
      return {
        sql: 'started > 0 AND ((ended = 0 AND started < ?) OR (ended > 0 AND (? BETWEEN started AND ended OR started BETWEEN ? AND ?)))',
        values: [last, first, first, last],
      };
    case 'PENDING':
      return {
        sql: `eligible > 0 AND ((started = 0 AND ended = 0 AND eligible < ?) OR (? BETWEEN eligible AND started) OR (eligible BETWEEN ? AND ?))`,
        values: [last, first, first, last],
      };
    case 'SUSPENDED':
      return {
        sql: "started > 0 AND started <= ? AND (ended = 0 OR ended >= ?) AND (suspended > 0 OR state = 'SUSPENDED')",
        values: [last, first],
      };
    default:
      // Without an end nothing that has ended is found (slurm.md §5, measured).
      if (to === undefined) return { sql: '0', values: [] };
      return { sql: 'state = ? AND ended > 0 AND ended BETWEEN ? AND ?', values: [state, first, last] };
  }
}

/** `17` is a job, all of an array and all of a het job; `17_3` and `17_[1-4,7]` are tasks, `15+1` is a component. */
function ofJobs(jobIds: readonly string[] | undefined): readonly Condition[] {
  if (jobIds === undefined) return [];
  const each = jobIds.flatMap((id): readonly Condition[] => {
    const [, job = '', tasks, offset] = /^([0-9]+)(?:_\[?([0-9,:-]+)\]?|\+([0-9]+))?$/.exec(id) ?? [];
    if (job === '') return [];
    if (offset !== undefined) return [{ sql: 'het_job_id = ? AND het_offset = ?', values: [Number(job), Number(offset)] }];
    if (tasks !== undefined) {
      const numbers = taskNumbers(tasks);
      return [{ sql: `array_job_id = ? AND task_id IN (${numbers.map(() => '?').join()})`, values: [Number(job), ...numbers] }];
    }
    return [{ sql: 'job_id = ?1 OR array_job_id = ?1 OR het_job_id = ?1'.replaceAll('?1', job), values: [] }];
  });
  return [
    each.length === 0
      ? { sql: '0', values: [] }
      : { sql: each.map(({ sql }) => `(${sql})`).join(' OR '), values: each.flatMap(({ values }) => values) },
  ];
}

function taskNumbers(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [, first = '0', last = first, step = '1'] = /^([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?$/.exec(part) ?? [];
    const numbers: number[] = [];
    for (let task = Number(first); task <= Number(last) && numbers.length < 100_000; task += Math.max(1, Number(step))) numbers.push(task);
    return numbers;
  });
}

function equal(query: JobRowQuery): readonly Condition[] {
  const columns: readonly (readonly [string, readonly SQLInputValue[] | undefined])[] = [
    ['user', query.users],
    ['account', query.accounts],
    ['partition', query.partitions],
    ['qos', query.qos],
    ['name', query.names],
    ['cluster', query.clusters],
    ['association_id', query.associationIds],
  ];
  return columns.flatMap(([column, values]) =>
    values === undefined ? [] : [{ sql: `${column} IN (${values.map(() => '?').join()})`, values }],
  );
}

function onNodes(nodes: readonly string[] | undefined): (row: Row) => boolean {
  if (nodes === undefined) return () => true;
  const wanted = new Set(nodes);
  const known = new Map<string, boolean>();
  return ({ nodes: list }) => {
    const text = String(list);
    const hit = known.get(text) ?? (expandHostlist(text) ?? []).some((node) => wanted.has(node));
    known.set(text, hit);
    return hit;
  };
}

function withoutEarlierRuns(rows: readonly Row[]): Row[] {
  const newest = new Map<unknown, Row>();
  for (const row of rows) {
    const known = newest.get(row['job_id']);
    if (known === undefined || later(row, known)) newest.set(row['job_id'], row);
  }
  return rows.filter((row) => row['state'] === 'RESIZING' || newest.get(row['job_id']) === row);
}

function later(one: Row, other: Row): boolean {
  return (
    Number(one['submitted']) - Number(other['submitted']) > 0 ||
    (one['submitted'] === other['submitted'] && Number(one['number']) > Number(other['number']))
  );
}

const outputOrder = ['submitted', 'array_job_id', 'task_id', 'job_id', 'number'];

/** slurmdb_job_sort_by_submit_time. */
function byOutput(one: Row, other: Row): number {
  for (const column of outputOrder) {
    const difference = Number(one[column]) - Number(other[column]);
    if (difference !== 0) return difference;
  }
  return 0;
}
