import type { Records, UsageQuery } from '../facets.ts';
import type { Epoch, Usage } from '../records.ts';
import { excerpt } from './framing.ts';
import { tableRows } from './sacctmgr-text.ts';

export const usageColumns = ['Cluster', 'Account', 'Login', 'TresName', 'Used'] as const;

/**
 * Sums `sreport cluster AccountUtilizationByUser` rows, one per TRES, into one record per account (user empty) and per
 * user in it. sreport writes accounts indented in a tree only; blanks before a name are not part of it.
 */
export function decodeUsage(output: string): Records<Usage> {
  const source = 'sreport row';
  const { records: rows, rejects } = tableRows(output, usageColumns.length, source);
  const usages = new Map<string, { cluster: string; account: string; user: string; seconds: Record<string, number> }>();
  const rejected = [...rejects];
  for (const row of rows) {
    const [cluster = '', indented = '', user = '', tres = '', used = ''] = row;
    if (!/^[0-9]{1,15}$/.test(used) || cluster === '' || tres === '') {
      rejected.push({ source, reason: 'Used is no number of seconds', excerpt: excerpt(row.join('|')) });
      continue;
    }
    const account = indented.trimStart();
    const key = JSON.stringify([cluster, account, user]);
    const usage = usages.get(key) ?? { cluster, account, user, seconds: {} };
    usage.seconds[tres] = Number(used);
    usages.set(key, usage);
  }
  return { records: [...usages.values()], rejects: rejected };
}

/** The hours that slurmdbd has rolled up by their nature: whole ones. Both ends go down, so that consecutive windows add up. */
export function wholeHours(query: UsageQuery): { readonly from: Epoch; readonly to: Epoch } {
  return { from: Math.floor(query.from / 3600) * 3600, to: Math.floor(query.to / 3600) * 3600 };
}
