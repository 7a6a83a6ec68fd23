import type { AccountedJob } from '../records.ts';

/** The part of a job's record that one column of sacct gives. */
export interface JobColumn {
  /** Name of the column for `--format`, as `sacct -e` and the header write it. */
  readonly column: string;
  readonly key: keyof AccountedJob;
}

/**
 * Columns of an ended job. All but Restarts (24.11) are offered by every release from 22.05 to 26.05 (`sacct -e`,
 * slurm.md §4). `array` and `het` come from JobID, the number of the job itself from JobIDRaw.
 */
export const jobColumns: readonly JobColumn[] = [
  { column: 'JobIDRaw', key: 'jobId' },
  { column: 'JobID', key: 'array' },
  { column: 'Cluster', key: 'cluster' },
  { column: 'State', key: 'state' },
  { column: 'Submit', key: 'submit' },
  { column: 'Eligible', key: 'eligible' },
  { column: 'Start', key: 'start' },
  { column: 'End', key: 'end' },
  { column: 'ElapsedRaw', key: 'elapsed' },
  { column: 'Suspended', key: 'suspended' },
  { column: 'User', key: 'user' },
  { column: 'UID', key: 'uid' },
  { column: 'Group', key: 'group' },
  { column: 'GID', key: 'gid' },
  { column: 'Account', key: 'account' },
  { column: 'Partition', key: 'partition' },
  { column: 'QOS', key: 'qos' },
  { column: 'Reason', key: 'reason' },
  { column: 'ExitCode', key: 'exitCode' },
  { column: 'DerivedExitCode', key: 'derivedExitCode' },
  { column: 'TimelimitRaw', key: 'timeLimit' },
  { column: 'NNodes', key: 'nodeCount' },
  { column: 'NCPUS', key: 'cpus' },
  { column: 'NodeList', key: 'nodes' },
  { column: 'ReqTRES', key: 'requested' },
  { column: 'AllocTRES', key: 'allocated' },
  { column: 'Reservation', key: 'reservation' },
  { column: 'Constraints', key: 'constraints' },
  { column: 'Flags', key: 'flags' },
  { column: 'Restarts', key: 'restarts' },
  { column: 'DBIndex', key: 'dbIndex' },
  { column: 'JobName', key: 'name' },
  { column: 'WorkDir', key: 'workDir' },
  { column: 'Comment', key: 'comment' },
  { column: 'AdminComment', key: 'adminComment' },
  { column: 'SystemComment', key: 'systemComment' },
  { column: 'SubmitLine', key: 'submitLine' },
];

/** What a row is known and judged by; asked for whatever is wanted. */
const always: ReadonlySet<keyof AccountedJob> = new Set(['jobId', 'array', 'cluster', 'state', 'start', 'end', 'nodes', 'allocated']);

/** Those of the offered columns that give what is wanted of a job; all when nothing is said. */
export function columnsFor(offered: readonly string[], facts: readonly (keyof AccountedJob)[] | undefined): readonly string[] {
  if (facts === undefined) return offered;
  const wanted = new Set(jobColumns.filter(({ key }) => always.has(key) || facts.includes(key)).map(({ column }) => column));
  return offered.filter((column) => wanted.has(column));
}

/** Columns that not every release from 22.05 on offers. */
const notEverywhere: ReadonlySet<keyof AccountedJob> = new Set(['restarts']);

/** The columns for what is wanted of a job, when every release offers them; undefined when that depends on the release. */
export function columnsOfAllReleases(facts: readonly (keyof AccountedJob)[] | undefined): readonly string[] | undefined {
  if (facts === undefined || facts.some((key) => notEverywhere.has(key))) return undefined;
  return columnsFor(
    jobColumns.map(({ column }) => column),
    facts,
  );
}

/** Which columns to ask for, of those that `sacct -e` offers, and which of our keys this release cannot fill. */
export interface ChosenColumns {
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/** Chooses from the output of `sacct -e` (`--helpformat`): words between blanks. */
export function chooseColumns(helpFormat: string): ChosenColumns {
  const offered = new Set(helpFormat.split(/\s+/).map((word) => word.toLowerCase()));
  const isOffered = ({ column }: JobColumn) => offered.has(column.toLowerCase());
  return {
    names: jobColumns.filter(isOffered).map(({ column }) => column),
    missing: jobColumns.filter((column) => !isOffered(column)).map(({ key }) => key),
  };
}
