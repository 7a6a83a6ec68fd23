import type { Limits, Tres } from '@sluice/slurm';
import type { EmulatedAssociation } from '../model/slurmdbd.ts';
import type { Books, StoredAssociation } from './books.ts';

interface Tree {
  readonly version: number;
  /** Parents before children, as sacctmgr and sshare print them: users first, then accounts, each by name. */
  readonly ordered: readonly EmulatedAssociation[];
  readonly byId: ReadonlyMap<number, EmulatedAssociation>;
  readonly byKey: ReadonlyMap<string, EmulatedAssociation>;
  readonly chains: ReadonlyMap<number, readonly number[]>;
}

/** The associations with what they inherit; worked out again when something has changed. */
export class AssociationTree {
  readonly #books: Books;
  readonly #cluster: string;
  #tree: Tree | undefined;

  constructor(books: Books, cluster: string) {
    this.#books = books;
    this.#cluster = cluster;
  }

  ordered(): readonly EmulatedAssociation[] {
    return this.#current().ordered;
  }

  byId(id: number): EmulatedAssociation | undefined {
    return this.#current().byId.get(id);
  }

  /** Exactly this one: with an empty partition the one without. */
  byKey(account: string, user: string, partition: string): EmulatedAssociation | undefined {
    return this.#current().byKey.get(keyOf(account, user, partition));
  }

  /** Ids from an association up to the root, itself the first. */
  chain(id: number): readonly number[] {
    return this.#current().chains.get(id) ?? [];
  }

  /** All below an association and itself, parents first. */
  below(id: number): readonly EmulatedAssociation[] {
    return this.ordered().filter((association) => this.chain(association.id).includes(id));
  }

  #current(): Tree {
    if (this.#tree?.version !== this.#books.version) this.#tree = this.#build();
    return this.#tree;
  }

  #build(): Tree {
    const stored = this.#books.associations.values();
    const children = Map.groupBy(stored, ({ parentId }) => parentId);
    const allQos = this.#books.qos.values().map(({ name }) => name);
    const ordered: EmulatedAssociation[] = [];
    const chains = new Map<number, readonly number[]>();
    const visit = (own: StoredAssociation, parent: EmulatedAssociation | undefined): void => {
      const association = this.#effective(own, parent, allQos);
      ordered.push(association);
      chains.set(own.id, [own.id, ...(parent === undefined ? [] : (chains.get(parent.id) ?? []))]);
      for (const child of (children.get(own.id) ?? []).toSorted(inOrder)) visit(child, association);
    };
    for (const root of children.get(0) ?? []) visit(root, undefined);
    return {
      version: this.#books.version,
      ordered,
      byId: new Map(ordered.map((association) => [association.id, association])),
      byKey: new Map(ordered.map((association) => [keyOf(association.account, association.user, association.partition), association])),
      chains,
    };
  }

  #effective(own: StoredAssociation, parent: EmulatedAssociation | undefined, allQos: readonly string[]): EmulatedAssociation {
    const { qos: ownQos, ...rest } = own;
    return {
      ...rest,
      ...inherited(own, parent),
      cluster: this.#cluster,
      parent: own.user === '' && parent !== undefined ? parent.account : '',
      ownQos,
      qos: effectiveQos(ownQos, parent?.qos ?? [], allQos),
      defaultQos: own.defaultQos === '' ? (parent?.defaultQos ?? '') : own.defaultQos,
      lineage: this.#books.lineageOf(own),
      own,
    };
  }
}

/** Limits per job and per user are the parent's where there is none of its own, resource by resource; those of groups are not inherited. */
function inherited(own: StoredAssociation, parent: EmulatedAssociation | undefined): Partial<Limits> {
  if (parent === undefined) return {};
  const tres = (from: Tres, to: Tres): Tres => ({ ...from, ...to });
  return {
    maxTresPerJob: tres(parent.maxTresPerJob, own.maxTresPerJob),
    maxTresPerNode: tres(parent.maxTresPerNode, own.maxTresPerNode),
    maxTresMinsPerJob: tres(parent.maxTresMinsPerJob, own.maxTresMinsPerJob),
    maxJobs: own.maxJobs ?? parent.maxJobs,
    maxSubmitJobs: own.maxSubmitJobs ?? parent.maxSubmitJobs,
    maxWallPerJob: own.maxWallPerJob ?? parent.maxWallPerJob,
  };
}

/** By name, as sacctmgr lists them. */
function effectiveQos(own: readonly string[], parent: readonly string[], all: readonly string[]): readonly string[] {
  const changes = own.filter((name) => /^[+-]/.test(name));
  const names = new Set(own.length > changes.length ? own.filter((name) => !/^[+-]/.test(name)) : parent);
  for (const change of changes) {
    if (change.startsWith('+')) names.add(change.slice(1));
    else names.delete(change.slice(1));
  }
  return [...names].filter((name) => all.includes(name)).sort();
}

function inOrder(one: StoredAssociation, other: StoredAssociation): number {
  const users = Number(one.user === '') - Number(other.user === '');
  if (users !== 0) return users;
  if (one.user === '') return byText(one.account, other.account);
  return byText(one.user, other.user) || byText(one.partition, other.partition);
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function keyOf(account: string, user: string, partition: string): string {
  return `${account}\n${user}\n${partition}`;
}
