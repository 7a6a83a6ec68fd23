import type { AdminLevel } from '@sluice/slurm';
import type { AssociationChanges, EmulatedAssociation, QosChange } from '../model/slurmdbd.ts';
import { adminLevelOf, readQos } from './sacctmgr-add.ts';
import { associationText, changed, confirmed, discarded, endWith, fail, type SacctmgrCall, SacctmgrEnd } from './sacctmgr-call.ts';
import { type Conditions, meets, readConditions } from './sacctmgr-choose.ts';
import { BadValue, rawUsage, readAssociationOption } from './sacctmgr-limits.ts';
import { associationSettings } from './sacctmgr-settings.ts';
import { means, readWord, splitWords, type Word } from './sacctmgr-words.ts';

/** Limits that associations below inherit. */
const inheritable = [
  'maxTresPerJob',
  'maxTresPerNode',
  'maxTresMinsPerJob',
  'maxJobs',
  'maxSubmitJobs',
  'maxWallPerJob',
  'qos',
  'defaultQos',
] as const;

interface AccountSettings {
  description?: string;
  organization?: string;
  defaultAccount?: string;
  admin?: AdminLevel;
  rawUsage?: 0;
}

function readSettings(
  scene: SacctmgrCall,
  words: readonly Word[],
  of: 'account' | 'user',
): { readonly own: AccountSettings; readonly changes: AssociationChanges } {
  const own: AccountSettings = {};
  const changes: AssociationChanges = {};
  for (const word of words) {
    const { key, value, text } = word;
    if (of === 'account' && key !== '' && means(key, 'Description', 3)) own.description = value;
    else if (of === 'account' && key !== '' && means(key, 'Organization', 1)) own.organization = value;
    else if (of === 'user' && means(key, 'AdminLevel', 2)) own.admin = adminLevelOf(value) ?? 'None';
    else if (of === 'user' && means(key, 'DefaultAccount', 8)) own.defaultAccount = value.toLowerCase();
    else if (means(key, 'RawUsage', 7)) own.rawUsage = rawUsage(scene, word);
    else {
      try {
        if (readAssociationOption(scene, word, changes)) continue;
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
      }
      fail(scene, ` Unknown option: ${text}\n Use keyword 'where' to modify condition\n`);
    }
  }
  return { own, changes };
}

interface Plan {
  /** What is said before anybody is asked. */
  readonly text: string;
  readonly act: () => unknown;
}

/** `modify account` and `modify user`. Wording as recorded on 22.05, 24.11 and 26.05. */
export async function modifyPeople(scene: SacctmgrCall, words: readonly string[], of: 'account' | 'user'): Promise<number> {
  const { where, set } = splitWords(words);
  const conditions = readConditions(scene, where, of === 'account' ? 'accounts' : 'users');
  const { own, changes } = readSettings(scene, set, of);
  const hasLimits = Object.keys(changes).length > 0;
  const hasOwn = [own.description, own.organization, own.defaultAccount, own.admin].some((value) => value !== undefined);
  if (!hasLimits && !hasOwn && own.rawUsage === undefined) fail(scene, " You didn't give me anything to set\n");
  if (own.rawUsage === 0) resetUsage(scene, conditions, of);
  const plans = [
    ...(hasOwn ? [planOwn(scene, conditions, own, of)] : []),
    ...(hasLimits ? [planLimits(scene, conditions, changes, of)] : []),
  ];
  if (plans.length === 0) return 0;
  scene.call.out(plans.map(({ text }) => text).join(''));
  if (!(await confirmed(scene))) {
    scene.call.out(discarded);
    return 0;
  }
  for (const { act } of plans) changed(scene, act);
  return 0;
}

/** Says that nothing met the conditions, in the release's words; `isAssociation` is what slurmdbd itself answers for. */
function nothing(scene: SacctmgrCall, header: string, isAssociation: boolean): never {
  if (scene.major >= 2505) return endWith(scene, `${header}  Nothing modified\n`);
  if (!isAssociation || scene.major < 2405) return endWith(scene, ' Nothing modified\n');
  return fail(scene, "sacctmgr: error: Request didn't affect anything\n Error with request: Data has not changed since time specified\n");
}

