/** The usual half-life of usage in days (slurm.conf's PriorityDecayHalfLife is 7 days by default; the periodic policy uses 15). */
export const usualHalfLifeDays = 15;

/** What is left of usage after `days`: 2^(−days / halfLife), between 0 and 1. A half-life of 0 means that nothing decays, as in Slurm. */
export function decayFactor(days: number, halfLifeDays: number = usualHalfLifeDays): number {
  if (halfLifeDays === 0) return 1;
  return 2 ** (-Math.max(0, days) / halfLifeDays);
}

/** What an earlier period leaves to the next one, all in node-hours (or whatever unit `base` has). */
export interface Carryover {
  /** What of the earlier usage still counts. */
  readonly effectiveUsage: number;
  /** What of the allocation is carried over. */
  readonly unused: number;
  /** The new period's allocation with it. */
  readonly total: number;
}

/** Carryover by decay: the usage of the earlier period counts for less the longer it is ago; the rest of the allocation is carried over. */
export function carryoverByDecay(base: number, previousUsage: number, days: number, halfLifeDays: number = usualHalfLifeDays): Carryover {
  const effectiveUsage = previousUsage * decayFactor(days, halfLifeDays);
  const unused = Math.max(0, base - effectiveUsage);
  return { effectiveUsage, unused, total: base + unused };
}

/** Carryover by share: of what was not used at most `percent` of the allocation. Without an earlier period nothing was used. */
export function carryoverByShare(base: number, previousUsage: number, percent: number): Carryover {
  const unused = Math.min(Math.max(0, base - previousUsage), (base * percent) / 100);
  return { effectiveUsage: previousUsage, unused, total: base + unused };
}

/** Shares of an account that stands among `siblings` of its kind, at least 1. */
export function fairshareOf(total: number, siblings = 3): number {
  return Math.max(1, Math.floor(total / siblings));
}

/** Node-hours as billing minutes, whole ones. */
export function billingMinutes(nodeHours: number): number {
  return Math.floor(nodeHours * 60);
}

/** What may be used at most: the allocation with its grace (0.2 is 20 %). */
export function graceLimit(allocation: number, graceRatio: number): number {
  return allocation * (1 + graceRatio);
}
