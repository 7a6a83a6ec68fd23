import { SluiceError } from '@sluice/io';
import type { ByIdOptions, EndedJobsQuery, Piece } from '../facets.ts';
import { accountedEndStates, formatUts } from '../languages/index.ts';
import type { AccountedJob, Epoch } from '../records.ts';
import type { Sacct } from './sacct.ts';
import { mostGrowth, nextLength, type SliceLimits } from './slices.ts';
import { type Bursts, burstQuestions, EndedRows } from './slices-bursts.ts';

/** Ids in one question: each has seldom more than one row, and the list stays far below the limits of a command line. */
const idsPerQuestion = 500;

const tooWide = /too wide|date range|query.*range/i;

/**
 * Ended jobs of a window, slice by slice. A slice is [from, until], both included. The next one begins a second later
 * if this one held a job that ended at `until` — then its answer held all of that second — and at `until` otherwise;
 * so that none is lost and none comes twice, whether or not a release includes the end of a window.
 *
 * A window by end lists jobs that were cancelled before they became eligible (measured on 22.05, 24.11 and 26.05). It does
 * not list what has no end in accounting: running, pending and runaway jobs.
 */
export async function* endedJobs(
  parts: EndedJobsParts,
  query: EndedJobsQuery,
  scopes: readonly string[],
): AsyncGenerator<Piece<AccountedJob>> {
  const { sacct, bursts, limits } = parts;
  const filters = [...listed('--user', query.users), ...listed('--accounts', query.accounts), ...listed('--partition', query.partitions)];
  const to = Math.floor(query.to);
  const ended = new EndedRows();
  let from = Math.floor(query.from);
  if ([query.users, query.accounts, query.partitions, query.clusters].some((list) => list?.length === 0)) {
    if (from <= to) yield { kind: 'slice', from, to, rows: 0, rejected: 0 };
    return;
  }
  const named = [...scopes, ...filters].join(' ');
  let longest = limits.longestSeconds;
  let length = Math.min(limits.firstSeconds, longest);
  while (from <= to) {
    let until = Math.min(to, from + length - 1);
    const burst = bursts.first(named, from, until);
    if (burst !== undefined) until = burst.second === from ? from : burst.second - 1;
    const states = ['--state', accountedEndStates.join(',')];
    const narrowings = burst?.second === from ? burstQuestions(burst, accountedEndStates, limits.cap, limits.aim) : [states];
    const questions = narrowings.flatMap((narrowing) => scopes.map((scope) => [scope, ...filters, ...narrowing]));
    const asked = bounds(from, until, bursts.first(named, from - 1, from - 1) !== undefined);
    ended.clear();
    const seen = new SliceCounter(from, until, ended);
    // That nothing ended here need not come twice when a longer question, which holds this one, follows.
    const goesOn = questions.length === 1 && burst === undefined && until < to && length < longest;
    try {
      let rows = 0;
      let rejected = 0;
      for (const question of questions) {
        const answer = sacct.ask([...question, ...asked], {
          signal: query.signal,
          facts: query.facts,
          once: goesOn || query.overlapped === true,
        });
        let step = await answer.next();
        for (; !step.done; step = await answer.next()) {
          const piece = step.value.kind === 'records' ? within(step.value.records, from, until) : step.value;
          if (piece.kind === 'records') seen.count(piece.records);
          yield piece;
        }
        rows += step.value.rows;
        rejected += step.value.rejected;
      }
      if (goesOn && rows === 0) {
        length = Math.min(longest, length * mostGrowth);
        continue;
      }
      yield { kind: 'slice', from, to: until, rows, rejected };
    } catch (error) {
      if (!isTooWide(error)) throw error;
      if (length <= 60) throw tooWideError(error, until - from + 1);
      longest = Math.max(60, Math.floor(length / 2));
      length = longest;
      continue;
    }
    if (narrowings.length === 1 && seen.rows > limits.cap) bursts.learn(named, ended.rows());
    if (until === to) return;
    if (narrowings.length === 1) length = nextLength(seen, { ...limits, longestSeconds: longest });
    from = seen.atEnd > 0 || until === from ? until + 1 : until;
  }
}

/**
 * Bounds for sacct. It makes a window without length a second longer (measured on 22.05), so a slice of one second is
 * asked for with a neighbour, that before it unless a burst is known there; what lies outside is dropped.
 */
function bounds(from: Epoch, until: Epoch, burstBefore: boolean): readonly string[] {
  const first = from === until && !burstBefore ? from - 1 : from;
  const last = from === until && burstBefore ? until + 1 : until;
  return ['-S', formatUts(first), '-E', formatUts(last)];
}

function within(records: readonly AccountedJob[], from: Epoch, until: Epoch): Piece<AccountedJob> & { readonly kind: 'records' } {
  const inside = ({ end }: AccountedJob) => end === null || (end >= from && end <= until);
  return { kind: 'records', records: records.every(inside) ? records : records.filter(inside) };
}

export interface EndedJobsParts {
  readonly sacct: Sacct;
  readonly bursts: Bursts;
  readonly limits: SliceLimits;
}

/** All rows of the given jobs, in questions of a few hundred ids. */
export async function* jobsById(
  sacct: Sacct,
  jobIds: readonly number[],
  scopes: readonly string[],
  options: ByIdOptions,
): AsyncGenerator<Piece<AccountedJob>> {
  const ids = [...new Set(jobIds)];
  for (const id of ids) {
    if (!Number.isInteger(id) || id <= 0 || id > 0xffff_ffff) throw new SluiceError('data.invalid', `${id} is no job id`);
  }
  for (let at = 0; at < ids.length; at += idsPerQuestion) {
    const some = ids.slice(at, at + idsPerQuestion).join(',');
    for (const scope of scopes) yield* sacct.ask([scope, '-j', some], { signal: options.signal });
  }
}

/** Counts the rows of a slice where it matters for the next. */
class SliceCounter {
  readonly from: Epoch;
  readonly to: Epoch;
  rows = 0;
  recentRows = 0;
  atEnd = 0;
  readonly #ended: EndedRows;
  readonly #recentFrom: Epoch;

  constructor(from: Epoch, to: Epoch, ended: EndedRows) {
    this.#ended = ended;
    this.from = from;
    this.to = to;
    this.#recentFrom = to - Math.floor((to - from + 1) / 4);
  }

  count(records: readonly AccountedJob[]): void {
    this.rows += records.length;
    for (const record of records) {
      this.#ended.add(record);
      if (record.end === null) continue;
      if (record.end > this.#recentFrom) this.recentRows += 1;
      if (record.end === this.to) this.atEnd += 1;
    }
  }
}

/** `--user=a,b`; refuses what sacct would take for something else. */
export function listed(option: string, values: readonly string[] | undefined): readonly string[] {
  if (values === undefined) return [];
  for (const value of values) {
    if (value === '' || /[,\s\0]/.test(value))
      throw new SluiceError('data.invalid', `${JSON.stringify(value)} is no name that ${option} takes`);
  }
  return [`${option}=${values.join(',')}`];
}

function isTooWide(error: unknown): error is SluiceError {
  return error instanceof SluiceError && tooWide.test(error.message);
}

function tooWideError(error: SluiceError, seconds: number): SluiceError {
  return new SluiceError('slurm.denied', `slurmdbd refuses to answer for ${seconds} s at once: ${error.message}`, {
    cause: error,
    hint: 'MaxQueryTimeRange of slurmdbd.conf holds for all but operators: ask as a user with AdminLevel Operator.',
  });
}
