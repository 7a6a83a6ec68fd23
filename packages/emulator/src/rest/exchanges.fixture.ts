import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A question to a real slurmrestd, and what it said; lists of data are their lengths, `meta` is left out. */
export interface Exchange {
  readonly name: string | null;
  readonly token: 'none' | 'header' | 'bearer' | 'bad';
  /** Whom the token is for. */
  readonly sun: string;
  readonly method: string;
  readonly url: string;
  readonly type: string;
  readonly body: string | null;
  readonly status: number;
  readonly phrase: string;
  readonly answer: unknown;
}

export interface RecordedExchanges {
  readonly release: string;
  readonly dialect: number;
  readonly exchanges: readonly Exchange[];
}

/** Asked of Debian's 22.05.8, 24.11.5 and 26.05.5 in this order; slurmdbd was stopped before the last eleven, slurmctld before the last eight. */
export function recordedExchanges(release: '22.05' | '24.11' | '26.05'): RecordedExchanges {
  const file = new URL(`recordings/exchanges-${release}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as RecordedExchanges;
}

const kept = new Set(['errors', 'warnings', 'status', 'results', 'last_backfill', 'last_update']);
const named = new Set(['removed_accounts', 'removed_users', 'removed_qos', 'removed_associations', 'deleted_clusters']);

/** An answer as the recordings keep it. */
export function comparable(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const fields = Object.entries(answer as Readonly<Record<string, unknown>>).filter(([key]) => key !== 'meta');
  return Object.fromEntries(
    fields.map(([key, value]) => {
      if (kept.has(key) || named.has(key)) return [key, value];
      if (Array.isArray(value)) return [key, { count: value.length }];
      return [key, typeof value === 'object' && value !== null ? Object.keys(value).sort() : value];
    }),
  );
}

/** What differs by chance: addresses in memory, and when something was updated last. */
export function withoutChance(answer: unknown): unknown {
  const text = JSON.stringify(answer)
    .replace(/0x[0-9a-f]{4,}/g, '0x')
    .replace(/job update from \S+ failed/g, 'job update from slurmrestd failed')
    .replace(/"number":[0-9]{10}/g, '"number":0');
  return JSON.parse(text) as unknown;
}

/** Accepted differences: which question, in which releases, and why. None of them is a status that Sluice reads. */
export const accepted: readonly { readonly at: RegExp; readonly releases?: readonly string[]; readonly why: string }[] = [
  { at: /jobs\?start_time=2026-01-01/, releases: ['22.05'], why: 'slurmdbd did not know the recorded job yet' },
];

export function isAccepted(at: string, release: string): boolean {
  return accepted.some((one) => one.at.test(at) && (one.releases?.includes(release) ?? true));
}
