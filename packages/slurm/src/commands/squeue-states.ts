import { endedStates, parseState, parseTime } from '../languages/index.ts';
import type { ActiveState, Epoch } from '../records.ts';
import { memoize, own } from './memo.ts';
import type { RowReader } from './squeue.ts';
import { timesOf, UnreadableRow } from './squeue-record.ts';

/**
 * Base states, and words that Slurm shows in their place, of jobs that run or ran. Known to squeue's `--states` in every
 * release from 22.05 to 26.05; one that matches a base state only does not match it with a flag.
 */
export const runStates: readonly string[] = [
  ...['RUNNING', 'SUSPENDED', 'COMPLETING', 'CONFIGURING', 'RESIZING', 'SIGNALING', 'STOPPED', 'STAGE_OUT'],
  ...endedStates,
];

const columns: readonly string[] = ['JobID', 'Cluster', 'State', 'StartTime', 'EndTime', 'RestartCnt', 'NodeList'];

/** Jobs as {@link ActiveState}. No column holds what a user wrote: the frame is short, for it is most of the answer. */
export const jobStates: RowReader<ActiveState> = {
  columns: async (unknown) => columns.filter((column) => !unknown.has(column.toLowerCase())),
  decoder: readerOf,
  nonceLength: 8,
};

function readerOf(asked: readonly string[]): (row: readonly string[]) => ActiveState {
  const [jobId = -1, cluster = -1, state = -1, start = -1, end = -1, restarts = -1, nodes = -1] = columns.map((column) =>
    asked.indexOf(column),
  );
  const readState = memoize(parseState);
  const sharedText = memoize(own);
  return (row) => {
    const id = digits(row[jobId]);
    if (id === null) throw new UnreadableRow('no number in column JobID');
    const is = readState(row[state] ?? '');
    if (is === undefined) throw new UnreadableRow('no job state in column State');
    const list = row[nodes] ?? '';
    const times = timesOf(is, list !== '' && list !== '(null)', time(row[start], 'StartTime'), time(row[end], 'EndTime'));
    const name = row[cluster] ?? '';
    return {
      cluster: name === '(null)' || name === 'N/A' ? '' : sharedText(name),
      jobId: id,
      state: is,
      start: times.start,
      end: times.end,
      restarts: digits(row[restarts]),
    };
  };
}

function digits(text = ''): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function time(text: string | undefined, column: string): Epoch | null {
  const epoch = parseTime(text ?? '');
  if (epoch === undefined) throw new UnreadableRow(`no time in column ${column}`);
  return epoch;
}
