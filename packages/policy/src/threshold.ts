import { graceLimit } from './allocation.ts';

/** How a resource may go on: as ever, slowed down, or not at all. */
export type Level = 'normal' | 'slowdown' | 'blocked';

export interface Thresholds {
  /** Node-hours (or whatever unit the usage has). */
  readonly allocation: number;
  /** 0.2 lets usage go 20 % beyond the allocation, slowed down. */
  readonly graceRatio: number;
  /** Share of the allocation from which a warning is due; 0.9 by default. */
  readonly warnRatio?: number;
}

export interface Standing {
  readonly level: Level;
  /** Usage in per cent of the allocation; of an allocation of nothing, anything used is endless. */
  readonly percent: number;
  readonly status: 'ok' | 'approaching_threshold' | 'soft_limit_exceeded' | 'hard_limit_exceeded';
}

/** Where a usage stands. Reaching a threshold counts as passing it; without grace both are passed at once. */
export function standingOf(usage: number, { allocation, graceRatio, warnRatio = 0.9 }: Thresholds): Standing {
  const percent = allocation > 0 ? (usage / allocation) * 100 : usage > 0 ? Number.POSITIVE_INFINITY : 0;
  if (usage > 0 && usage >= graceLimit(allocation, graceRatio)) return { level: 'blocked', percent, status: 'hard_limit_exceeded' };
  if (usage > 0 && usage >= allocation) return { level: 'slowdown', percent, status: 'soft_limit_exceeded' };
  return { level: 'normal', percent, status: percent >= warnRatio * 100 ? 'approaching_threshold' : 'ok' };
}
