import type { Epoch, Tres } from '@sluice/slurm';
import type { UsageCharge } from '../model/association-manager.ts';

/** Resource-seconds by name and wall-clock seconds, as of the ledger's last calculation. */
export interface UsageAccount {
  readonly tres: Record<string, number>;
  wall: number;
}

export type ResetPeriod = 'NONE' | 'NOW' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'QUARTERLY' | 'YEARLY';

export interface LedgerRules {
  /** PriorityDecayHalfLife in seconds; 0: usage does not decay. */
  readonly halfLife: number;
  /** PriorityUsageResetPeriod. */
  readonly reset: ResetPeriod;
  /** PriorityCalcPeriod in seconds: how often what runs is counted. */
  readonly period: number;
}

export interface LedgerState {
  readonly asOf: Epoch;
  readonly accounts: readonly (readonly [string, UsageAccount])[];
  /** Charges that ran, and until when they have been counted: whoever starts them again after a restart is counted from there. */
  readonly charged: readonly (readonly [string, Epoch])[];
}

/** A charge, and whom it is counted for: keys of accounts of the ledger, some of which may not decay. */
export interface LedgerCharge extends UsageCharge {
  readonly accounts: readonly string[];
  /** UsageFactor of its QOS. */
  readonly factor: number;
}

/**
 * Usage that decays, as slurmctld's priority plugin keeps it: every PriorityCalcPeriod all usage shrinks by its half-life and what ran
 * since is added. Here it is done when somebody asks and at least a period has gone, with what ran in between decayed as if it had
 * been added second by second, so that a clock that jumps by months gives what one that ticks gives.
 */
export class UsageLedger {
  readonly #rules: LedgerRules;
  readonly #accounts = new Map<string, UsageAccount>();
  readonly #charges = new Map<string, { readonly charge: LedgerCharge; until: Epoch }>();
  readonly #lasting: (key: string) => boolean;
  readonly #counted: Map<string, Epoch>;
  #asOf: Epoch;

  /** `lasting` tells the accounts that do not decay (QOS with NoDecay). */
  constructor(rules: LedgerRules, state: LedgerState, lasting: (key: string) => boolean) {
    this.#rules = rules;
    this.#asOf = state.asOf;
    this.#lasting = lasting;
    this.#counted = new Map(state.charged);
    for (const [key, { tres, wall }] of state.accounts) this.#accounts.set(key, { tres: { ...tres }, wall });
  }

  get asOf(): Epoch {
    return this.#asOf;
  }

  state(): LedgerState {
    const charged = [...this.#charges].map(([key, { until }]) => [key, until] as const);
    return { asOf: this.#asOf, accounts: [...this.#accounts], charged };
  }

  usage(key: string): { readonly tres: Tres; readonly wall: number } {
    return this.#accounts.get(key) ?? { tres: {}, wall: 0 };
  }

  charges(): Iterable<LedgerCharge> {
    return [...this.#charges.values()].map(({ charge }) => charge);
  }

  start(charge: LedgerCharge): void {
    this.stop(charge.key, charge.at);
    this.#charges.set(charge.key, { charge, until: Math.max(charge.at, this.#counted.get(charge.key) ?? 0) });
    this.#counted.delete(charge.key);
  }

  stop(key: string, at: Epoch): void {
    const running = this.#charges.get(key);
    if (running === undefined) return;
    this.#count(running, at);
    this.#charges.delete(key);
  }

  /** Usage that no job made: resource-seconds at a moment. */
  add(keys: readonly string[], seconds: Tres, at: Epoch): void {
    for (const key of keys) this.#addTo(key, seconds, 0, at, 1);
  }

  /** Adds what is below zero: as of the last calculation, nothing less than none. */
  take(key: string, negative: Tres, wall: number): void {
    const account = this.#accounts.get(key);
    if (account === undefined) return;
    for (const [name, count] of Object.entries(negative)) account.tres[name] = Math.max(0, (account.tres[name] ?? 0) + count);
    account.wall = Math.max(0, account.wall - wall);
  }

  clear(key: string): void {
    this.#accounts.delete(key);
  }

  /** Calculates when a period has gone; says whether it did. */
  settle(now: Epoch): boolean {
    if (now - this.#asOf < this.#rules.period) return false;
    this.calculate(now);
    return true;
  }

  calculate(now: Epoch): void {
    const reset = lastReset(now, this.#rules.reset);
    if (reset !== null && reset > this.#asOf) {
      for (const running of this.#charges.values()) this.#count(running, reset);
      this.#accounts.clear();
      this.#asOf = reset;
    }
    for (const running of this.#charges.values()) this.#count(running, now);
    const factor = this.#factor(now - this.#asOf);
    if (factor !== 1) {
      for (const [key, account] of this.#accounts) {
        if (this.#lasting(key)) continue;
        for (const name of Object.keys(account.tres)) account.tres[name] = (account.tres[name] ?? 0) * factor;
        account.wall *= factor;
      }
    }
    this.#asOf = now;
  }

  #count(running: { readonly charge: LedgerCharge; until: Epoch }, to: Epoch): void {
    const { charge, until } = running;
    if (to <= until) return;
    for (const key of charge.accounts) this.#addTo(key, charge.tres, 1, to, this.#weight(key, to - until), charge.factor);
    running.until = to;
  }

  /** What was used at `at` counts, as of the last calculation, more than it does then. */
  #addTo(key: string, tres: Tres, wall: number, at: Epoch, weight: number, factor = 1): void {
    const account = this.#accounts.get(key) ?? { tres: {}, wall: 0 };
    this.#accounts.set(key, account);
    const scale = this.#lasting(key) ? weight : weight / this.#factor(at - this.#asOf);
    for (const [name, count] of Object.entries(tres)) account.tres[name] = (account.tres[name] ?? 0) + count * scale * factor;
    account.wall += wall * scale * factor;
  }

  /** Seconds that are left at their end of so many that decay while they pass. */
  #weight(key: string, seconds: number): number {
    const { halfLife } = this.#rules;
    return halfLife <= 0 || this.#lasting(key) ? seconds : (halfLife / Math.LN2) * -Math.expm1((-Math.LN2 * seconds) / halfLife);
  }

  #factor(seconds: number): number {
    return this.#rules.halfLife <= 0 ? 1 : 2 ** (-seconds / this.#rules.halfLife);
  }
}

/** The last moment, up to now, at which usage is set to zero; in UTC, at midnight. */
function lastReset(now: Epoch, period: ResetPeriod): Epoch | null {
  const date = new Date(now * 1000);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case 'DAILY':
      return Date.UTC(year, month, day) / 1000;
    case 'WEEKLY':
      return Date.UTC(year, month, day - date.getUTCDay()) / 1000;
    case 'MONTHLY':
      return Date.UTC(year, month, 1) / 1000;
    case 'QUARTERLY':
      return Date.UTC(year, month - (month % 3), 1) / 1000;
    case 'YEARLY':
      return Date.UTC(year, 0, 1) / 1000;
    default:
      return null;
  }
}
