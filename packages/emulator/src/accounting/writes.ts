import type { AdminLevel, Epoch, TresKind } from '@sluice/slurm';
import type { Identity } from '../model/job.ts';
import { SlurmError } from '../model/slurmctld.ts';
import type { AssociationTree } from './association-tree.ts';
import type { Books } from './books.ts';
import type { TransactionContext } from './transaction-text.ts';

/** What all writes to the books share. */
export interface WriteContext {
  readonly books: Books;
  readonly tree: AssociationTree;
  readonly cluster: string;
  readonly kinds: readonly TresKind[];
  readonly major: number;
  now(): Epoch;
}

const rank: Readonly<Record<AdminLevel, number>> = { None: 0, Operator: 1, Administrator: 2 };

/** Whether this user has at least that level: root and SlurmUser have them all (slurmdbd's is_user_min_admin_level). */
function hasLevel({ books }: WriteContext, { uid, user }: Identity, level: AdminLevel): boolean {
  return uid === 0 || user === 'slurm' || rank[books.users.get(user)?.adminLevel ?? 'None'] >= rank[level];
}

/** Refuses whoever has less than a level and does not coordinate the account. */
export function needLevel(context: WriteContext, as: Identity, level: AdminLevel, account?: string): void {
  if (hasLevel(context, as, level)) return;
  if (account !== undefined && (context.books.users.get(as.user)?.coordinates.includes(account) ?? false)) return;
  throw new SlurmError({ number: 2002, name: 'ESLURM_ACCESS_DENIED', message: 'Access/permission denied' });
}

export function logTransaction(
  context: WriteContext,
  as: Identity,
  entry: { readonly action: string; readonly where: string; readonly info: string },
): void {
  context.books.addTransaction({ at: context.now(), actor: as.user, ...entry });
}

export function textContext({ books, kinds, major, now }: WriteContext): TransactionContext {
  const parentOf: TransactionContext['parentOf'] = ({ parentId }) => books.associations.get(parentId)?.account ?? '';
  return { now: now(), major, kinds, qosId: (name) => books.qos.get(name)?.id ?? 0, parentOf };
}

/** Limits by resource after a change; null takes one away. */
export function changedTres(
  before: Readonly<Record<string, number>>,
  changes: Readonly<Record<string, number | null>> | undefined,
): Readonly<Record<string, number>> {
  const after = { ...before };
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value === null) delete after[name];
    else after[name] = value;
  }
  return after;
}

export function asList<T extends string | number>(one: T | readonly T[]): readonly T[] {
  return typeof one === 'object' ? one : [one];
}