const denial = "sacctmgr: error: Your user doesn't have privilege to perform this action\n Error with request: Access/permission denied\n";

/** Slurm says it after the headline, from 25.05 on. */
function denied(scene: SacctmgrCall, header: string): never {
  if (scene.major >= 2505) scene.call.out(header);
  return fail(scene, denial);
}

function isOperator({ call, database }: SacctmgrCall): boolean {
  const { uid, user } = call.as;
  return uid === 0 || user === 'slurm' || database.users().some(({ name, adminLevel }) => name === user && adminLevel !== 'None');
}

function planOwn(scene: SacctmgrCall, conditions: Conditions, own: AccountSettings, of: 'account' | 'user'): Plan {
  const { call, database, cluster } = scene;
  const header = ` Modified ${of}s...\n`;
  if (of === 'account') {
    const { description, organization } = own;
    const names = database
      .accounts()
      .filter(({ name }) => conditions.accounts?.includes(name) ?? true)
      .map(({ name }) => name);
    if (names.length === 0) nothing(scene, header, false);
    if (!isOperator(scene)) denied(scene, header);
    const changes = { ...(description === undefined ? {} : { description }), ...(organization === undefined ? {} : { organization }) };
    return { text: `${header}${lines(names)}`, act: () => database.modifyAccount(names, changes, call.as) };
  }
  const { defaultAccount, admin } = own;
  const names = database
    .users()
    .filter(({ name }) => conditions.users?.includes(name) ?? true)
    .map(({ name }) => name);
  if (names.length === 0) nothing(scene, header, false);
  if (!isOperator(scene) && (admin !== undefined || names.some((name) => name !== call.as.user))) denied(scene, header);
  const has = (user: string): boolean => database.associations().some((one) => one.user === user && one.account === defaultAccount);
  const strangers = defaultAccount === undefined ? [] : names.filter((name) => !has(name));
  if (strangers.length > 0) {
    const list = strangers.map((name) => `  U = ${name} C = ${cluster}\n`).join('');
    endWith(
      scene,
      `${scene.major >= 2505 ? header : ''} Can't modify because these users aren't associated with new default account '${defaultAccount}'...\n${list}`,
    );
  }
  const changes = { ...(defaultAccount === undefined ? {} : { defaultAccount }), ...(admin === undefined ? {} : { admin }) };
  return { text: `${header}${lines(names)}`, act: () => database.modifyUser(names, changes, call.as) };
}

function planLimits(scene: SacctmgrCall, conditions: Conditions, changes: AssociationChanges, of: 'account' | 'user'): Plan {
  const { call, database } = scene;
  const header = ` Modified ${of} associations...\n`;
  const chosen = database.associations().filter((one) => (one.user === '') === (of === 'account') && meets(one, conditions));
  if (chosen.length === 0) nothing(scene, header, true);
  if (!isOperator(scene) && !coordinatesAll(scene, chosen)) {
    if (!chosen.every(({ user }) => user === call.as.user)) denied(scene, header);
    if (scene.major < 2405) {
      const line = "Request didn't affect anything or your user doesn't have privilege to perform this action";
      call.err(`sacctmgr: accounting_storage/slurmdbd: acct_storage_p_modify_assocs: ${line}\n`);
    }
    nothing(scene, header, true);
  }
  const listed = changes.parent === undefined ? affected(scene, chosen, changes) : reparented(scene, chosen, changes.parent, header);
  refuseLostDefault(scene, chosen, changes, header);
  const { parent, ...others } = changes;
  // A parent that does not exist changes nothing, whatever 24.11 says.
  const isThere = parent === undefined || database.associations().some(({ account, user }) => account === parent && user === '');
  const act = isThere ? changes : others;
  const ids = chosen.map(({ id }) => id);
  return {
    text: `${header}${listed.map((one) => associationText(one, { own: chosen.includes(one) })).join('')}`,
    act: () => database.modifyAssociation(ids, act, call.as),
  };
}

function coordinatesAll({ call, database }: SacctmgrCall, associations: readonly EmulatedAssociation[]): boolean {
  const mine = database.users().find(({ name }) => name === call.as.user)?.coordinates ?? [];
  return associations.every(({ account }) => mine.includes(account));
}

