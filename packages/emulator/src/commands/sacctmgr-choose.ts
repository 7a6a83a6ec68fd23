import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import { fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { means, nameList, type Word } from './sacctmgr-words.ts';

/** Conditions on accounts, users and associations; absent: any. */
export interface Conditions {
  names?: string[];
  users?: string[];
  accounts?: string[];
  clusters?: string[];
  partitions?: string[];
  parents?: string[];
  qos?: string[];
  defaultQos?: string[];
  ids?: string[];
  descriptions?: string[];
  organizations?: string[];
  adminLevel?: string;
  defaultAccounts?: string[];
  format?: string[];
  /** WithAssoc, WithCoord, Tree, … */
  flags: Set<Flag>;
}

type Flag =
  | 'withAssoc'
  | 'withCoord'
  | 'withDeleted'
  | 'withRawQos'
  | 'withoutLimits'
  | 'withoutInfo'
  | 'withSub'
  | 'tree'
  | 'onlyDefaults';
type ListKey =
  | 'accounts'
  | 'clusters'
  | 'defaultAccounts'
  | 'defaultQos'
  | 'descriptions'
  | 'ids'
  | 'organizations'
  | 'parents'
  | 'partitions'
  | 'qos'
  | 'users';

const flags: readonly (readonly [word: string, least: number, flag: Flag])[] = [
  ['WithAssoc', 5, 'withAssoc'],
  ['WithCoordinators', 5, 'withCoord'],
  ['WithDeleted', 5, 'withDeleted'],
  ['WithRawQOSLevel', 5, 'withRawQos'],
  ['WithSubAccounts', 5, 'withSub'],
  ['WOPInfo', 4, 'withoutInfo'],
  ['WOPLimits', 4, 'withoutLimits'],
  ['OnlyDefaults', 4, 'onlyDefaults'],
  ['Tree', 4, 'tree'],
];

const keyed: readonly (readonly [word: string, least: number, key: ListKey])[] = [
  ['Accounts', 2, 'accounts'],
  ['Acct', 4, 'accounts'],
  ['Clusters', 1, 'clusters'],
  ['DefaultAccount', 8, 'defaultAccounts'],
  ['DefaultQOS', 8, 'defaultQos'],
  ['Descriptions', 3, 'descriptions'],
  ['IDs', 1, 'ids'],
  ['Organizations', 1, 'organizations'],
  ['Parent', 4, 'parents'],
  ['Partitions', 4, 'partitions'],
  ['QosLevel', 1, 'qos'],
  ['Users', 1, 'users'],
];

/** Reads `where` conditions; `nameOf` says whose names those without a key are. */
export function readConditions(scene: SacctmgrCall, words: readonly Word[], nameOf: 'accounts' | 'users' | 'names' = 'names'): Conditions {
  const conditions: Conditions = { flags: new Set() };
  for (const word of words) {
    const { key, value, text } = word;
    const flag = flags.find(([full, least]) => means(text, full, least));
    if (key === '' && flag !== undefined) {
      conditions.flags.add(flag[2]);
      continue;
    }
    const list = keyed.find(([full, least]) => means(key, full, least));
    if (key === '' || means(key, 'Names', 1)) conditions[nameOf] = [...(conditions[nameOf] ?? []), ...nameList(value)];
    else if (means(key, 'AdminLevel', 2)) conditions.adminLevel = value;
    else if (means(key, 'Format', 1)) conditions.format = [...(conditions.format ?? []), ...value.split(',').map((field) => field.trim())];
    else if (list !== undefined) conditions[list[2]] = [...(conditions[list[2]] ?? []), ...(value === '' ? [''] : nameList(value))];
    else fail(scene, ` Unknown condition: ${text}\n Use keyword 'set' to modify value\n`);
  }
  return conditions;
}

/** Whether an association meets what is asked of associations. */
export function meets(association: EmulatedAssociation, conditions: Conditions): boolean {
  const { users, accounts, clusters, partitions, parents, qos, defaultQos, ids } = conditions;
  const within = (list: readonly string[] | undefined, value: string): boolean => list === undefined || list.includes(value);
  return (
    within(users, association.user) &&
    within(accounts, association.account) &&
    within(clusters, association.cluster) &&
    within(partitions, association.partition) &&
    within(parents, association.parent) &&
    within(defaultQos, association.defaultQos) &&
    within(ids, String(association.id)) &&
    (qos === undefined || qos.some((name) => association.qos.includes(name))) &&
    (!conditions.flags.has('onlyDefaults') || association.isDefault)
  );
}

/** Whether anything but names, format and flags was asked. */
export function asksAssociations(
  { accounts, clusters, partitions, parents, qos, defaultQos, ids, users }: Conditions,
  named: 'accounts' | 'users',
): boolean {
  const others = [clusters, partitions, parents, qos, defaultQos, ids, named === 'accounts' ? users : accounts];
  return others.some((list) => list !== undefined);
}
