import type { AdminLevel } from '@sluice/slurm';
import type { Identity } from '../model/job.ts';
import { SlurmError } from '../model/slurmctld.ts';
import type { AssociationChanges, EmulatedAccount } from '../model/slurmdbd.ts';
import { noLimits, type StoredAssociation } from './books.ts';
import { addAssociationInfo, addClusterInfo, modifyAssociationInfo } from './transaction-text.ts';
import { asList, changedTres, logTransaction, needLevel, textContext, type WriteContext } from './writes.ts';

interface AssociationKey {
  readonly account: string;
  readonly user: string;
  readonly partition: string;
  readonly isDefault?: boolean;
}

const noSuch = (what: string): SlurmError => new SlurmError({ number: 2045, name: 'ESLURM_INVALID_ACCOUNT', message: what });

/** Changes of clusters, accounts, users and associations, each with its transaction. Names of accounts and users are stored in lower case. */
export class AssociationWrites {
  readonly #context: WriteContext;

  constructor(context: WriteContext) {
    this.#context = context;
  }

  addCluster(name: string, as: Identity): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Administrator');
    if (books.clusters.has(name)) return false;
    books.clusters.set(name, { name, fairshare: 1 });
    logTransaction(this.#context, as, { action: 'Add Clusters', where: name, info: addClusterInfo(textContext(this.#context)) });
    return true;
  }

