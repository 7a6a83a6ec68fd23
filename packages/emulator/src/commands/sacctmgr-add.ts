import type { AdminLevel } from '@sluice/slurm';
import { SlurmError } from '../model/slurmctld.ts';
import type { AssociationChanges, QosChange } from '../model/slurmdbd.ts';
import { changed, confirmed, discarded, endWith, fail, type SacctmgrCall } from './sacctmgr-call.ts';
import { BadValue, readAssociationOption, readQosOption } from './sacctmgr-limits.ts';
import { associationSettings, qosSettings } from './sacctmgr-settings.ts';
import { means, nameList, readWord, type Word } from './sacctmgr-words.ts';

const isNoise = ({ text }: Word): boolean => /^(?:set|where|and)$/i.test(text);

function unknownOption(scene: SacctmgrCall, { text }: Word, hint: boolean): never {
  return fail(scene, ` Unknown option: ${text}\n${hint ? " Use keyword 'where' to modify condition\n" : ''}`);
}

/** Reads a limit; one whose value is bad has been complained of and then is unknown. */
function readLimit(scene: SacctmgrCall, word: Word, changes: AssociationChanges, hint: boolean): void {
  try {
    if (readAssociationOption(scene, word, changes)) return;
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
  }
  unknownOption(scene, word, hint);
}

/** `sacctmgr add account`. Wording as recorded on 22.05, 24.11 and 26.05: slurmdbd itself writes most of it from 23.11 on. */
export async function addAccount(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database, cluster, major } = scene;
  const old = major < 2311;
  const names: string[] = [];
  const clusters: string[] = [];
  const changes: AssociationChanges = {};
  let description: string | undefined;
  let organization: string | undefined;
  for (const word of words.map(readWord)) {
    const { key, value } = word;
    if (isNoise(word)) continue;
    if (key === '' || means(key, 'Names', 1) || means(key, 'Accounts', 1) || means(key, 'Acct', 4)) names.push(...nameList(value));
    else if (means(key, 'Clusters', 1) && !means(key, 'Comment', 4)) clusters.push(...nameList(value));
    else if (means(key, 'Description', 1) && !means(key, 'DefaultQOS', 8)) description = value;
    else if (means(key, 'Organization', 1)) organization = value;
    else readLimit(scene, word, changes, true);
  }
  if (names.length === 0) fail(scene, ' Need name of account to add.\n');
  const absent = clusters.find((name) => !database.clusters().some((known) => known.name === name));
  if (absent !== undefined) {
    fail(
      scene,
      old
        ? ` This cluster '${absent}' doesn't exist.\n        Contact your admin to add it to accounting.\n`
        : ` error: Cluster '${absent}' has not been added yet, please contact your admin before adding accounts to it\n`,
    );
  }
  const associations = database.associations();
  const has = (account: string): boolean => associations.some((one) => one.account === account && one.user === '');
  const parent = changes.parent ?? 'root';
  if (!has(parent)) {
    fail(
      scene,
      old
        ? ` Parent account '${parent}' doesn't exist on cluster ${cluster}\n        Contact your admin to add this account.\n No associations created.\n`
        : ` error: No parent account '${parent}' on cluster '${cluster}'\n`,
    );
  }
  if (!old && !mayManage(scene)) fail(scene, ' error: Only admins/operators/coordinators can add accounts\n');
  const unknown = names.filter((name) => !database.accounts().some((account) => account.name === name));
  const fresh = names.filter((name) => !has(name));
  const existing = names.filter((name) => has(name)).map((name) => `Already existing account ${name} on cluster ${cluster}\n`);
  if (fresh.length === 0) endWith(scene, old ? ' Nothing new added.\n' : ` ${existing.join('')}`);
  // From 23.11 on slurmdbd says it as it has written it.
  const shown = (text: string): string => (old ? text : text.replaceAll('\\', '\\\\'));
  if (unknown.length > 0) {
    const settings = ` Settings\n  Description     = ${shown(description ?? 'Account Name')}\n  Organization    = ${shown(organization ?? 'Parent/Account Name')}\n`;
    call.out(` Adding Account(s)\n${unknown.map((name) => `  ${name}\n`).join('')}${settings}`);
  }
  if (old) call.out(` Associations\n${fresh.map((name) => `  A = ${name.padEnd(10)} C = ${cluster.padEnd(10)}\n`).join('')}`);
  else
    call.out(
      `${existing.length > 0 ? existing.join('') : ' Associations =\n'}${fresh.map((name) => `  C = ${cluster.padEnd(10)} A = ${name.padEnd(20)}\n`).join('')}`,
    );
  const given = associationSettings(old ? { ...changes, parent } : changes);
  if (description !== undefined || organization !== undefined || Object.keys(changes).length > 0) call.out(` Settings\n${given.join('')}`);
  if (old && !mayManage(scene)) fail(scene, ' Problem adding accounts: Access/permission denied\n');
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  const { parent: _, ...limits } = changes;
  for (const name of fresh) {
    const account = { name, description: description ?? name, organization: organization ?? (parent === 'root' ? name : parent) };
    changed(scene, () => database.addAccount(account, parent, limits, call.as));
  }
  return 0;
}

