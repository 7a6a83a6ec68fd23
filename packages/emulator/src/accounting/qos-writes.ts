import type { Identity } from '../model/job.ts';
import type { QosChange } from '../model/slurmdbd.ts';
import { noLimits, type StoredQos } from './books.ts';
import { addQosInfo, modifyQosInfo } from './transaction-text.ts';
import { asList, changedTres, logTransaction, needLevel, textContext, type WriteContext } from './writes.ts';

/** Changes of QOS, each with its transaction; names are stored in lower case. */
export class QosWrites {
  readonly #context: WriteContext;

  constructor(context: WriteContext) {
    this.#context = context;
  }

  add(name: string, changes: QosChange, as: Identity): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Administrator');
    if (books.qos.has(name)) return false;
    const qos = changedQos(blankQos(name, books.idOf('qos', name)), changes);
    books.qos.set(name, qos);
    logTransaction(this.#context, as, { action: 'Add QOS', where: name, info: addQosInfo(qos, textContext(this.#context)) });
    return true;
  }

  modify(names: string | readonly string[], changes: QosChange, as: Identity): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Administrator');
    const after = asList(names)
      .flatMap((name) => books.qos.get(name) ?? [])
      .map((qos) => changedQos(qos, changes));
    const [first] = after;
    if (first === undefined) return false;
    for (const qos of after) books.qos.set(qos.name, qos);
    const info = modifyQosInfo(changes, first, textContext(this.#context));
    const where = `(${after.map(({ name }) => `name='${name}'`).join(' || ')})`;
    if (info !== '') logTransaction(this.#context, as, { action: 'Modify QOS', where, info });
    return true;
  }

  remove(names: string | readonly string[], as: Identity): boolean {
    const { books } = this.#context;
    needLevel(this.#context, as, 'Administrator');
    const known = asList(names).flatMap((name) => books.qos.get(name) ?? []);
    if (known.length === 0) return false;
    for (const { name } of known) books.qos.delete(name);
    const gone = new Set(known.map(({ name }) => name));
    for (const own of books.associations.values()) {
      const qos = own.qos.filter((name) => !gone.has(name.replace(/^[+-]/, '')));
      const defaultQos = gone.has(own.defaultQos) ? '' : own.defaultQos;
      if (qos.length !== own.qos.length || defaultQos !== own.defaultQos) books.associations.set(own.id, { ...own, qos, defaultQos });
    }
    logTransaction(this.#context, as, { action: 'Remove QOS', where: known.map(({ id }) => `id='${id}'`).join(' || '), info: '' });
    return true;
  }
}

function changedQos(qos: StoredQos, changes: QosChange): StoredQos {
  const value = <T>(change: T | undefined, before: T): T => (change === undefined ? before : change);
  return {
    ...qos,
    description: value(changes.description, qos.description),
    priority: value(changes.priority, qos.priority),
    flags: changes.flags === undefined ? qos.flags : changedFlags(qos.flags, changes.flags),
    preempt: value(changes.preempt, qos.preempt),
    usageFactor: value(changes.usageFactor, qos.usageFactor),
    usageThreshold: value(changes.usageThreshold, qos.usageThreshold),
    graceTime: value(changes.graceTime, qos.graceTime),
    grpTres: changedTres(qos.grpTres, changes.grpTres),
    grpTresMins: changedTres(qos.grpTresMins, changes.grpTresMins),
    grpTresRunMins: changedTres(qos.grpTresRunMins, changes.grpTresRunMins),
    maxTresPerJob: changedTres(qos.maxTresPerJob, changes.maxTresPerJob),
    maxTresPerNode: changedTres(qos.maxTresPerNode, changes.maxTresPerNode),
    maxTresPerUser: changedTres(qos.maxTresPerUser, changes.maxTresPerUser),
    maxTresPerAccount: changedTres(qos.maxTresPerAccount, changes.maxTresPerAccount),
    maxTresMinsPerJob: changedTres(qos.maxTresMinsPerJob, changes.maxTresMinsPerJob),
    minTresPerJob: changedTres(qos.minTresPerJob, changes.minTresPerJob),
    grpJobs: value(changes.grpJobs, qos.grpJobs),
    grpSubmitJobs: value(changes.grpSubmitJobs, qos.grpSubmitJobs),
    grpWall: value(changes.grpWall, qos.grpWall),
    maxJobsPerUser: value(changes.maxJobsPerUser, qos.maxJobsPerUser),
    maxSubmitJobsPerUser: value(changes.maxSubmitJobsPerUser, qos.maxSubmitJobsPerUser),
    maxJobsPerAccount: value(changes.maxJobsPerAccount, qos.maxJobsPerAccount),
    maxSubmitJobsPerAccount: value(changes.maxSubmitJobsPerAccount, qos.maxSubmitJobsPerAccount),
    maxWallPerJob: value(changes.maxWallPerJob, qos.maxWallPerJob),
  };
}

function changedFlags(
  before: readonly string[],
  { how, names }: { readonly how: '=' | '+' | '-'; readonly names: readonly string[] },
): readonly string[] {
  if (how === '=') return names;
  const others = before.filter((name) => !names.includes(name));
  return how === '+' ? [...others, ...names] : others;
}

/** A QOS without any limit. */
export function blankQos(name: string, id: number): StoredQos {
  return {
    ...noLimits,
    id,
    name,
    description: name,
    priority: 0,
    flags: [],
    preempt: [],
    preemptMode: 'cluster',
    usageFactor: 1,
    usageThreshold: null,
    graceTime: 0,
    maxTresPerUser: {},
    maxTresPerAccount: {},
    minTresPerJob: {},
    maxJobsPerUser: null,
    maxSubmitJobsPerUser: null,
    maxJobsPerAccount: null,
    maxSubmitJobsPerAccount: null,
  };
}
