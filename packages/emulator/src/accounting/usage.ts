import type { Epoch, Tres } from '@sluice/slurm';
import { parseDuration } from '@sluice/slurm';
import type { UsageCharge } from '../model/association-manager.ts';
import type { ShareFigures } from '../model/slurmdbd.ts';
import type { ClusterSpec } from '../model/spec.ts';
import type { Store } from '../store/store.ts';
import type { AssociationTree } from './association-tree.ts';
import type { Books } from './books.ts';
import { type FairTreeFigures, fairTree } from './fair-tree.ts';
import { type LedgerRules, type LedgerState, type ResetPeriod, UsageLedger } from './usage-ledger.ts';

export interface UsageContext {
  readonly store: Store;
  readonly spec: ClusterSpec;
  readonly books: Books;
  readonly tree: AssociationTree;
  now(): Epoch;
}

/** INFINITE: what slurmctld counts for a job without a time limit (recordings live/sshare.txt). */
const unlimitedMins = 4_294_967_295;

/** Usage, shares and what runs, by association and QOS. What was used is kept by UsageLedger; what it means is worked out when it is asked. */
export class Usage {
  readonly #context: UsageContext;
  readonly #ledger: UsageLedger;
  readonly #weighsShares: boolean;
  #factors: { readonly asOf: Epoch; readonly version: number; readonly figures: ReadonlyMap<number, FairTreeFigures> } | undefined;
  /** Of the ledger's accounts, by id of the association: they are asked for all together and often. */
  readonly #keys: string[] = [];
  #changed = false;

