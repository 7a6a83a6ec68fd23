import type { Release } from '../records.ts';

/**
 * The columns asked of `squeue -O`, in this order. `-O` says what `-o` cannot (allocated TRES, exit code, eligible time,
 * administrator's comment, restarts, het offset), and a column without a width is never cut. From `squeue(1)` and the
 * answers of 22.05 to 26.05; names are matched without regard to case.
 */
const columns = [
  'JobID',
  'ArrayJobID',
  'ArrayTaskID',
  'HetJobID',
  'HetJobOffset',
  'Cluster',
  'Name',
  'UserName',
  'UserID',
  'GroupName',
  'GroupID',
  'Account',
  'Partition',
  'QOS',
  'State',
  'Reason',
  'exit_code',
  'SubmitTime',
  'EligibleTime',
  'StartTime',
  'EndTime',
  'TimeLimit',
  'NodeList',
  'NumNodes',
  'NumCPUs',
  'tres-alloc',
  'Comment',
  'admin_comment',
  'WorkDir',
  'RestartCnt',
  'PriorityLong',
  'Dependency',
  'BatchHost',
  'OverSubscribe',
  'STDOUT',
  'STDERR',
  'STDIN',
  'Command',
  'WCKey',
] as const;

/** Columns that came later, with the release that brought them. */
const laterColumns = [{ name: 'Exclusive', since: 2605 }] as const;

export type SqueueColumn = (typeof columns)[number] | (typeof laterColumns)[number]['name'];

/** Which columns to ask of a release, without those that it was seen not to know. */
export function columnsOf(release: Release, unknown: ReadonlySet<string>): readonly SqueueColumn[] {
  const later = laterColumns.filter(({ since }) => release.major >= since).map(({ name }) => name);
  return [...columns, ...later].filter((name) => !unknown.has(name.toLowerCase()));
}

/** Columns that squeue refused on stderr, in lower case. It ignores them and ends with 0 (measured on 22.05 to 26.05). */
export function refusedColumns(stderr: string): readonly string[] {
  return [...stderr.matchAll(/Invalid job format specification: (\S+)/g)].map((match) => (match[1] ?? '').toLowerCase());
}
