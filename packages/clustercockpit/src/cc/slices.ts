import { SluiceError } from '@sluice/io';
import type { ListedJob } from './listed-job.ts';

/** All jobs asked for that started from `from` to `to`, both Unix seconds and included. */
export interface ListSlice {
  readonly from: number;
  readonly to: number;
  readonly jobs: readonly ListedJob[];
}

/** The slices of a list, newest first, without gap or overlap. It is whole only when the iteration ends without an error. */
export type WholeList = AsyncIterable<ListSlice>;

/**
 * Asks for the first rows of what started in a range; `factor` multiplies how many rows it asks for. `full`: it got as many
 * as it asked for, so there may be more.
 */
export type AskRange = (
  from: number,
  to: number,
  factor: number,
) => Promise<{ readonly rows: readonly ListedJob[]; readonly full: boolean }>;

/** A page of 1,000 grows to at most a million for one second; more is no cluster. */
const largestFactor = 1024;

/**
 * Reads a range without turning a page, which the server orders anew each time (contract §4.4). Rows come newest first: of
 * a full answer everything that started after its oldest row is whole, and the rest is asked for again. A second that holds
 * more rows than were asked for is asked with room for more.
 */
export async function* slices(ask: AskRange, from: number, to: number): AsyncGenerator<ListSlice> {
  let upper = to;
  while (upper >= from) {
    const { rows, full } = await ask(from, upper, 1);
    mustBeSound(rows, from, upper);
    if (!full) {
      yield { from, to: upper, jobs: rows };
      return;
    }
    const oldest = rows.at(-1)?.startTime ?? upper;
    if (oldest === upper) {
      yield { from: upper, to: upper, jobs: await oneSecond(ask, upper) };
      upper -= 1;
    } else {
      yield { from: oldest + 1, to: upper, jobs: rows.filter(({ startTime }) => startTime > oldest) };
      upper = oldest;
    }
  }
}

async function oneSecond(ask: AskRange, second: number): Promise<readonly ListedJob[]> {
  for (let factor = 4; factor <= largestFactor; factor *= 4) {
    const { rows, full } = await ask(second, second, factor);
    mustBeSound(rows, second, second);
    if (!full) return rows;
  }
  throw new SluiceError('cc.failed', `cc-backend lists more jobs of the second ${second} than can be asked for at once`);
}

/** A server that overlooks the range or the order would make a list look whole that is not. */
function mustBeSound(rows: readonly ListedJob[], from: number, to: number): void {
  let newer = to;
  for (const { startTime } of rows) {
    if (startTime < from || startTime > newer) {
      const asked = `jobs started from ${from} to ${to}, newest first`;
      throw new SluiceError('cc.failed', `cc-backend was asked for ${asked}, and lists one of ${startTime} after one of ${newer}`);
    }
    newer = startTime;
  }
}
