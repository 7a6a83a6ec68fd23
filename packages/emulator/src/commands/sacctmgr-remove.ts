import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import { associationText, changed, confirmed, discarded, endWith, fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { asksAssociations, type Conditions, meets, readConditions } from './sacctmgr-choose.ts';
import { splitWords } from './sacctmgr-words.ts';

const denial = "sacctmgr: error: Your user doesn't have privilege to perform this action\n Error with request: Access/permission denied\n";
const noConditions = ' No conditions given to remove, not executing.\n';

function conditionsOf(scene: SacctmgrCall, words: readonly string[], nameOf: 'accounts' | 'users' | 'names'): Conditions {
  const { where, set } = splitWords(words);
  const conditions = readConditions(scene, [...where, ...set], nameOf);
  if (Object.keys(conditions).length === 1) fail(scene, noConditions);
  return conditions;
}

async function agreed(scene: SacctmgrCall, text: string): Promise<boolean> {
  scene.call.out(text);
  if (await confirmed(scene)) return true;
  scene.call.out(discarded);
  return false;
}

function lines(names: readonly string[]): string {
  return names.map((name) => `  ${name}\n`).join('');
}

function needOperator({ call, database }: SacctmgrCall, level: 'Operator' | 'Administrator' = 'Operator'): boolean {
  const { uid, user } = call.as;
  const known = database.users().find(({ name }) => name === user)?.adminLevel ?? 'None';
  return uid === 0 || user === 'slurm' || known === 'Administrator' || (level === 'Operator' && known === 'Operator');
}

/** `remove user`: the users, or their associations where accounts, clusters or partitions are named. */
export async function removeUser(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const conditions = conditionsOf(scene, words, 'users');
  const byName = !asksAssociations(conditions, 'users');
  if (byName) {
    const names = database
      .users()
      .filter(({ name }) => conditions.users?.includes(name) ?? true)
      .map(({ name }) => name);
    if (names.length === 0) endWith(scene, ' Nothing deleted\n');
    if (!needOperator(scene)) fail(scene, denial);
    refuseActive(
      scene,
      database.associations().filter(({ user }) => names.includes(user)),
    );
    if (await agreed(scene, ` Deleting users...\n${lines(names)}`)) changed(scene, () => database.removeUser(names, call.as));
    return 0;
  }
  const chosen = database.associations().filter((one) => one.user !== '' && meets(one, conditions));
  if (chosen.length === 0) endWith(scene, ' Nothing deleted\n');
  if (!needOperator(scene)) fail(scene, denial);
  refuseDefaults(scene, chosen);
  refuseActive(scene, chosen);
  if (!(await agreed(scene, ` Deleting user associations...\n${associationLines(chosen)}`))) return 0;
  changed(scene, () =>
    database.removeAssociation(
      chosen.map(({ id }) => id),
      call.as,
    ),
  );
  const left = new Set(database.associations().map(({ user }) => user));
  const bare = [...new Set(chosen.map(({ user }) => user))].filter((user) => !left.has(user));
  if (bare.length === 0) return 0;
  call.out(` Deleting users (No Associations)...\n${lines(bare)}`);
  changed(scene, () => database.removeUser(bare, call.as));
  return 0;
}

/** From 23.11 on a user's default account stays as long as the user has others. */
function refuseDefaults(scene: SacctmgrCall, chosen: readonly EmulatedAssociation[]): void {
  if (scene.major < 2311) return;
  const others = scene.database.associations().filter((one) => !chosen.includes(one));
  const kept = chosen.filter(({ own, user }) => own.isDefault && others.some((one) => one.user === user));
  if (kept.length === 0) return;
  const list = kept
    .map(({ cluster, account, user }) => `  C = ${cluster.padEnd(15)} A = ${account.padEnd(10)} U = ${user.padEnd(9)}\n`)
    .join('');
  fail(
    scene,
    ` Error with request: You can not remove the default account of a user\n${list} You must change the default account of these users or remove the users completely from the affected clusters to allow these changes.\n Changes Discarded\n`,
  );
}

/** Whoever has jobs that have not ended stays, and so do the accounts above. */
function refuseActive(scene: SacctmgrCall, associations: readonly EmulatedAssociation[]): void {
  const ids = new Set(associations.map(({ id }) => id));
  for (const one of scene.database.associations()) if (ids.has(one.parentId)) ids.add(one.id);
  const open = scene.database.jobRows({ states: ['PENDING', 'RUNNING', 'SUSPENDED'], associationIds: [...ids] });
  const list = [...open]
    .filter(({ end }) => end === null)
    .map(({ jobId, cluster, account, user, qos }) => {
      const last = scene.major >= 2505 ? ` Q = ${qos.padEnd(9)}` : '';
      return `  JobID = ${String(jobId).padEnd(10)} C = ${cluster.padEnd(10)} A = ${account.padEnd(10)} U = ${user.padEnd(9)}${last}\n`;
    });
  if (list.length > 0) fail(scene, ` Error with request: Job(s) active, cancel job(s) before remove\n${list.join('')}`);
}

function associationLines(associations: readonly EmulatedAssociation[]): string {
  return associations.map((one) => associationText(one, { own: true, accountWidth: 10 })).join('');
}

/** `remove account`: the accounts, or their associations where a cluster is named. */
export async function removeAccount(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const conditions = conditionsOf(scene, words, 'accounts');
  if (conditions.accounts?.includes('root') === true)
    fail(scene, ' You are not allowed to remove the root account.\n Use remove cluster instead.\n');
  if (asksAssociations(conditions, 'accounts')) {
    const chosen = database.associations().filter((one) => one.user === '' && one.parentId !== 0 && meets(one, conditions));
    if (chosen.length === 0) endWith(scene, ' Nothing deleted\n');
    if (!needOperator(scene)) fail(scene, denial);
    const ids = new Set(chosen.map(({ id }) => id));
    for (const one of database.associations()) if (ids.has(one.parentId)) ids.add(one.id);
    const all = database.associations().filter(({ id }) => ids.has(id));
    refuseActive(scene, all);
    if (await agreed(scene, ` Deleting account associations...\n${associationLines(all)}`)) {
      changed(scene, () =>
        database.removeAssociation(
          chosen.map(({ id }) => id),
          call.as,
        ),
      );
    }
    return 0;
  }
  const names = database
    .accounts()
    .filter(({ name, description, organization }) => {
      const { accounts, descriptions, organizations } = conditions;
      return (
        (accounts?.includes(name) ?? true) &&
        (descriptions?.includes(description) ?? true) &&
        (organizations?.includes(organization) ?? true)
      );
    })
    .map(({ name }) => name);
  if (names.length === 0) endWith(scene, ' Nothing deleted\n');
  if (!needOperator(scene)) fail(scene, denial);
  refuseDefaultAccounts(scene, names);
  refuseActive(
    scene,
    database.associations().filter(({ account, user }) => user === '' && names.includes(account)),
  );
  if (await agreed(scene, ` Deleting accounts...\n${lines(names)}`)) changed(scene, () => database.removeAccount(names, call.as));
  return 0;
}

/** Up to 23.02 an account that is somebody's default stays. */
function refuseDefaultAccounts(scene: SacctmgrCall, names: readonly string[]): void {
  if (scene.major >= 2311) return;
  const defaults = scene.database.associations().filter(({ own, account }) => own.isDefault && names.includes(account));
  if (defaults.length === 0) return;
  const list = defaults
    .map(({ cluster, account, user }) => `  C = ${cluster.padEnd(15)} A = ${account.padEnd(10)} U = ${user.padEnd(9)}\n`)
    .join('');
  fail(
    scene,
    ` Error with request: You can not remove the default account of a user\n${list} Please either remove the accounts listed above from list and resubmit,\n or change these users' default accounts to remove the account(s).\n Changes Discarded\n`,
  );
}

export async function removeQos(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const conditions = conditionsOf(scene, words, 'names');
  const names = database
    .qos()
    .filter(({ name }) => conditions.names?.includes(name) ?? false)
    .map(({ name }) => name);
  if (names.length === 0) endWith(scene, scene.major >= 2505 ? '  Nothing deleted\n' : ' Nothing deleted\n');
  if (!needOperator(scene, 'Administrator')) fail(scene, denial);
  if (await agreed(scene, ` Deleting QOS(s)...\n${lines(names)}`)) changed(scene, () => database.removeQos(names, call.as));
  return 0;
}

export async function removeCluster(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const wanted = conditionsOf(scene, words, 'names').names ?? [];
  const names = database
    .clusters()
    .filter(({ name }) => wanted.includes(name))
    .map(({ name }) => name);
  if (names.length === 0) endWith(scene, ' Nothing deleted\n');
  if (!needOperator(scene, 'Administrator')) fail(scene, denial);
  if (await agreed(scene, ` Deleting clusters...\n${lines(names)}`)) {
    for (const name of names) changed(scene, () => database.removeCluster(name, call.as));
  }
  return 0;
}
