import { SluiceError } from '@sluice/io';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import type { AssociationChanges, EmulatedAssociation, QosChange } from '../model/slurmdbd.ts';
import { resourceAmounts } from './resources.ts';

/** Whoever works from outside the cluster works as its administrator. */
export const root: Identity = { uid: 0, gid: 0, user: 'root', group: 'root' };

/** Fair share, limits and billing as a policy sets them; what is absent stays. A limit of null or below zero is taken away. */
export interface PeriodicSettings {
  readonly fairshare?: number;
  readonly grpTresMins?: Readonly<Record<string, number | null>>;
  /** Per job (MaxTRESMins). */
  readonly maxTresMins?: Readonly<Record<string, number | null>>;
  readonly grpTres?: Readonly<Record<string, number | null>>;
  /** TRESBillingWeights of every partition, memory per MiB. */
  readonly billingWeights?: Readonly<Record<string, number>>;
  readonly resetRawUsage?: boolean;
}

/** What QOS that a policy speaks of do to jobs, where the cluster does not have them yet: `slowdown` lets each user run one job, `blocked` none. */
const policyQos: Readonly<Record<string, QosChange>> = {
  slowdown: { description: 'beyond the allocation: one job at a time', maxJobsPerUser: 1 },
  blocked: { description: 'beyond the grace: no jobs', grpJobs: 0 },
};

export function accountAssociation({ database }: EmulatedSlurm, account: string): EmulatedAssociation | undefined {
  const name = account.toLowerCase();
  return database.associations().find((one) => one.account === name && one.user === '');
}

/** Error: `slurm.unknown`. */
export function knownAccount(slurm: EmulatedSlurm, account: string): EmulatedAssociation {
  const association = accountAssociation(slurm, account);
  if (association === undefined) throw new SluiceError('slurm.unknown', `the cluster has no account "${account}"`);
  return association;
}

/** The account, made where it is missing; says whether it was. */
export function ensureAccount(
  slurm: EmulatedSlurm,
  { name, parent = 'root', description = name, organization = parent }: AccountWords,
  changes: AssociationChanges = {},
): boolean {
  if (accountAssociation(slurm, name) !== undefined) return false;
  slurm.database.addAccount({ name: name.toLowerCase(), description, organization }, parent.toLowerCase(), changes, root);
  return true;
}

export interface AccountWords {
  readonly name: string;
  readonly parent?: string;
  readonly description?: string;
  readonly organization?: string;
}

/** The user and its association with the account, and the account, each where it is missing. */
export function ensureUser(slurm: EmulatedSlurm, account: string, user: string, changes: AssociationChanges = {}): void {
  ensureAccount(slurm, { name: account });
  const name = account.toLowerCase();
  slurm.database.addUser(user, { defaultAccount: name }, root);
  slurm.database.addAssociation({ account: name, user, partition: '' }, changes, root);
}

/** Who a user is on the cluster; one that its configuration does not name gets numbers that nobody has. */
export function identityOf({ spec, database }: EmulatedSlurm, user: string): Identity {
  if (user === 'root') return root;
  const known = spec.users.find(({ name }) => name === user);
  if (known !== undefined) return { uid: known.uid, gid: known.gid, user, group: known.group };
  const id =
    20_000 +
    Math.max(
      0,
      database.users().findIndex(({ name }) => name === user),
    );
  return { uid: id, gid: id, user, group: user };
}

/** Makes it the only QOS of the account and of all who inherit from it. One that the cluster lacks is made. */
export function setQos(slurm: EmulatedSlurm, account: string, qos: string): void {
  const { id } = knownAccount(slurm, account);
  const name = qos.toLowerCase();
  if (!slurm.database.qos().some((one) => one.name === name)) slurm.database.addQos(name, policyQos[name] ?? {}, root);
  slurm.database.modifyAssociation(id, { qos: { how: '=', names: [name] }, defaultQos: name }, root);
}

/** The QOS that a job of the account gets. */
export function qosOf(slurm: EmulatedSlurm, account: string): string {
  const { defaultQos, qos } = knownAccount(slurm, account);
  return defaultQos || qos[0] || 'normal';
}

/** Writes settings as a policy's agent would with sacctmgr. Errors: `slurm.unknown`, `data.invalid`. */
export function applySettings(slurm: EmulatedSlurm, account: string, settings: PeriodicSettings): void {
  const { id } = knownAccount(slurm, account);
  const { fairshare, billingWeights, resetRawUsage } = settings;
  const limits = (amounts: Readonly<Record<string, number | null>>) => resourceAmounts(slurm, amountsOrNone(amounts));
  const changes: AssociationChanges = {
    ...(fairshare === undefined ? {} : { fairshare }),
    ...(settings.grpTresMins === undefined ? {} : { grpTresMins: limits(settings.grpTresMins) }),
    ...(settings.maxTresMins === undefined ? {} : { maxTresMinsPerJob: limits(settings.maxTresMins) }),
    ...(settings.grpTres === undefined ? {} : { grpTres: limits(settings.grpTres) }),
  };
  if (Object.keys(changes).length > 0) slurm.database.modifyAssociation(id, changes, root);
  if (billingWeights !== undefined) {
    const weights = resourceAmounts(slurm, billingWeights);
    for (const { name } of slurm.controller.partitions()) slurm.controller.updatePartition(name, { billingWeights: weights }, root);
  }
  if (resetRawUsage === true) slurm.database.modifyAssociation(id, { rawUsage: 0 }, root);
}

function amountsOrNone(amounts: Readonly<Record<string, number | null>>): Readonly<Record<string, number | null>> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount === null || amount < 0 ? null : amount]));
}
