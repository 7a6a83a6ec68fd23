import type { Epoch, Tres, TresKind } from '@sluice/slurm';
import type { AssociationManager, UsageCharge } from '../model/association-manager.ts';
import type { Identity } from '../model/job.ts';
import type {
  AssociationChanges,
  ClusterHour,
  DbdMessage,
  EmulatedAccount,
  EmulatedAssociation,
  EmulatedQos,
  EmulatedUser,
  HourlyUsage,
  JobRow,
  JobRowQuery,
  QosChange,
  ShareFigures,
  Slurmdbd,
  Transaction,
} from '../model/slurmdbd.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Store } from '../store/store.ts';
import { AssociationTree } from './association-tree.ts';
import { AssociationWrites } from './association-writes.ts';
import { Books, type StoredEvent } from './books.ts';
import { clusterTres, tresByNode } from './cluster-tres.ts';
import { JobRows } from './job-rows.ts';
import { QosWrites } from './qos-writes.ts';
import { majorOf, rpcVersionOf } from './releases.ts';
import { RollUp } from './roll-up.ts';
import { setUpBooks } from './set-up.ts';
import { modifyJobInfo } from './transaction-text.ts';
import { tresKinds } from './tres-kinds.ts';
import { Usage } from './usage.ts';
import { logTransaction, needLevel, type WriteContext } from './writes.ts';

export interface AccountingOptions {
  readonly store: Store;
  readonly spec: ClusterSpec;
  /** The cluster's time. */
  now(): Epoch;
  /** Whether slurmctld still knows the job of a row: those without an end that it does not know have run away. Absent: it knows all. */
  readonly isKnown?: (row: JobRow) => boolean;
  /** Called when accounts, users, QOS or associations have changed, which may let jobs begin. */
  readonly written?: () => void;
}

/**
 * The emulated slurmdbd, and slurmctld's copy of it. Messages are taken when they come: that they come late, or wait while slurmdbd is
 * down, is for whoever sends them. Names of accounts, users and QOS are stored in lower case. There is one cluster that has associations; further
 * ones are names.
 */
export class Accounting implements Slurmdbd, AssociationManager {
  readonly #options: AccountingOptions;
  readonly #books: Books;
  readonly #tree: AssociationTree;
  readonly #rows: JobRows;
  readonly #rollUp: RollUp;
  readonly #usage: Usage;
  readonly #associations: AssociationWrites;
  readonly #qos: QosWrites;
  readonly #context: WriteContext;
  readonly #kinds: readonly TresKind[];