  constructor(context: UsageContext) {
    const { store, spec, books } = context;
    this.#context = context;
    this.#weighsShares = (spec.settings['PriorityType'] ?? 'priority/multifactor') === 'priority/multifactor';
    const state = store.get<LedgerState>('dbd-usage', 'ledger') ?? { asOf: context.now(), accounts: [], charged: [] };
    const lasting = (key: string): boolean => key.startsWith('qos ') && (books.qos.get(key.slice(4))?.flags.includes('NoDecay') ?? false);
    this.#ledger = new UsageLedger(rulesOf(spec), state, lasting);
    store.beforeFlush(() => {
      if (this.#changed) store.put('dbd-usage', 'ledger', this.#ledger.state());
      this.#changed = false;
    });
  }

  start(charge: UsageCharge): void {
    const { books, tree } = this.#context;
    const accounts = tree.chain(charge.associationId).map((id) => this.#key(id));
    const qos = charge.qos === '' ? [] : [`qos ${charge.qos}`];
    this.#ledger.start({ ...charge, accounts: [...accounts, ...qos], factor: books.qos.get(charge.qos)?.usageFactor ?? 1 });
    this.#changed = true;
  }

  pause(key: string, at: Epoch): void {
    this.#ledger.pause(key, at);
    this.#changed = true;
  }

  stop(key: string, at: Epoch): void {
    this.#ledger.stop(key, at);
    this.#changed = true;
  }

  add(associationId: number, seconds: Tres, at: Epoch): void {
    const keys = this.#context.tree.chain(associationId).map((id) => `association ${id}`);
    this.#ledger.add(keys, seconds, at);
    this.#changed = true;
    this.#factors = undefined;
  }

  /** Takes their usage away, and from all above them what was theirs. */
  reset(ids: readonly number[]): void {
    this.#calculate();
    for (const id of ids) {
      const usage = this.#ledger.usage(`association ${id}`);
      for (const above of this.#context.tree.chain(id)) this.#ledger.take(`association ${above}`, usage);
      for (const below of this.#context.tree.below(id)) this.#ledger.clear(`association ${below.id}`);
    }
    this.#changed = true;
    this.#factors = undefined;
  }

  resetQos(names: readonly string[]): void {
    for (const name of names) this.#ledger.clear(`qos ${name}`);
    this.#changed = true;
  }

  minutes(key: string): Tres {
    this.#settle();
    return Object.fromEntries(Object.entries(this.#ledger.usage(key).tres).map(([name, seconds]) => [name, seconds / 60]));
  }

  wallMinutes(key: string): number {
    this.#settle();
    return this.#ledger.usage(key).wall / 60;
  }

  fairshareFactor(associationId: number): number {
    if (!this.#weighsShares) return 1;
    return this.#figures().get(associationId)?.fairshare ?? 0;
  }

  /** Calculated as sshare finds it: as of the last PriorityCalcPeriod. */
  shares(): readonly ShareFigures[] {
    const figures = this.#figures();
    const runMins = this.#runMins();
    return this.#context.tree.ordered().map((association) => {
      const own = figures.get(association.id);
      const isRoot = association.parentId === 0;
      return {
        association,
        rawUsage: this.#ledger.seconds(`association ${association.id}`, 'billing'),
        normShares: own?.normShares ?? null,
        normUsage: own?.normUsage ?? 0,
        effectiveUsage: own?.effectiveUsage ?? null,
        fairshare: own?.fairshare ?? null,
        levelFs: isRoot ? null : (own?.levelFs ?? null),
        usedMins: this.minutes(`association ${association.id}`),
        runMins: runMins.get(association.id) ?? {},
      };
    });
  }

  #key(associationId: number): string {
    let key = this.#keys[associationId];
    if (key === undefined) {
      key = `association ${associationId}`;
      this.#keys[associationId] = key;
    }
    return key;
  }

  #settle(): void {
    if (this.#ledger.settle(this.#context.now())) this.#changed = true;
  }

  #calculate(): void {
    this.#ledger.calculate(this.#context.now());
    this.#changed = true;
  }

  #figures(): ReadonlyMap<number, FairTreeFigures> {
    this.#settle();
    const { books, tree } = this.#context;
    if (this.#factors?.asOf !== this.#ledger.asOf || this.#factors.version !== books.version) {
      const inputs = tree.ordered().map(({ id, parentId, user, fairshare }) => ({
        id,
        parentId,
        isUser: user !== '',
        shares: fairshare,
        usage: this.#ledger.seconds(this.#key(id), 'billing'),
      }));
      this.#factors = { asOf: this.#ledger.asOf, version: books.version, figures: fairTree(inputs) };
    }
    return this.#factors.figures;
  }

  /** Minutes that what runs may still take, by association, as of the last calculation: what began since has all of them (recordings live/sshare.txt). */
  #runMins(): ReadonlyMap<number, Tres> {
    const { asOf } = this.#ledger;
    const sums = new Map<number, Record<string, number>>();
    for (const { associationId, tres, at, limitMins } of this.#ledger.charges()) {
      const left = Math.max(0, (limitMins ?? unlimitedMins) - Math.max(0, asOf - at) / 60);
      for (const id of this.#context.tree.chain(associationId)) {
        const sum = sums.get(id) ?? {};
        sums.set(id, sum);
        for (const [name, count] of Object.entries(tres)) sum[name] = (sum[name] ?? 0) + count * left;
      }
    }
    return sums;
  }
}

/** Times as slurm.conf(5) has them: PriorityDecayHalfLife 7-0 by default, PriorityCalcPeriod 5 minutes. */
function rulesOf({ settings }: ClusterSpec): LedgerRules {
  return {
    halfLife: secondsOf(settings['PriorityDecayHalfLife'], 7 * 86_400),
    reset: (settings['PriorityUsageResetPeriod'] ?? 'NONE').toUpperCase() as ResetPeriod,
    period: secondsOf(settings['PriorityCalcPeriod'], 300),
  };
}

/** `D-HH`, `D-HH:MM[:SS]`, `HH:MM:SS`, `MM:SS` or minutes. */
function secondsOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d+$/.test(text)) return Number(text) * 60;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = /^(\d+)-(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  if (text.includes('-')) return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return parseDuration(text) ?? usual;
}
