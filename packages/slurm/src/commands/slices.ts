import type { Epoch } from '../records.ts';

/** How long a window is asked for at once. All in seconds and rows. */
export interface SliceLimits {
  /** Rows that a slice should have. */
  readonly aim: number;
  /** Rows that no question should exceed when that can be known before. */
  readonly cap: number;
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

export const sliceLimits: SliceLimits = { aim: 4000, cap: 5000, firstSeconds: 900, longestSeconds: 86_400 };

/** How many times longer than a slice the next may be. */
export const mostGrowth = 4;

/** What a slice taught: rows by the second of their end. */
export interface SliceSeen {
  readonly from: Epoch;
  readonly to: Epoch;
  readonly rows: number;
  /** Rows in the last quarter of the slice, where the next one begins. */
  readonly recentRows: number;
}

/**
 * Seconds of the next slice. It grows at most {@link mostGrowth} times, for nothing is known of the time to come, and shrinks at once to
 * what the denser of the whole slice and its last quarter lets expect; one second is the least.
 */
export function nextLength(seen: SliceSeen, limits: SliceLimits): number {
  const seconds = seen.to - seen.from + 1;
  const quarter = Math.max(1, Math.floor(seconds / 4));
  const rate = Math.max(seen.rows / seconds, seen.recentRows / quarter);
  const fitting = rate === 0 ? limits.longestSeconds : Math.floor(limits.aim / rate);
  return Math.max(1, Math.min(fitting, mostGrowth * seconds, limits.longestSeconds));
}
