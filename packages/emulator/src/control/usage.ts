import type { Epoch, Tres } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { ensureUser, identityOf, knownAccount } from './administer.ts';
import { injectedRow } from './injected-row.ts';
import { wholeNode } from './resources.ts';

export interface Injection {
  readonly account: string;
  readonly user: string;
  /** Hours of a whole node of the default partition. */
  readonly nodeHours?: number;
  /** Or minutes of resources by Slurm's names. */
  readonly minutes?: Tres;
  /** The cluster's time by default. */
  readonly at?: Epoch;
}

/**
 * Usage as if jobs had made it: it counts against shares and limits, decays, and stands in accounting as a job that has ended. User, account and association
 * are made where they are missing.
 */
export function injectUsage(slurm: EmulatedSlurm, { account, user, nodeHours = 0, minutes, at }: Injection): void {
  ensureUser(slurm, account, user);
  const now = slurm.time.now();
  const moment = Math.min(at ?? now, now);
  const seconds: Record<string, number> = {};
  for (const [name, count] of Object.entries(wholeNode(slurm))) seconds[name] = count * nodeHours * 3600;
  for (const [name, count] of Object.entries(minutes ?? {})) seconds[name] = (seconds[name] ?? 0) + count * 60;
  const name = account.toLowerCase();
  const association = slurm.database.associations().find((one) => one.account === name && one.user === user && one.partition === '');
  const row = injectedRow(slurm, {
    account: name,
    associationId: association?.id ?? 0,
    as: identityOf(slurm, user),
    seconds,
    at: moment,
  });
  slurm.injectUsage({ account: name, user, seconds, at: moment, row });
}

/** Node-hours that accounting has of an account within a stretch of time: without any decay, also of what still runs. */
export function usedNodeHours(
  slurm: EmulatedSlurm,
  account: string,
  { start, end }: { readonly start: Epoch; readonly end: Epoch },
): number {
  const { account: name } = knownAccount(slurm, account);
  const now = slurm.time.now();
  const perNode = wholeNode(slurm)['billing'] ?? 1;
  let seconds = 0;
  for (const row of slurm.database.jobRows({ accounts: [name], from: start, to: end, duplicates: true })) {
    if (row.start === null) continue;
    const ran = Math.min(row.end ?? now, end) - Math.max(row.start, start) - row.suspendedSeconds;
    seconds += Math.max(0, ran) * (row.allocatedTres['billing'] ?? 0);
  }
  return seconds / perNode / 3600;
}

/** Node-hours that Slurm itself counts against the account's limits and share: decayed by PriorityDecayHalfLife. */
export function decayedNodeHours(slurm: EmulatedSlurm, account: string): number {
  return (decayedMinutes(slurm, account)['billing'] ?? 0) / 60 / (wholeNode(slurm)['billing'] ?? 1);
}

/** The same by resource, in minutes. */
export function decayedMinutes(slurm: EmulatedSlurm, account: string): Tres {
  const { id } = knownAccount(slurm, account);
  return slurm.database.shares().find(({ association }) => association.id === id)?.usedMins ?? {};
}
