import type { AdminLevel, Epoch, Limits } from '@sluice/slurm';
import type { EmulatedAccount, EmulatedQos, OwnAssociation, Transaction } from '../model/slurmdbd.ts';
import type { Store } from '../store/store.ts';

export type StoredAssociation = OwnAssociation;
export type StoredQos = EmulatedQos;

export interface StoredUser {
  readonly name: string;
  readonly adminLevel: AdminLevel;
  readonly defaultWckey: string;
  readonly coordinates: readonly string[];
}

export interface StoredEvent {
  readonly cluster: string;
  readonly node: string;
  readonly start: Epoch;
  readonly end: Epoch | null;
  readonly state: string;
  readonly reason: string;
  readonly user: string;
}

export interface StoredCluster {
  readonly name: string;
  readonly fairshare: number;
}

export const noLimits: Limits = {
  grpTres: {},
  grpTresMins: {},
  grpTresRunMins: {},
  maxTresPerJob: {},
  maxTresPerNode: {},
  maxTresMinsPerJob: {},
  grpJobs: null,
  grpSubmitJobs: null,
  maxJobs: null,
  maxSubmitJobs: null,
  grpWall: null,
  maxWallPerJob: null,
};

/** A map whose every change is stored. */
export class Ledger<K extends string | number, V> {
  readonly #store: Store;
  readonly #kind: string;
  readonly #values = new Map<K, V>();
  readonly #changed: (before: V | undefined, after: V | undefined) => void;

  constructor(store: Store, kind: string, keyOf: (value: V) => K, changed: (before: V | undefined, after: V | undefined) => void) {
    this.#store = store;
    this.#kind = kind;
    this.#changed = changed;
    for (const { value } of store.list<V>(kind)) {
      this.#values.set(keyOf(value), value);
      changed(undefined, value);
    }
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  has(key: K): boolean {
    return this.#values.has(key);
  }

  values(): readonly V[] {
    return [...this.#values.values()];
  }

  set(key: K, value: V): void {
    const before = this.#values.get(key);
    this.#values.set(key, value);
    this.#store.put(this.#kind, key, value);
    this.#changed(before, value);
  }

  delete(key: K): boolean {
    const before = this.#values.get(key);
    if (!this.#values.delete(key)) return false;
    this.#store.remove(this.#kind, key);
    this.#changed(before, undefined);
    return true;
  }
}

/** The tables of slurmdbd that are small enough to be held in memory. */
export class Books {
  readonly clusters: Ledger<string, StoredCluster>;
  readonly accounts: Ledger<string, EmulatedAccount>;
  readonly users: Ledger<string, StoredUser>;
  readonly qos: Ledger<string, StoredQos>;
  readonly associations: Ledger<number, StoredAssociation>;
  /** Id of an association by account, user and partition. */
  readonly #ids = new Map<string, number>();
  /** Id of each user's default association. */
  readonly #defaults = new Map<string, number>();
  readonly #store: Store;
  readonly #transactions: Transaction[];
  readonly #events: StoredEvent[];
  /** Rises with every change. */
  version = 1;

  /** `written` is called after every change. */
  constructor(store: Store, written: () => void = () => {}) {
    const changed = (): void => {
      this.version += 1;
      written();
    };
    this.#store = store;
    this.clusters = new Ledger(store, 'dbd-cluster', ({ name }) => name, changed);
    this.accounts = new Ledger(store, 'dbd-account', ({ name }) => name, changed);
    this.users = new Ledger(store, 'dbd-user', ({ name }) => name, changed);
    this.qos = new Ledger(store, 'dbd-qos', ({ name }) => name, changed);
    this.associations = new Ledger(
      store,
      'dbd-association',
      ({ id }) => id,
      (before, after) => {
        changed();
        this.#index(before, after);
      },
    );
    this.#transactions = store.list<Transaction>('dbd-transaction').map(({ value }) => value);
    this.#events = store.list<StoredEvent>('dbd-event').map(({ value }) => value);
  }

  /** Exactly this association: with an empty partition the one without, with an empty user the account's own. */
  association(account: string, user: string, partition: string): StoredAssociation | undefined {
    const id = this.#ids.get(keyOf({ account, user, partition }));
    return id === undefined ? undefined : this.associations.get(id);
  }

  /** The association that is a user's default. */
  defaultOf(user: string): StoredAssociation | undefined {
    const id = this.#defaults.get(user);
    return id === undefined ? undefined : this.associations.get(id);
  }

  /** As the database has it from 23.11 on: accounts from below the root down, the user as `0-name`. */
  lineageOf({ parentId, account, user, partition }: StoredAssociation): string {
    const parent = this.associations.get(parentId);
    if (parent === undefined) return '/';
    if (user === '') return `${this.lineageOf(parent)}${account}/`;
    return `${this.lineageOf(parent)}0-${user}/${partition === '' ? '' : `${partition}/`}`;
  }

  #index(before: StoredAssociation | undefined, after: StoredAssociation | undefined): void {
    if (before !== undefined) {
      this.#ids.delete(keyOf(before));
      if (this.#defaults.get(before.user) === before.id) this.#defaults.delete(before.user);
    }
    if (after === undefined) return;
    this.#ids.set(keyOf(after), after.id);
    if (after.isDefault) this.#defaults.set(after.user, after.id);
  }

  get transactions(): readonly Transaction[] {
    return this.#transactions;
  }

  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  addTransaction(transaction: Transaction): void {
    this.#transactions.push(transaction);
    this.#store.put('dbd-transaction', this.#transactions.length, transaction);
  }

  addEvent(event: StoredEvent): void {
    this.#events.push(event);
    this.#store.put('dbd-event', this.#events.length, event);
  }

  /** Ends what is open of a node. */
  endEvent(node: string, at: Epoch): void {
    for (const [index, event] of this.#events.entries()) {
      if (event.node !== node || event.end !== null) continue;
      const ended = { ...event, end: at };
      this.#events[index] = ended;
      this.#store.put('dbd-event', index + 1, ended);
    }
  }

  /** The number of something by its name: the next one, from 1 on, or what it had before it was removed; slurmdbd marks rows as deleted. */
  idOf(kind: 'association' | 'qos', name: string): number {
    const before = this.#store.get<number>(`dbd-id-${kind}`, name);
    if (before !== undefined) return before;
    const id = this.#store.get<number>('dbd-next', kind) ?? 1;
    this.#store.put('dbd-next', kind, id + 1);
    this.#store.put(`dbd-id-${kind}`, name, id);
    return id;
  }
}

function keyOf({ account, user, partition }: Pick<StoredAssociation, 'account' | 'user' | 'partition'>): string {
  return `${account}\n${user}\n${partition}`;
}
