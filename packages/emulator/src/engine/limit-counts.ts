import type { AssociationManager } from '../model/association-manager.ts';
import type { JobRecord } from './job-record.ts';

/** Jobs and resources that count against one association, QOS, or a user or account within a QOS. */
export interface Count {
  submitted: number;
  running: number;
  /** Of what runs. */
  tres: Record<string, number>;
}

/** How the jobs of an association with a QOS stand. */
export interface Standing {
  /** The QOS is there and the association may use it: it may have lost it while a job waited. */
  readonly mayUseQos: boolean;
  /** Anything is limited for them at all. */
  readonly limited: boolean;
  /** Among it, minutes that may be used up while a job runs. */
  readonly ofMinutes: boolean;
}

/** What of a job decides what it counts against. */
interface Counted {
  readonly associationId: number;
  readonly qos: string;
  readonly user: string;
  readonly account: string;
}

interface Held extends Omit<Counted, 'associationId'> {
  readonly counts: readonly Count[];
}

/** Counts of submitted and running jobs, kept as jobs come and go, so that limits are looked up and never summed. */
export class LimitCounts {
  readonly #manager: AssociationManager;
  readonly #counts = new Map<string, Count>();
  /** What jobs count against, by association, as of a version of accounting: it is changed with each job that comes, starts or ends. */
  readonly #held = { version: -1, byAssociation: new Map<number, Held[]>() };
  /** By association and QOS, as of a version of accounting. */
  readonly standings = { version: -1, byAssociation: new Map<number, Map<string, Standing>>() };

  constructor(manager: AssociationManager) {
    this.#manager = manager;
  }

  of(key: string): Count {
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { submitted: 0, running: 0, tres: {} };
      this.#counts.set(key, count);
    }
    return count;
  }

  /** All that a job counts against: its association and those above it, its QOS. */
  keys(job: Counted): readonly string[] {
    const keys = [qosKey(job.qos), qosUserKey(job.qos, job.user), qosAccountKey(job.qos, job.account)];
    for (const association of this.lineage(job.associationId)) keys.push(associationKey(association.id));
    return keys;
  }

  /** An association and those above it, the root last. */
  lineage(associationId: number) {
    const found = [];
    for (let id = associationId; id > 0; ) {
      const association = this.#manager.associationById(id);
      if (association === undefined || found.length > 64) break;
      found.push(association);
      id = association.parentId;
    }
    return found;
  }

  submitted(job: JobRecord, change: number): void {
    for (const count of this.#countsOf(job)) count.submitted += change;
  }

  started(job: JobRecord, sign: 1 | -1): void {
    const allocated = Object.entries(job.allocatedTres ?? {});
    for (const count of this.#countsOf(job)) {
      count.running += sign;
      for (const [name, amount] of allocated) count.tres[name] = (count.tres[name] ?? 0) + sign * amount;
    }
  }

  #countsOf(job: Counted): readonly Count[] {
    const held = this.#held;
    if (held.version !== this.#manager.version) {
      held.version = this.#manager.version;
      held.byAssociation.clear();
    }
    const { associationId, qos, user, account } = job;
    let list = held.byAssociation.get(associationId);
    if (list === undefined) {
      list = [];
      held.byAssociation.set(associationId, list);
    }
    let found = list.find((each) => each.user === user && each.qos === qos && each.account === account);
    if (found === undefined) {
      found = { qos, user, account, counts: this.keys(job).map((key) => this.of(key)) };
      list.push(found);
    }
    return found.counts;
  }
}

export const associationKey = (id: number): string => `a:${id}`;
export const qosKey = (qos: string): string => `q:${qos}`;
export const qosUserKey = (qos: string, user: string): string => `qu:${qos}:${user}`;
export const qosAccountKey = (qos: string, account: string): string => `qa:${qos}:${account}`;