/** Those that were chosen, and those below that inherit what is changed. 22.05 names no accounts below. */
function affected(
  { database, major }: SacctmgrCall,
  chosen: readonly EmulatedAssociation[],
  changes: AssociationChanges,
): readonly EmulatedAssociation[] {
  const keys = inheritable.filter((key) => changes[key] !== undefined);
  const listed = new Set<number>(chosen.map(({ id }) => id));
  if (keys.length === 0) return chosen;
  const all = database.associations();
  const inherits = ({ own }: EmulatedAssociation): boolean => keys.some((key) => isUnset(own[key]));
  for (const one of all) if (listed.has(one.parentId) && inherits(one)) listed.add(one.id);
  return all.filter((one) => listed.has(one.id) && (major >= 2311 || one.user !== '' || chosen.includes(one)));
}

function isUnset(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function reparented(
  scene: SacctmgrCall,
  chosen: readonly EmulatedAssociation[],
  parent: string,
  header: string,
): readonly EmulatedAssociation[] {
  const { database, cluster, major } = scene;
  const all = database.associations();
  const target = all.find(({ account, user }) => account === parent && user === '');
  const below = new Set(chosen.map(({ id }) => id));
  for (const one of all) if (below.has(one.parentId)) below.add(one.id);
  const withBelow = all.filter(({ id }) => below.has(id));
  if (target === undefined) {
    if (major < 2311) return fail(scene, ` Parent Account ${parent} doesn't exist.\n`);
    if (major < 2505) return withBelow;
    scene.call.out(`${header}  Parent account ${parent} doesn't exist on cluster ${cluster}\n`);
    throw new SacctmgrEnd(0);
  }
  if (below.has(target.id) && major >= 2505) {
    const [first] = chosen;
    scene.call.out(
      `${header}  Requested parent account ${parent} is a child of ${first?.account} on cluster ${cluster}. Please re-parent ${parent} before using it as a parent.\n`,
    );
    throw new SacctmgrEnd(0);
  }
  const isSame = chosen.every((one) => one.parent === parent || one.account === parent);
  if (isSame && (major >= 2311 || chosen.every(({ account }) => account === parent))) nothing(scene, header, true);
  return major < 2311 ? chosen : withBelow;
}

/** A default QOS that would no longer be allowed stops the change. */
function refuseLostDefault(scene: SacctmgrCall, chosen: readonly EmulatedAssociation[], changes: AssociationChanges, header: string): void {
  const { qos, defaultQos } = changes;
  if (qos === undefined && typeof defaultQos !== 'string') return;
  const lost = chosen.flatMap((one) => {
    const name = defaultQos === undefined ? one.defaultQos : (defaultQos ?? '');
    return name === '' || allowedAfter(one, qos).includes(name) ? [] : [{ one, name }];
  });
  if (lost.length === 0) return;
  const list = lost.map(({ one, name }) => `  DefQOS = ${name.padEnd(10)}${associationText(one).slice(1)}`).join('');
  const text = ` These associations don't have access to their default qos.\n Please give them access before they the default can be set to this.\n${list}`;
  if (scene.major < 2311) {
    scene.call.err(text);
    throw new SacctmgrEnd(0);
  }
  if (scene.major >= 2505) scene.call.out(header);
  fail(
    scene,
    `sacctmgr: error: \n${text}\n Error with request: This request would make it so some associations would not have access to their default qos.\n`,
  );
}

function allowedAfter({ qos, parentId, own }: EmulatedAssociation, change: AssociationChanges['qos']): readonly string[] {
  if (change === undefined) return qos;
  if (change.how === '+') return [...qos, ...change.names];
  if (change.how === '-') return qos.filter((name) => !change.names.includes(name));
  // Emptied, it has its parent's, which is not looked up: a default of its own that was allowed before is then in doubt.
  return change.names.length > 0 ? change.names : parentId === 0 ? ['normal'] : own.defaultQos === '' ? qos : ['normal'];
}

function resetUsage(scene: SacctmgrCall, conditions: Conditions, of: 'account' | 'user'): void {
  const { call, database, cluster } = scene;
  if (of === 'user' && conditions.accounts === undefined) fail(scene, 'sacctmgr: error: An account must be specified\n');
  const chosen = database.associations().filter((one) => (one.user === '') === (of === 'account') && meets(one, conditions));
  if (conditions.clusters === undefined) call.out(`No cluster specified, resetting on local cluster ${cluster}\n`);
  if (!isOperator(scene)) fail(scene, denial);
  if (chosen.length > 0)
    changed(scene, () =>
      database.modifyAssociation(
        chosen.map(({ id }) => id),
        { rawUsage: 0 },
        call.as,
      ),
    );
}

function lines(names: readonly string[]): string {
  return names.map((name) => `  ${name}\n`).join('');
}

/** `modify qos`. */
export async function modifyQos(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database } = scene;
  const { where, set } = splitWords(words);
  const conditions = readConditions(scene, where);
  const changes: QosChange = {};
  for (const word of set) readQos(scene, word, changes);
  if (Object.keys(changes).length === 0)
    fail(scene, set.some(({ key }) => means(key, 'Preempt', 7)) ? '' : " You didn't give me anything to set\n");
  const names = database
    .qos()
    .filter(({ name }) => conditions.names?.includes(name) ?? true)
    .map(({ name }) => name);
  if (names.length === 0) endWith(scene, scene.major >= 2505 ? '  Nothing modified\n' : ' Nothing modified\n');
  const { uid, user } = call.as;
  if (uid !== 0 && user !== 'slurm' && !database.users().some((one) => one.name === user && one.adminLevel === 'Administrator'))
    fail(scene, denial);
  call.out(` Modified qos...\n${lines(names)}`);
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  changed(scene, () => database.modifyQos(names, changes, call.as));
  return 0;
}

