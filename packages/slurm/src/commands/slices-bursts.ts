import type { Clock } from '@sluice/io';
import type { AccountedJob, Epoch } from '../records.ts';

/** A second in which more jobs ended than one question should answer: their ids by the state that `sacct --state` takes. */
export interface Burst {
  readonly second: Epoch;
  readonly ids: ReadonlyMap<string, readonly number[]>;
}

/** Minutes after which a burst is asked by time again, for jobs of it that reached accounting since. */
const freshMs = 10 * 60_000;
const atMost = 16;
/** Ids that are missing between two known ones, up to which those between are asked for, too. */
const gap = 50;
/** Ids asked for below the lowest and above the highest: neighbours that had not reached accounting yet. */
const margin = 1000;

const endedRowFlags: ReadonlySet<string> = new Set(['REQUEUED', 'RESIZING', 'REVOKED']);

/**
 * Remembers bursts, so that a window that is read again — windows overlap, for accounting arrives late — does not ask
 * for all of a burst again at once. Nothing but reading can tell that a second is so dense, hence each is met once.
 */
export class Bursts {
  readonly #known = new Map<string, Burst & { readonly learned: number }>();
  readonly #clock: Clock;
  readonly #cap: number;

  constructor(clock: Clock, cap: number) {
    this.#clock = clock;
    this.#cap = cap;
  }

  /** Learns from the rows of a question that answered more than the cap. `scope` is what was asked for beside the time. */
  learn(scope: string, rows: readonly EndedRow[]): void {
    const perSecond = Map.groupBy(rows, ({ end }) => end);
    for (const [second, ended] of perSecond) {
      if (ended.length <= this.#cap) continue;
      const ids = new Map(
        [...Map.groupBy(ended, ({ state }) => state)].map(([state, ofState]) => [state, ofState.map(({ jobId }) => jobId)]),
      );
      const [oldest] = this.#known.keys();
      if (this.#known.size >= atMost && oldest !== undefined) this.#known.delete(oldest);
      this.#known.set(`${second} ${scope}`, { second, ids, learned: this.#clock.monotonic() });
    }
  }

  /** The first known burst in [from, to]. */
  first(scope: string, from: Epoch, to: Epoch): Burst | undefined {
    let first: Burst | undefined;
    for (const [key, burst] of this.#known) {
      if (this.#clock.monotonic() - burst.learned > freshMs) this.#known.delete(key);
      else if (
        key === `${burst.second} ${scope}` &&
        burst.second >= from &&
        burst.second <= to &&
        burst.second < (first?.second ?? Infinity)
      ) {
        first = burst;
      }
    }
    return first;
  }
}

/** What is kept of a row to learn from it. */
export interface EndedRow {
  readonly end: Epoch;
  readonly jobId: number;
  readonly state: string;
}

/** The rows of a slice, in arrays that are used again for the next: as objects they would outlive the young generation. */
export class EndedRows {
  #count = 0;
  #ends = new Float64Array(4096);
  #ids = new Float64Array(4096);
  readonly #states: string[] = [];

  add({ end, jobId, state }: AccountedJob): void {
    if (end === null) return;
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends);
      this.#ids = grown(this.#ids);
    }
    this.#ends[this.#count] = end;
    this.#ids[this.#count] = jobId;
    this.#states[this.#count] = state.flags.find((flag) => endedRowFlags.has(flag)) ?? state.base;
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }

  rows(): readonly EndedRow[] {
    return Array.from({ length: this.#count }, (_, index) => ({
      end: this.#ends[index] ?? 0,
      jobId: this.#ids[index] ?? 0,
      state: this.#states[index] ?? '',
    }));
  }
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

/**
 * Questions that together ask for a burst and for each of which it is known before that it stays below the cap: states
 * that few jobs ended in by time alone (one question for all of them), the others by lists of ids.
 */
export function burstQuestions(burst: Burst, states: readonly string[], cap: number, aim: number): readonly (readonly string[])[] {
  const dense = [...burst.ids].filter(([, ids]) => ids.length > cap / states.length);
  const sparse = states.filter((state) => !dense.some(([name]) => name === state));
  const questions: (readonly string[])[] = [['--state', sparse.join(',')]];
  for (const [state, ids] of dense) {
    const wanted = withNeighbours(ids);
    for (let at = 0; at < wanted.length; at += aim) questions.push(['--state', state, '-j', wanted.slice(at, at + aim).join(',')]);
  }
  return questions;
}

function withNeighbours(ids: readonly number[]): readonly number[] {
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  const all: number[] = [];
  let before = (sorted[0] ?? 0) - 1;
  for (let id = Math.max(1, before + 1 - margin); id <= before; id++) all.push(id);
  for (const id of sorted) {
    if (id - before <= gap) for (let between = before + 1; between < id; between++) all.push(between);
    all.push(id);
    before = id;
  }
  for (let id = before + 1; id <= before + margin; id++) all.push(id);
  return all;
}
