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
  readonly #changed: () => void;

  constructor(store: Store, kind: string, keyOf: (value: V) => K, changed: () => void) {
    this.#store = store;
    this.#kind = kind;
    this.#changed = changed;
    for (const { value } of store.list<V>(kind)) this.#values.set(keyOf(value), value);
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
    this.#values.set(key, value);
    this.#store.put(this.#kind, key, value);
    this.#changed();
  }

  delete(key: K): boolean {
    if (!this.#values.delete(key)) return false;
    this.#store.remove(this.#kind, key);
    this.#changed();
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
  readonly #store: Store;
  readonly #transactions: Transaction[];
  readonly #events: StoredEvent[];
  /** Rises with every change. */
  version = 1;

  constructor(store: Store) {
    const changed = (): void => {
      this.version += 1;
    };
    this.#store = store;
    this.clusters = new Ledger(store, 'dbd-cluster', ({ name }) => name, changed);
    this.accounts = new Ledger(store, 'dbd-account', ({ name }) => name, changed);
    this.users = new Ledger(store, 'dbd-user', ({ name }) => name, changed);
    this.qos = new Ledger(store, 'dbd-qos', ({ name }) => name, changed);
    this.associations = new Ledger(store, 'dbd-association', ({ id }) => id, changed);
    this.#transactions = store.list<Transaction>('dbd-transaction').map(({ value }) => value);
    this.#events = store.list<StoredEvent>('dbd-event').map(({ value }) => value);
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
