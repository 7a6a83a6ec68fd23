import type { Facts } from './questions.ts';

/** Keys whose values are of one run of the scenario, not of the scenario. */
const ofTheRun = new Set([
  'dbIndex',
  'elapsed',
  'suspended',
  'priority',
  'gid',
  'uid',
  'id',
  'submitLine',
  'rawUsage',
  'effectiveUsage',
  'fairshare',
  'normShares',
  'tresRunMins',
  'version',
  'free',
]);
const times = new Set(['submit', 'eligible', 'start', 'end', 'expectedStart']);

/**
 * A record as far as it does not depend on when and where the scenario ran: a time is `time` or null, a job id is the
 * role of the job, the lab's directory is `{work}`.
 */
export function comparable(value: unknown, facts: Facts, key = ''): unknown {
  if (times.has(key)) return typeof value === 'number' ? 'time' : value;
  if (ofTheRun.has(key)) return undefined;
  if (typeof value === 'number' && key === 'jobId') return roleOf(value, facts);
  if (key === 'cancelledBy' && typeof value === 'number') return Object.entries(facts.uids).find(([, uid]) => uid === value)?.[0];
  if (typeof value === 'string') return neutral(value, facts, key);
  if (Array.isArray(value)) return value.map((one) => comparable(one, facts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, one]) => [name, comparable(one, facts, name)])
      .filter(([, one]) => one !== undefined),
  );
}

/** The role of a job; array tasks and het components, which have ids of their own, are told by their position. */
export function roleOf(jobId: number, facts: Facts): string {
  return Object.entries(facts.jobs).find(([, id]) => id === jobId)?.[0] ?? 'part';
}

function neutral(text: string, facts: Facts, key: string): string {
  const placed = text.replaceAll(facts.workDir, '{work}');
  if (key === 'dependency') return placed.replace(/\d+/g, (id) => roleOf(Number(id), facts));
  return key === 'stdout' || key === 'stderr' ? placed.replace(/\d+/g, 'N') : placed;
}