function mayManage({ call, database }: SacctmgrCall): boolean {
  const { uid, user } = call.as;
  if (uid === 0 || user === 'slurm') return true;
  const known = database.users().find(({ name }) => name === user);
  return known !== undefined && (known.adminLevel !== 'None' || known.coordinates.length > 0);
}

const levels: readonly (readonly [AdminLevel, RegExp])[] = [
  ['None', /^n/i],
  ['Operator', /^o/i],
  ['Administrator', /^(?:a|s)/i],
];

/** `none`, `operator`, `admin`, by their first letters. */
export function adminLevelOf(value: string): AdminLevel | undefined {
  return levels.find(([, pattern]) => pattern.test(value))?.[0];
}

/** `sacctmgr add user`. */
export async function addUser(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database, cluster, major } = scene;
  const old = major < 2311;
  const names: string[] = [];
  const accounts: string[] = [];
  const clusters: string[] = [];
  const partitions: string[] = [];
  const changes: AssociationChanges = {};
  let defaultAccount: string | undefined;
  let admin: AdminLevel | undefined;
  for (const word of words.map(readWord)) {
    const { key, value } = word;
    if (isNoise(word)) continue;
    if (key === '' || means(key, 'Names', 1) || means(key, 'Users', 1)) names.push(...nameList(value));
    else if (means(key, 'AdminLevel', 2)) admin = adminLevelOf(value);
    else if (means(key, 'Accounts', 2) || means(key, 'Acct', 4)) accounts.push(...nameList(value));
    else if (means(key, 'Clusters', 1) && !means(key, 'Comment', 4)) clusters.push(...nameList(value));
    else if (means(key, 'DefaultAccount', 8)) defaultAccount = value.toLowerCase();
    else if (means(key, 'DefaultWCKey', 8) || means(key, 'WCKeys', 1)) continue;
    else if (means(key, 'Partitions', 1) && !means(key, 'Parent', 4) && !means(key, 'Priority', 3)) partitions.push(...nameList(value));
    else readLimit(scene, word, changes, false);
  }
  if (names.length === 0) fail(scene, ' Need name of user to add.\n');
  if (defaultAccount !== undefined && !accounts.includes(defaultAccount)) accounts.push(defaultAccount);
  if (accounts.length === 0) fail(scene, old ? ' Need name of account to add user to.\n' : ' Need name of account or wckey to add.\n');
  const absent = clusters.find((name) => name !== cluster);
  if (absent !== undefined && old)
    fail(scene, ` This cluster '${absent}' doesn't exist.\n        Contact your admin to add it to accounting.\n`);
  const associations = database.associations();
  const missing = accounts.filter((account) => !associations.some((one) => one.account === account && one.user === ''));
  for (const account of missing.slice(0, 1)) {
    if (old) call.err(` This account '${account}' doesn't exist.\n        Contact your admin to add this account.\n`);
  }
  const keys = (partitions.length === 0 ? [''] : partitions).toSorted();
  const wanted = names.flatMap((user) => accounts.toSorted().flatMap((account) => keys.map((partition) => ({ user, account, partition }))));
  const fresh = wanted.filter(
    ({ user, account, partition }) =>
      !missing.includes(account) &&
      !associations.some((one) => one.user === user && one.account === account && one.partition === partition),
  );
  const nothing =
    'Nothing added.\nMake sure the accounts requested here have been added to the system/cluster. (sacctmgr add account...)\n';
  if (!old && (absent !== undefined || missing.length > 0)) {
    const why =
      absent === undefined
        ? missing.map((account) => `No account ${account} on cluster ${cluster}, skipping.\n`)
        : accounts.map((account) => `No account ${account} on cluster ${absent}, skipping.\n`);
    endWith(scene, `${why.join('')}${nothing}`);
  }
  if (fresh.length === 0) endWith(scene, old ? ' Nothing new added.\n' : `Request didn't affect anything\n${nothing}`);
  if (!old) refuseUser(scene, changes, accounts);
  const unknown = names.filter((name) => !database.users().some((user) => user.name === name));
  const own = [
    ...(defaultAccount === undefined ? [] : [`  Default Account = ${defaultAccount}\n`]),
    ...(admin === undefined ? [] : [`  Admin Level     = ${admin}\n`]),
  ];
  if (unknown.length > 0) {
    const head = old ? (own.length > 0 ? ' Settings =\n' : '') : ' Settings\n';
    call.out(` Adding User(s)\n${unknown.map((name) => `  ${name}\n`).join('')}${head}${own.join('')}`);
  }
  call.out(` Associations =\n${fresh.map((key) => (old ? oldText(key, cluster) : newText(key, cluster))).join('')}`);
  const limits = associationSettings(changes);
  if (old || limits.length > 0) call.out(` Non Default Settings\n${limits.join('')}`);
  if (!mayManage(scene)) fail(scene, ' Problem adding users: Access/permission denied\n');
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  return changed(scene, () => {
    for (const name of unknown) {
      const options = { ...(admin === undefined ? {} : { admin }), ...(defaultAccount === undefined ? {} : { defaultAccount }) };
      database.addUser(name, options, call.as);
    }
    for (const key of fresh) {
      const isDefault = defaultAccount === undefined ? {} : { isDefault: key.account === defaultAccount };
      database.addAssociation({ ...key, ...isDefault }, changes, call.as);
    }
    return 0;
  });
}

