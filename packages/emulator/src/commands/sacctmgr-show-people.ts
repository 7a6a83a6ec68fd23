import { accountsJson, usersJson } from '../json/index.ts';
import { byBytes } from './amounts.ts';
import { adminLevelOf } from './sacctmgr-add.ts';
import { answer, cellsOf, conditionsOf, table } from './sacctmgr-answer.ts';
import { confirmed, type SacctmgrCall } from './sacctmgr-call.ts';
import { asksAssociations, type Conditions, meets } from './sacctmgr-choose.ts';
import type { Cells } from './sacctmgr-table.ts';

const userLimits = [
  'Cluster',
  'Account',
  'Partition',
  'Share',
  'Priority',
  'MaxJobs',
  'MaxNodes',
  'MaxCPUs',
  'MaxSubmit',
  'MaxWall',
  'MaxCPUMins',
  'QOS',
  'DefaultQOS',
];

/** Conditions that are about associations are asked back for when those are not shown. */
async function refusesConditions(scene: SacctmgrCall, conditions: Conditions, named: 'accounts' | 'users'): Promise<boolean> {
  if (conditions.flags.has('withAssoc') || !asksAssociations(conditions, named)) return false;
  const question = 'You requested options that are only valid when querying with the withassoc option.\nAre you sure you want to continue?';
  if (await confirmed(scene, question)) return false;
  scene.call.out('Aborted\n');
  return true;
}

/** `show user`. */
export async function showUsers(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { database } = scene;
  const conditions = conditionsOf(scene, words, 'users');
  if (await refusesConditions(scene, conditions, 'users')) return 0;
  const { users, adminLevel, defaultAccounts, flags } = conditions;
  const level = adminLevel === undefined ? undefined : adminLevelOf(adminLevel);
  const chosen = database
    .users()
    .filter((user) => (users?.includes(user.name) ?? true) && (level === undefined || user.adminLevel === level))
    .filter((user) => defaultAccounts?.includes(user.defaultAccount) ?? true)
    .toSorted((one, other) => byBytes(one.name, other.name));
  const associations = database
    .associations()
    .filter((one) => one.user !== '' && meets(one, { ...conditions, flags: new Set() }))
    .toSorted((one, other) => byBytes(one.account, other.account));
  const byUser = Map.groupBy(associations, ({ user }) => user);
  const asked = asksAssociations(conditions, 'users');
  const withAssociations = flags.has('withAssoc');
  const shown = { withAssociations, withCoordinators: flags.has('withCoord') };
  const rows = chosen.flatMap((user): readonly Cells[] => {
    const own: Cells = {
      user: user.name,
      defaultAccount: user.defaultAccount,
      admin: user.adminLevel,
      defaultWckey: user.defaultWckey,
      coordinators: user.coordinates.join(),
    };
    const mine = byUser.get(user.name) ?? [];
    if (!flags.has('withAssoc')) return asked && mine.length === 0 ? [] : [own];
    if (mine.length === 0) return asked ? [] : [own];
    return mine.map((one) => ({ ...cellsOf(one, flags), ...own }));
  });
  const columns = [
    'User',
    'DefaultAccount',
    'AdminLevel',
    ...(flags.has('withAssoc') ? userLimits : []),
    ...(flags.has('withCoord') ? ['Coordinators'] : []),
  ];
  return answer(
    scene,
    (json) => usersJson(scene.call.slurm, chosen, json, shown),
    () => table(scene, columns, conditions, rows),
  );
}

const accountLimits = [
  ...[
    'Cluster',
    'ParentName',
    'User',
    'Share',
    'Priority',
    'GrpJobs',
    'GrpNodes',
    'GrpCPUs',
    'GrpMem',
    'GrpSubmit',
    'GrpWall',
    'GrpCPUMins',
  ],
  ...['MaxJobs', 'MaxNodes', 'MaxCPUs', 'MaxSubmit', 'MaxWall', 'MaxCPUMins', 'QOS', 'DefaultQOS'],
];

/** `show account`. */
export async function showAccounts(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { database } = scene;
  const conditions = conditionsOf(scene, words, 'accounts');
  if (await refusesConditions(scene, conditions, 'accounts')) return 0;
  const { accounts, descriptions, organizations, flags } = conditions;
  const associations = database.associations().filter((one) => meets(one, { ...conditions, flags: new Set() }));
  const byAccount = Map.groupBy(associations, ({ account }) => account);
  const chosen = database
    .accounts()
    .filter(({ name, description, organization }) => {
      return (
        (accounts?.includes(name) ?? true) &&
        (descriptions?.includes(description) ?? true) &&
        (organizations?.includes(organization) ?? true)
      );
    })
    .toSorted((one, other) => byBytes(one.name, other.name));
  const rows = chosen.flatMap(({ name, description, organization }): readonly Cells[] => {
    const coordinators = database.users().filter(({ coordinates }) => coordinates.includes(name));
    const own: Cells = { account: name, description, organization, coordinators: coordinators.map((user) => user.name).join() };
    const mine = byAccount.get(name) ?? [];
    if (!flags.has('withAssoc') || mine.length === 0) return [own];
    return mine.map((one) => ({ ...cellsOf(one, flags), ...own }));
  });
  const columns = [
    'Account',
    'Description',
    'Organization',
    ...(flags.has('withAssoc') ? accountLimits : []),
    ...(flags.has('withCoord') ? ['Coordinators'] : []),
  ];
  const shown = { withAssociations: flags.has('withAssoc'), withCoordinators: flags.has('withCoord') };
  return answer(
    scene,
    (json) => accountsJson(scene.call.slurm, chosen, json, shown),
    () => table(scene, columns, conditions, rows),
  );
}