  removeCluster(name: string, as: Identity): boolean {
    needLevel(this.#context, as, 'Administrator');
    if (!this.#context.books.clusters.delete(name)) return false;
    logTransaction(this.#context, as, { action: 'Remove Clusters', where: `name='${name}'`, info: '' });
    return true;
  }

  addAccount({ name, description, organization }: EmulatedAccount, parent: string, changes: AssociationChanges, as: Identity): boolean {
    const { books, major } = this.#context;
    needLevel(this.#context, as, 'Operator', parent);
    if (books.association(parent, '', '') === undefined && books.associations.size > 0)
      throw noSuch(`Parent account '${parent}' doesn't exist`);
    const isNew = !books.accounts.has(name);
    if (isNew) {
      books.accounts.set(name, { name, description, organization });
      const flags = major >= 2405 ? ", flags='0'" : '';
      logTransaction(this.#context, as, {
        action: 'Add Accounts',
        where: name,
        info: `description='${escaped(description)}', organization='${escaped(organization)}'${flags}`,
      });
    }
    return this.#addAssociation({ account: name, user: '', partition: '' }, parent, changes, as) || isNew;
  }

  modifyAccount(
    names: string | readonly string[],
    changes: { readonly description?: string; readonly organization?: string },
    as: Identity,
  ): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Operator');
    const known = asList(names).flatMap((name) => books.accounts.get(name) ?? []);
    if (known.length === 0) return false;
    for (const account of known) books.accounts.set(account.name, { ...account, ...changes });
    const info = [
      ...(changes.description === undefined ? [] : [`description='${escaped(changes.description)}'`]),
      ...(changes.organization === undefined ? [] : [`organization='${escaped(changes.organization)}'`]),
    ];
    logTransaction(this.#context, as, { action: 'Modify Accounts', where: named(known.map(({ name }) => name)), info: info.join(', ') });
    return true;
  }

  /** With all that is below it. */
  removeAccount(names: string | readonly string[], as: Identity): boolean {
    const { books, tree } = this.#context;
    needLevel(this.#context, as, 'Operator');
    const known = asList(names).filter((name) => books.accounts.has(name));
    if (known.length === 0) return false;
    for (const name of known) {
      const association = tree.byKey(name, '', '');
      if (association !== undefined) for (const { id } of tree.below(association.id)) books.associations.delete(id);
      books.accounts.delete(name);
    }
    logTransaction(this.#context, as, {
      action: 'Remove Account Coords',
      where: `(${known.map((name) => `acct='${name}'`).join(' || ')})`,
      info: '',
    });
    logTransaction(this.#context, as, {
      action: 'Remove Accounts',
      where: `name in(${known.map((name) => `'${name}'`).join()})`,
      info: '',
    });
    return true;
  }

  /** Sets a user's default account too, where there is an association with it. */
  addUser(name: string, options: { readonly defaultAccount?: string; readonly admin?: AdminLevel }, as: Identity): boolean {
    const { books, major } = this.#context;
    needLevel(this.#context, as, 'Operator');
    const isNew = !books.users.has(name);
    if (isNew) {
      const adminLevel = options.admin ?? 'None';
      books.users.set(name, { name, adminLevel, defaultWckey: '', coordinates: [] });
      const info =
        adminLevel === 'None' && options.defaultAccount === undefined && major >= 2605 ? '' : `admin_level=${adminNumber(adminLevel)}`;
      logTransaction(this.#context, as, { action: 'Add Users', where: name, info });
    }
    return isNew;
  }

  modifyUser(
    names: string | readonly string[],
    changes: { readonly defaultAccount?: string; readonly admin?: AdminLevel },
    as: Identity,
  ): boolean {
    const { books, tree } = this.#context;
    const { defaultAccount, admin } = changes;
    if (admin !== undefined || asList(names).some((name) => name !== as.user)) needLevel(this.#context, as, 'Operator');
    const known = asList(names).flatMap((name) => books.users.get(name) ?? []);
    if (known.length === 0) return false;
    if (admin !== undefined) {
      for (const user of known) books.users.set(user.name, { ...user, adminLevel: admin });
      logTransaction(this.#context, as, {
        action: 'Modify Users',
        where: named(known.map(({ name }) => name)),
        info: `admin_level=${adminNumber(admin)}`,
      });
    }
    if (defaultAccount !== undefined) {
      const ids = known
        .flatMap(({ name }) =>
          tree
            .ordered()
            .filter((one) => one.user === name && one.account === defaultAccount)
            .slice(0, 1),
        )
        .map(({ id }) => id);
      if (ids.length === 0) return false;
      for (const { name } of known) this.#setDefault(name, defaultAccount);
      logTransaction(this.#context, as, { action: 'Modify Associations', where: whereIds(ids), info: 'is_def=1' });
    }
    return true;
  }

  /** With all its associations. */
  removeUser(names: string | readonly string[], as: Identity): boolean {
    const { books, tree } = this.#context;
    needLevel(this.#context, as, 'Operator');
    const known = asList(names).filter((name) => books.users.has(name));
    if (known.length === 0) return false;
    for (const name of known) {
      for (const { id, user } of tree.ordered()) if (user === name) books.associations.delete(id);
      books.users.delete(name);
    }
    logTransaction(this.#context, as, {
      action: 'Remove Account Coords',
      where: `(${known.map((name) => `user='${name}'`).join(' || ')})`,
      info: '',
    });
    logTransaction(this.#context, as, { action: 'Remove Users', where: `name in(${known.map((name) => `'${name}'`).join()})`, info: '' });
    return true;
  }

  /** `parent` is for accounts only; a user's is its account. */
  addAssociation(key: AssociationKey, changes: AssociationChanges, as: Identity): boolean {
    needLevel(this.#context, as, 'Operator', key.account);
    return this.#addAssociation(key, key.user === '' ? (changes.parent ?? 'root') : key.account, changes, as);
  }

  modifyAssociation(ids: number | readonly number[], changes: AssociationChanges, as: Identity): boolean {
    const { books, tree } = this.#context;
    const known = asList(ids).flatMap((id) => books.associations.get(id) ?? []);
    if (known.length === 0) return false;
    for (const { account } of known) needLevel(this.#context, as, 'Operator', account);
    const parent = changes.parent === undefined ? undefined : tree.byKey(changes.parent, '', '');
    if (changes.parent !== undefined && parent === undefined) throw noSuch(`Parent account ${changes.parent} doesn't exist`);
    const after = known.map((own) => ({ ...changed(own, changes), ...(parent === undefined ? {} : { parentId: parent.id }) }));
    // An account that goes below one of its own children changes places with it, as slurmdbd had it up to 24.11.
    for (const own of known) {
      if (parent === undefined || parent.id === own.id || !tree.chain(parent.id).includes(own.id)) continue;
      books.associations.set(parent.id, { ...parent.own, parentId: own.parentId });
    }
    for (const own of after) books.associations.set(own.id, own);
    const info = modifyAssociationInfo(changes, after, textContext(this.#context));
    const sorted = after.map(({ id }) => id);
    // A new parent alone leaves none (recorded).
    if (info !== '') logTransaction(this.#context, as, { action: 'Modify Associations', where: whereIds(sorted), info });
    return true;
  }

  removeAssociation(ids: number | readonly number[], as: Identity): boolean {
    const { books, tree } = this.#context;
    const known = asList(ids).flatMap((id) => books.associations.get(id) ?? []);
    if (known.length === 0) return false;
    for (const { account } of known) needLevel(this.#context, as, 'Operator', account);
    const all = [...new Set(known.flatMap(({ id }) => tree.below(id).map((one) => one.id)))];
    for (const id of all) books.associations.delete(id);
    logTransaction(this.#context, as, { action: 'Remove Associations', where: all.map((id) => `id_assoc=${id}`).join(' || '), info: '' });
    return true;
  }

  /** Coordinators by account; true when something changed. */
  coordinate(users: readonly string[], accounts: readonly string[], how: 'add' | 'remove', as: Identity): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Operator');
    let any = false;
    for (const user of users.flatMap((name) => books.users.get(name) ?? [])) {
      const before = new Set(user.coordinates);
      for (const account of accounts) {
        if (how === 'add' && books.accounts.has(account)) before.add(account);
        if (how === 'remove') before.delete(account);
      }
      if (before.size === user.coordinates.length) continue;
      any = true;
      books.users.set(user.name, { ...user, coordinates: [...before].sort() });
    }
    if (!any) return false;
    if (how === 'add') {
      for (const user of users) logTransaction(this.#context, as, { action: 'Add Account Coord', where: user, info: accounts.join() });
    } else {
      const where = `(${users.map((user) => `user='${user}'`).join(' || ')}) && (${accounts.map((name) => `acct='${name}'`).join(' || ')})`;
      logTransaction(this.#context, as, { action: 'Remove Account Coords', where, info: '' });
    }
    return true;
  }

  #addAssociation(key: AssociationKey, parentName: string, changes: AssociationChanges, as: Identity): boolean {
    const { books } = this.#context;
    if (books.association(key.account, key.user, key.partition) !== undefined) return false;
    const parent = books.association(parentName, '', '');
    if (parent === undefined && books.associations.size > 0) throw noSuch(`account '${parentName}' doesn't exist`);
    const isFirst = books.defaultOf(key.user) === undefined;
    const isDefault = key.user !== '' && (key.isDefault ?? isFirst);
    const blank: StoredAssociation = {
      ...noLimits,
      account: key.account,
      user: key.user,
      partition: key.partition,
      id: books.idOf('association', `${key.account}\n${key.user}\n${key.partition}`),
      parentId: parent?.id ?? 0,
      fairshare: 1,
      qos: [],
      defaultQos: '',
      isDefault,
      comment: '',
      priority: null,
    };
    const own = changed(blank, changes);
    books.associations.set(own.id, own);
    if (isDefault && !isFirst) this.#setDefault(key.user, key.account);
    if (parent === undefined) return true;
    const info = addAssociationInfo(own, books.lineageOf(own), textContext(this.#context));
    logTransaction(this.#context, as, { action: 'Add Associations', where: `id_assoc=${own.id}`, info });
    return true;
  }

  #setDefault(name: string, account: string): void {
    const { books, tree } = this.#context;
    const mine = tree.ordered().filter(({ user }) => user === name);
    const chosen = mine.find((one) => one.account === account);
    for (const { own } of mine) {
      const isDefault = own.id === chosen?.id;
      if (isDefault !== own.isDefault) books.associations.set(own.id, { ...own, isDefault });
    }
  }
}

function changed(own: StoredAssociation, changes: AssociationChanges): StoredAssociation {
  const value = <T>(change: T | undefined, before: T): T => (change === undefined ? before : change);
  return {
    ...own,
    fairshare: value(changes.fairshare, own.fairshare),
    grpTres: changedTres(own.grpTres, changes.grpTres),
    grpTresMins: changedTres(own.grpTresMins, changes.grpTresMins),
    grpTresRunMins: changedTres(own.grpTresRunMins, changes.grpTresRunMins),
    maxTresPerJob: changedTres(own.maxTresPerJob, changes.maxTresPerJob),
    maxTresPerNode: changedTres(own.maxTresPerNode, changes.maxTresPerNode),
    maxTresMinsPerJob: changedTres(own.maxTresMinsPerJob, changes.maxTresMinsPerJob),
    grpJobs: value(changes.grpJobs, own.grpJobs),
    grpSubmitJobs: value(changes.grpSubmitJobs, own.grpSubmitJobs),
    grpWall: value(changes.grpWall, own.grpWall),
    maxJobs: value(changes.maxJobs, own.maxJobs),
    maxSubmitJobs: value(changes.maxSubmitJobs, own.maxSubmitJobs),
    maxWallPerJob: value(changes.maxWallPerJob, own.maxWallPerJob),
    qos: changes.qos === undefined ? own.qos : changedQos(own.qos, changes.qos),
    defaultQos: changes.defaultQos === undefined ? own.defaultQos : (changes.defaultQos ?? ''),
    priority: value(changes.priority, own.priority),
    comment: value(changes.comment, own.comment),
  };
}

/** A list of its own is changed; without one the difference to the parent's is kept. */
function changedQos(
  own: readonly string[],
  { how, names }: { readonly how: '=' | '+' | '-'; readonly names: readonly string[] },
): readonly string[] {
  if (how === '=') return names;
  const isAbsolute = own.some((name) => !/^[+-]/.test(name));
  const kept = own.filter((name) => !names.includes(name.replace(/^[+-]/, '')));
  if (!isAbsolute) return [...kept, ...names.map((name) => `${how}${name}`)];
  return how === '+' ? [...kept, ...names] : kept;
}

function adminNumber(level: AdminLevel): number {
  return level === 'Administrator' ? 3 : level === 'Operator' ? 2 : 1;
}

function named(names: readonly string[]): string {
  return `(${names.map((name) => `name='${name}'`).join(' || ')})`;
}

function whereIds(ids: readonly number[]): string {
  return `(${ids.map((id) => `id_assoc=${id}`).join(' || ')})`;
}

/** As a string of SQL. */
function escaped(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}