/** From 23.11 on slurmdbd judges before anything is said. */
function refuseUser(scene: SacctmgrCall, { qos, defaultQos }: AssociationChanges, accounts: readonly string[]): void {
  const head = ' error: Problem adding user associations:';
  const newest = scene.major >= 2505;
  if (!mayManage(scene)) {
    const why = newest
      ? ' (Only admins/operators/coordinators can add accounts)\nsacctmgr: error: Getting response to message type: DBD_FINI'
      : '';
    fail(scene, `${head} Access/permission denied${why}\n`);
  }
  if (typeof defaultQos !== 'string') return;
  const inherited = scene.database.associations().filter(({ account, user }) => user === '' && accounts.includes(account));
  const allowed = inherited.every((one) => (qos?.how === '=' ? qos.names : [...one.qos, ...(qos?.names ?? [])]).includes(defaultQos));
  if (allowed) return;
  const text = 'This request would make it so some associations would not have access to their default qos.';
  fail(scene, `${head} ${text}${newest ? ` (${text})` : ''}\n`);
}

interface Key {
  readonly user: string;
  readonly account: string;
  readonly partition: string;
}

function oldText({ user, account, partition }: Key, cluster: string): string {
  const where = partition === '' ? '' : ` P = ${partition.padEnd(10)}`;
  return `  U = ${user.padEnd(9)} A = ${account.padEnd(10)} C = ${cluster.padEnd(10)}${where}\n`;
}

function newText({ user, account, partition }: Key, cluster: string): string {
  const where = partition === '' ? '' : ` P = ${partition}`;
  return `  C = ${cluster.padEnd(10)} A = ${account.padEnd(20)} U = ${user.padEnd(9)}${where}\n`;
}