  constructor(options: AccountingOptions) {
    const { store, spec } = options;
    const major = majorOf(spec.release);
    this.#options = options;
    this.#kinds = tresKinds(spec.tres, major);
    this.#books = new Books(store, options.written);
    this.#tree = new AssociationTree(this.#books, spec.name);
    this.#rows = new JobRows(store);
    this.#context = { books: this.#books, tree: this.#tree, cluster: spec.name, kinds: this.#kinds, major, now: () => this.now() };
    this.#associations = new AssociationWrites(this.#context);
    this.#qos = new QosWrites(this.#context);
    this.#usage = new Usage({ store, spec, books: this.#books, tree: this.#tree, now: () => this.now() });
    if (this.#books.clusters.size === 0) setUpBooks(spec, this.#context, this.#associations, this.#qos, this.#kinds);
    this.#rollUp = new RollUp({
      store,
      rows: this.#rows,
      total: clusterTres(spec),
      ofNode: tresByNode(spec),
      events: () => this.#books.events,
      since: () => this.#books.events.find(({ node }) => node === '')?.start ?? 0,
      now: () => this.now(),
    });
  }

  now(): Epoch {
    return this.#options.now();
  }

  // What slurmctld asks and says.

  get version(): number {
    return this.#books.version;
  }

  association({
    user,
    account,
    partition,
  }: {
    readonly user: string;
    readonly account: string;
    readonly partition: string;
  }): EmulatedAssociation | undefined {
    return this.#tree.byKey(account.toLowerCase(), user, partition) ?? this.#tree.byKey(account.toLowerCase(), user, '');
  }

  associationById(id: number): EmulatedAssociation | undefined {
    return this.#tree.byId(id);
  }

  defaultAccount(user: string): string | undefined {
    return this.#books.defaultOf(user)?.account;
  }

  adminLevel(user: string): 'None' | 'Operator' | 'Administrator' {
    return user === 'root' || user === 'slurm' ? 'Administrator' : (this.#books.users.get(user)?.adminLevel ?? 'None');
  }

  allowedQos(associationId: number): readonly string[] {
    return this.#tree.byId(associationId)?.qos ?? [];
  }

  defaultQos(associationId: number): string | null {
    return this.#tree.byId(associationId)?.defaultQos || null;
  }

  qosByName(name: string): EmulatedQos | undefined {
    return this.#books.qos.get(name.toLowerCase());
  }

  highestQosPriority(): number {
    return this.#books.qos.values().reduce((highest, { priority }) => Math.max(highest, priority), 0);
  }

  fairshareFactor(associationId: number): number {
    return this.#usage.fairshareFactor(associationId);
  }

  associationUsageMins(associationId: number): Tres {
    return this.#usage.minutes(`association ${associationId}`);
  }

  qosUsageMins(qos: string): Tres {
    return this.#usage.minutes(`qos ${qos.toLowerCase()}`);
  }

  associationWallMins(associationId: number): number {
    return this.#usage.wallMinutes(`association ${associationId}`);
  }

  qosWallMins(qos: string): number {
    return this.#usage.wallMinutes(`qos ${qos.toLowerCase()}`);
  }

  startCharge(charge: UsageCharge): void {
    this.#usage.start(charge);
  }

  pauseCharge(key: string, at: Epoch): void {
    this.#usage.pause(key, at);
  }

  stopCharge(key: string, at: Epoch): void {
    this.#usage.stop(key, at);
  }

  receive(message: DbdMessage): void {
    if (message.kind === 'job') {
      this.#rows.put(message.row);
      if (message.row.start !== null) this.#rollUp.touch(message.row.start);
      return;
    }
    const { node, state, reason, by, at, up } = message;
    this.#books.endEvent(node, at);
    this.#rollUp.touch(at);
    if (up) return;
    // Whoever drains a node, slurmctld tells of it in its own name (recordings sacctmgr-event).
    const user = state.includes('DRAIN') ? 'slurm(64030)' : `${by.user}(${by.uid})`;
    this.#books.addEvent({ cluster: this.#options.spec.name, node, start: at, end: null, state, reason, user });
  }

  /** Usage that no job made, in resource-seconds, as if it had been used at that moment: it counts against shares and limits, and decays. */
  addUsage(associationId: number, seconds: Tres, at: Epoch): void {
    this.#usage.add(associationId, seconds, at);
  }

  // What the commands ask.

  jobRows(query: JobRowQuery): Iterable<JobRow> {
    return this.#rows.query(query);
  }

  jobRow(dbIndex: string): JobRow | undefined {
    return this.#rows.get(dbIndex);
  }

  clusters(): readonly {
    readonly name: string;
    readonly controlHost: string;
    readonly controlPort: number;
    readonly rpcVersion: number;
  }[] {
    const { spec } = this.#options;
    return this.#books.clusters.values().map(({ name }) => {
      const own = name === spec.name;
      return {
        name,
        controlHost: own ? (spec.controllers[0]?.address ?? '') : '',
        controlPort: own ? spec.controllerPort : 0,
        rpcVersion: own ? rpcVersionOf(this.#context.major) : 0,
      };
    });
  }

  accounts(): readonly EmulatedAccount[] {
    return this.#books.accounts.values().toSorted(byName);
  }

  users(): readonly EmulatedUser[] {
    return this.#books.users
      .values()
      .toSorted(byName)
      .map((user) => ({ ...user, defaultAccount: this.defaultAccount(user.name) ?? '' }));
  }

  qos(): readonly EmulatedQos[] {
    return this.#books.qos.values().toSorted((one, other) => one.id - other.id);
  }

  tres(): readonly TresKind[] {
    return this.#kinds;
  }

  associations(): readonly EmulatedAssociation[] {
    return this.#tree.ordered();
  }

  transactions(): readonly Transaction[] {
    return this.#books.transactions;
  }

  events(): readonly StoredEvent[] {
    return this.#books.events;
  }

  shares(): readonly ShareFigures[] {
    return this.#usage.shares();
  }

  hourlyUsage(from: Epoch, to: Epoch): Iterable<HourlyUsage> {
    return this.#rollUp.hours(from, to);
  }

  clusterUsage(from: Epoch, to: Epoch): readonly ClusterHour[] {
    return this.#rollUp.cluster(from, to);
  }

  runawayJobs(): readonly JobRow[] {
    const { isKnown } = this.#options;
    return isKnown === undefined ? [] : this.#rows.open().filter((row) => !isKnown(row));
  }

  /** They are given an end: when they began, or now where they had not, and counted as completed. */
  fixRunawayJobs(as: Identity): number {
    needLevel(this.#context, as, 'Operator');
    const rows = this.runawayJobs();
    for (const row of rows)
      this.receive({ kind: 'job', row: { ...row, state: 'COMPLETED', end: row.start ?? row.eligible ?? row.submit } });
    return rows.length;
  }

  // What the commands change.

  readonly addCluster: Slurmdbd['addCluster'] = (...of) => this.#associations.addCluster(...of);
  readonly removeCluster: Slurmdbd['removeCluster'] = (...of) => this.#associations.removeCluster(...of);
  readonly addAccount: Slurmdbd['addAccount'] = (...of) => this.#associations.addAccount(...of);
  readonly modifyAccount: Slurmdbd['modifyAccount'] = (...of) => this.#associations.modifyAccount(...of);
  readonly removeAccount: Slurmdbd['removeAccount'] = (...of) => this.#associations.removeAccount(...of);
  readonly addUser: Slurmdbd['addUser'] = (...of) => this.#associations.addUser(...of);
  readonly modifyUser: Slurmdbd['modifyUser'] = (...of) => this.#associations.modifyUser(...of);
  readonly removeUser: Slurmdbd['removeUser'] = (...of) => this.#associations.removeUser(...of);
  readonly addAssociation: Slurmdbd['addAssociation'] = (...of) => this.#associations.addAssociation(...of);
  readonly removeAssociation: Slurmdbd['removeAssociation'] = (...of) => this.#associations.removeAssociation(...of);
  readonly coordinate: Slurmdbd['coordinate'] = (...of) => this.#associations.coordinate(...of);
  readonly addQos: Slurmdbd['addQos'] = (...of) => this.#qos.add(...of);
  readonly removeQos: Slurmdbd['removeQos'] = (...of) => this.#qos.remove(...of);

  modifyAssociation(ids: number | readonly number[], changes: AssociationChanges, as: Identity): boolean {
    const { rawUsage, ...others } = changes;
    if (rawUsage === undefined || Object.keys(others).length > 0) {
      if (!this.#associations.modifyAssociation(ids, others, as)) return false;
    } else needLevel(this.#context, as, 'Operator');
    if (rawUsage === 0) this.#usage.reset(typeof ids === 'number' ? [ids] : ids);
    return true;
  }

  modifyQos(names: string | readonly string[], changes: QosChange, as: Identity): boolean {
    const { rawUsage, ...others } = changes;
    if (rawUsage === 0) {
      needLevel(this.#context, as, 'Operator');
      this.#usage.resetQos(typeof names === 'string' ? [names] : names);
      if (Object.keys(others).length === 0) return true;
    }
    return this.#qos.modify(names, others, as);
  }

  modifyJobRow(dbIndex: string, changes: Parameters<Slurmdbd['modifyJobRow']>[1], as: Identity): boolean {
    const row = this.#rows.get(dbIndex);
    if (row === undefined) return false;
    if (row.user !== as.user || changes.adminComment !== undefined || changes.systemComment !== undefined)
      needLevel(this.#context, as, 'Operator');
    this.#rows.put({ ...row, ...changes });
    logTransaction(this.#context, as, { action: 'Modify Job', where: `job_db_inx=${dbIndex}`, info: modifyJobInfo(changes) });
    return true;
  }
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}