/** `modify cluster`: the limits of its root. */
export async function modifyCluster(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database, cluster } = scene;
  const { where, set } = splitWords(words);
  const names = readConditions(scene, where).names ?? database.clusters().map(({ name }) => name);
  const { changes } = readSettings(scene, set, 'account');
  if (Object.keys(changes).length === 0) fail(scene, " You didn't give me anything to set\n");
  const known = names.filter((name) => database.clusters().some((one) => one.name === name));
  if (known.length === 0) endWith(scene, ' Nothing modified\n');
  if (!isOperator(scene)) fail(scene, denial);
  const list = known.map((name) => `  C = ${name.padEnd(10)} A = root\n`).join('');
  call.out(` Setting\n  Default Limits:\n${associationSettings(changes).join('')} Modified cluster defaults for associations...\n${list}`);
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  const root = database.associations().find(({ parentId }) => parentId === 0);
  if (known.includes(cluster) && root !== undefined) changed(scene, () => database.modifyAssociation(root.id, changes, call.as));
  return 0;
}

/** `modify job where jobid=… set comment=…`. */
export async function modifyJob(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database, major, times } = scene;
  const { where, set } = splitWords(words);
  const ids: string[] = [];
  for (const { key, value, text } of where) {
    if (means(key, 'JobID', 1) && key !== '') ids.push(...value.split(','));
    else if (key === '' && major >= 2505) ids.push(...value.split(','));
    else if (!means(key, 'Clusters', 1)) fail(scene, ` Unknown condition: ${text}\n Use keyword 'set' to modify value\n`);
  }
  const changes: Record<string, string> = {};
  for (const { key, value, text } of set.length > 0 ? set : words.filter((word) => /comment=|extra=/i.test(word)).map(readWord)) {
    const name = (['adminComment', 'comment', 'systemComment', 'extra'] as const).find(
      (known) => key !== '' && known.toLowerCase().startsWith(key.toLowerCase()),
    );
    if (name === undefined) fail(scene, ` Unknown option: ${text}\n Use keyword 'where' to modify condition\n`);
    changes[name] = value;
  }
  const rows = [...database.jobRows({ jobIds: ids })];
  if (rows.length === 0) endWith(scene, ' Nothing modified\n');
  call.out(` Modified jobs...\n${rows.map(({ jobId, submit }) => `  ${jobId} submitted at ${times.time(submit)}\n`).join('')}`);
  if (!(await confirmed(scene))) {
    call.out(discarded);
    return 0;
  }
  for (const { dbIndex } of rows) changed(scene, () => database.modifyJobRow(dbIndex, changes, call.as));
  return 0;
}