/** `sacctmgr add qos`. */
export async function addQos(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const names: string[] = [];
  const changes: QosChange = {};
  for (const word of words.map(readWord)) {
    if (isNoise(word)) continue;
    if (word.key === '' || means(word.key, 'Names', 1)) names.push(...nameList(word.value));
    else readQos(scene, word, changes);
  }
  if (names.length === 0) fail(scene, ' Need name of qos to add.\n');
  const fresh = names.filter((name) => !database.qos().some((qos) => qos.name === name));
  if (fresh.length === 0) endWith(scene, ' Nothing new added.\n');
  const settings = qosSettings(changes).join('');
  const heads = fresh.map((name) => ` Adding QOS(s)\n  ${name}\n Settings\n  Description    = ${changes.description ?? name}\n${settings}`);
  call.out(heads.join(''));
  try {
    if (!mayAdminister(scene)) throw new SlurmError({ number: 2002, name: 'ESLURM_ACCESS_DENIED', message: '' });
  } catch {
    fail(scene, ' Problem adding QOS: Access/permission denied\n');
  }
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  for (const name of fresh) changed(scene, () => database.addQos(name, changes, call.as));
  return 0;
}

function mayAdminister({ call, database }: SacctmgrCall): boolean {
  const { uid, user } = call.as;
  return uid === 0 || user === 'slurm' || database.users().some(({ name, adminLevel }) => name === user && adminLevel === 'Administrator');
}

/** Reads an option of a QOS; one that is unknown is said on stdout, other than those of associations. */
export function readQos(scene: SacctmgrCall, word: Word, changes: QosChange): void {
  try {
    if (readQosOption(scene, word, changes)) return;
  } catch (error) {
    if (error instanceof BadValue) return;
    throw error;
  }
  endWith(scene, ` Unknown option: ${word.text}\n Use keyword 'where' to modify condition\n`);
}

/** `sacctmgr add cluster`: a name that jobs could come from. */
export async function addCluster(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const names = words.map(readWord).flatMap(({ key, value }) => (key === '' || means(key, 'Names', 1) ? nameList(value) : []));
  if (names.length === 0) fail(scene, ' Need name of cluster to add.\n');
  const fresh = names.filter((name) => !database.clusters().some((known) => known.name === name));
  for (const name of names.filter((one) => !fresh.includes(one))) call.out(` This cluster ${name} already exists.  Not adding.\n`);
  if (fresh.length === 0) return 1;
  call.out(` Adding Cluster(s)\n${fresh.map((name) => `  Name           = ${name}\n`).join('')}`);
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  for (const name of fresh)
    changed(scene, () => database.addCluster(name, call.as), ' Problem adding clusters: Access/permission denied\n');
  return 0;
}

/** `sacctmgr add|delete coordinator account=… names=…`. */
export async function coordinate(scene: SacctmgrCall, words: readonly string[], how: 'add' | 'remove'): Promise<number> {
  const { call, database } = scene;
  const names: string[] = [];
  const accounts: string[] = [];
  for (const { key, value } of words.map(readWord)) {
    if (means(key, 'Accounts', 1) && key !== '') accounts.push(...nameList(value));
    else if (!/^(?:set|where|and)$/i.test(value)) names.push(...nameList(value));
  }
  if (names.length === 0 || accounts.length === 0)
    fail(
      scene,
      how === 'add' ? ' You need to specify a user and account list here.\n' : ' You need to specify a user list or account list here.\n',
    );
  const lines = (list: readonly string[]): string => list.map((name) => `  ${name}\n`).join('');
  if (how === 'add') call.out(` Adding Coordinator User(s)\n${lines(names)} To Account(s) and all sub-accounts\n${lines(accounts)}`);
  else call.out(` Removing Coordinators with user name\n${lines(names)} From Account(s)\n${lines(accounts)}`);
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  const done = changed(scene, () => database.coordinate(names, accounts, how, call.as));
  if (how === 'remove' && done) {
    const pairs = names.flatMap((user) => accounts.map((account) => `  U = ${user.padEnd(9)} A = ${account.padEnd(10)}\n`));
    call.out(` Removed Coordinators (sub accounts not listed)...\n${pairs.join('')}`);
  }
  return done ? 0 : 1;
}
