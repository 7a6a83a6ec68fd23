import { foldHostlist } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { byBytes } from './amounts.ts';
import { limitMinutes, minimumMemory, ranSeconds, shownEnd, shownStart } from './job-facts.ts';
import type { Scene } from './scene.ts';
import { compactJobState, jobStateWord } from './state-words.ts';

/** One line of squeue before it is written: a job, and the partition under which it is shown. */
export interface QueueRow {
  readonly job: EmulatedJob;
  readonly partition: string;
}

type Key = (row: QueueRow, scene: Scene) => number | string;

const never = Number.MAX_SAFE_INTEGER;

const keys: Readonly<Record<string, Key>> = {
  A: ({ job }) => job.jobId,
  B: ({ job }) => job.batchHost,
  C: ({ job }) => job.cpus,
  d: () => 0,
  D: ({ job }) => job.nodeCount,
  e: ({ job }, { now }) => {
    const end = shownEnd(job, now);
    return end === 'never' || end === null ? never : end;
  },
  g: ({ job }) => job.group,
  G: ({ job }) => job.gid,
  H: () => 0,
  i: ({ job }) => (job.array?.jobId ?? job.jobId) * 2 ** 24 + (job.array === null ? 0 : (job.array.taskId ?? 2 ** 24 - 1)),
  I: () => 0,
  j: ({ job }) => job.name,
  J: () => 0,
  l: ({ job }) => limitMinutes(job) ?? never,
  L: ({ job }, { now }) => (limitMinutes(job) ?? never / 60) * 60 - ranSeconds(job, now),
  m: ({ job }, scene) => minimumMemory(job, scene).mib,
  M: ({ job }, { now }) => ranSeconds(job, now),
  // Jobs without nodes come last.
  N: ({ job }) => foldHostlist(job.nodes) || '\uffff',
  p: ({ job }) => job.priority,
  P: ({ partition }) => partition,
  Q: ({ job }) => job.priority,
  S: ({ job }) => shownStart(job) ?? never,
  t: ({ job }) => compactJobState(jobStateWord(job)),
  T: ({ job }) => jobStateWord(job),
  u: ({ job }) => job.user,
  U: ({ job }) => job.uid,
  v: ({ job }) => job.reservation,
  V: ({ job }) => job.submit,
  z: () => 0,
};

/** Letters that squeue knows and sorts nothing by. */
const idle: ReadonlySet<string> = new Set(['b', 'c', 'f', 'h', 'n', 'O']);

/**
 * Rows in the order of `--sort`: from the last letter to the first, each sort keeping what is equal, after a first one by start, latest first. Gives
 * the letter that is none, if there is one.
 */
export function sortRows(rows: readonly QueueRow[], sort: string, scene: Scene): readonly QueueRow[] | { readonly invalid: string } {
  const letters = sort.replaceAll(/cluster/gi, '').replaceAll(/[,+]/g, '');
  const invalid = [...letters].reverse().find((letter) => letter !== '-' && !idle.has(letter) && !Object.hasOwn(keys, letter));
  if (invalid !== undefined) return { invalid };
  let sorted = latestFirst(rows);
  for (let at = letters.length - 1; at >= 0; at -= 1) {
    const key = keys[letters.charAt(at)];
    if (key !== undefined) sorted = sortedBy(sorted, key, letters[at - 1] === '-', scene);
  }
  return sorted;
}

function sortedBy(rows: readonly QueueRow[], key: Key, isReverse: boolean, scene: Scene): readonly QueueRow[] {
  const order = isReverse ? -1 : 1;
  return rows
    .map((row) => ({ row, key: key(row, scene) }))
    .sort((a, b) => order * compare(a.key, b.key))
    .map(({ row }) => row);
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : byBytes(`${a}`, `${b}`);
}

/**
 * By start, latest first. A job without a start comes behind every other, also behind the next one without: the order in which slurmctld lists
 * those is turned round, as by the merge sort of the C library.
 */
function latestFirst(rows: readonly QueueRow[]): readonly QueueRow[] {
  const starts = rows.map((row) => ({ row, start: shownStart(row.job) ?? 0 }));
  const isBefore = (a: { start: number }, b: { start: number }) => a.start !== 0 && (b.start === 0 || b.start <= a.start);
  return mergeSorted(starts, isBefore).map(({ row }) => row);
}

function mergeSorted<T>(items: readonly T[], isBefore: (a: T, b: T) => boolean): readonly T[] {
  if (items.length < 2) return items;
  const middle = Math.floor(items.length / 2);
  const left = mergeSorted(items.slice(0, middle), isBefore);
  const right = mergeSorted(items.slice(middle), isBefore);
  const merged: T[] = [];
  let l = 0;
  let r = 0;
  for (let first = left[l], second = right[r]; first !== undefined && second !== undefined; first = left[l], second = right[r]) {
    if (isBefore(first, second)) {
      merged.push(first);
      l += 1;
    } else {
      merged.push(second);
      r += 1;
    }
  }
  return [...merged, ...left.slice(l), ...right.slice(r)];
}
