import type { Records } from '../facets.ts';
import { parseTres } from '../languages/index.ts';
import type { Share } from '../records.ts';
import { decodeRows, tableRows } from './sacctmgr-text.ts';

/** Columns of sshare that all releases from 22.05 on offer. */
export const shareColumns = [
  'Cluster',
  'Account',
  'User',
  'RawShares',
  'NormShares',
  'RawUsage',
  'EffectvUsage',
  'FairShare',
  'GrpTRESMins',
  'TRESRunMins',
] as const;

/** Rows of `sshare -n -P -a`; accounts are indented by their depth in the tree, which is not part of the name. */
export function decodeShares(output: string): Records<Share> {
  const source = 'sshare row';
  return decodeRows(tableRows(output, shareColumns.length, source), source, decodeShare);
}

function decodeShare(row: readonly string[]): Share | string {
  const [
    cluster = '',
    indented = '',
    user = '',
    shares = '',
    norm = '',
    usage = '',
    effective = '',
    fairshare = '',
    mins = '',
    runMins = '',
  ] = row;
  const account = indented.trimStart();
  if (account === '') return 'a share without an account';
  return {
    cluster,
    account,
    user,
    rawShares: shares === 'parent' ? 'parent' : (decimal(shares) ?? 0),
    normShares: decimal(norm),
    rawUsage: decimal(usage) ?? 0,
    effectiveUsage: decimal(effective),
    fairshare: decimal(fairshare),
    tresRunMins: parseTres(runMins) ?? {},
    grpTresMins: parseTres(mins) ?? {},
  };
}

/** sshare writes numbers as `12918`, `0.047619`, and `nan` or `inf` where it divides by nothing. */
function decimal(text: string): number | null {
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
