import type { Epoch, Tres } from '@sluice/slurm';
import type { UsageCharge } from '../model/association-manager.ts';

/** Resource-seconds by name and wall-clock seconds, as of the ledger's last calculation. */
export interface UsageAccount {
  readonly tres: Tres;
  readonly wall: number;
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

/** Everything of one account, by resource and `wall`: each has its place in all four, which it keeps. */
class Sums {
  readonly key: string;
  readonly names: string[] = [];
  /** Seconds as of the last calculation. */
  readonly used: number[] = [];
  /** Seconds per second of what runs. */
  readonly rates: number[] = [];
  /** What the rates will count too much at the next calculation, for it began after the last one. */
  readonly surplus: number[] = [];

  constructor(key: string) {
    this.key = key;
  }

  place(name: string): number {
    const known = this.names.indexOf(name);
    if (known >= 0) return known;
    this.used.push(0);
    this.rates.push(0);
    this.surplus.push(0);
    return this.names.push(name) - 1;
  }

  usedOf(name: string): number {
    return this.used[this.names.indexOf(name)] ?? 0;
  }
}

const wall = ' wall';

/**
 * Usage that decays, as slurmctld's priority plugin keeps it: every PriorityCalcPeriod all usage shrinks by its half-life and what ran
 * since is added. Here it is done when somebody asks and at least a period has gone, with what ran in between decayed as if it had
 * been added second by second, so that a clock that jumps by months gives what one that ticks gives; and by accounts rather than by
 * jobs, for what runs is known by its rates: a month of 100,000 jobs has 8,640 calculations.
 */
export class UsageLedger {
  readonly #rules: LedgerRules;
  readonly #accounts = new Map<string, Sums>();
  readonly #charges = new Map<string, { readonly charge: LedgerCharge; readonly since: Epoch }>();
  /** Of suspended jobs: nothing is counted of them, but their time is still to come. */
  readonly #paused = new Map<string, LedgerCharge>();
  readonly #lasting: (key: string) => boolean;
  readonly #counted: Map<string, Epoch>;
  #asOf: Epoch;

  /** `lasting` tells the accounts that do not decay (QOS with NoDecay). */
  constructor(rules: LedgerRules, state: LedgerState, lasting: (key: string) => boolean) {
    this.#rules = rules;
    this.#asOf = state.asOf;
    this.#lasting = lasting;
    this.#counted = new Map(state.charged);
    for (const [key, account] of state.accounts) {
      const sums = this.#account(key);
      for (const [name, seconds] of Object.entries(account.tres)) sums.used[sums.place(name)] = seconds;
      sums.used[sums.place(wall)] = account.wall;
    }
  }

  get asOf(): Epoch {
    return this.#asOf;
  }

  state(): LedgerState {
    const charged = [...this.#charges].map(([key, { since }]) => [key, Math.max(since, this.#asOf)] as const);
    return { asOf: this.#asOf, accounts: [...this.#accounts.keys()].map((key) => [key, this.usage(key)] as const), charged };
  }

  usage(key: string): UsageAccount {
    const sums = this.#accounts.get(key);
    const tres: Record<string, number> = {};
    for (const [at, name] of sums?.names.entries() ?? []) {
      const seconds = sums?.used[at] ?? 0;
      if (name !== wall && seconds !== 0) tres[name] = seconds;
    }
    return { tres, wall: sums?.usedOf(wall) ?? 0 };
  }

  /** Of one resource. */
  seconds(key: string, name: string): number {
    return this.#accounts.get(key)?.usedOf(name) ?? 0;
  }

  /** Of all that runs or is suspended. */
  charges(): Iterable<LedgerCharge> {
    return [...[...this.#charges.values()].map(({ charge }) => charge), ...this.#paused.values()];
  }

  start(charge: LedgerCharge): void {
    this.stop(charge.key, charge.at);
    const since = Math.max(charge.at, this.#counted.get(charge.key) ?? 0);
    this.#counted.delete(charge.key);
    this.#charges.set(charge.key, { charge, since });
    const rates = ratesOf(charge);
    for (const key of charge.accounts) {
      const sums = this.#account(key);
      const seconds = this.#since(key, since);
      for (const [name, rate] of rates) {
        const at = sums.place(name);
        sums.rates[at] = (sums.rates[at] as number) + rate;
        sums.surplus[at] = (sums.surplus[at] as number) + rate * seconds;
      }
    }
  }

  /** As {@link stop}, but it will go on. */
  pause(key: string, at: Epoch): void {
    const charge = this.#charges.get(key)?.charge;
    this.stop(key, at);
    if (charge !== undefined) this.#paused.set(key, charge);
  }

  /** What it has used since the last calculation is seen at once. */
  stop(key: string, at: Epoch): void {
    this.#paused.delete(key);
    const running = this.#charges.get(key);
    if (running === undefined) return;
    const { charge, since } = running;
    this.#charges.delete(key);
    const isCounted = since < this.#asOf;
    const rates = ratesOf(charge);
    for (const account of charge.accounts) {
      const sums = this.#account(account);
      const uncounted = isCounted ? 0 : this.#since(account, since);
      const seconds = this.#since(account, Math.max(at, since));
      for (const [name, rate] of rates) {
        const place = sums.place(name);
        const before = rate * uncounted;
        sums.rates[place] = (sums.rates[place] as number) - rate;
        sums.surplus[place] = (sums.surplus[place] as number) - before;
        sums.used[place] = (sums.used[place] as number) + (rate * seconds - before);
      }
    }
  }

  /** Usage that no job made: resource-seconds at a moment. */
  add(keys: readonly string[], seconds: Tres, at: Epoch): void {
    for (const key of keys) {
      const sums = this.#account(key);
      // As of the last calculation it counts more than it does then.
      const scale = this.#lasting(key) ? 1 : 1 / this.#factor(at - this.#asOf);
      for (const [name, count] of Object.entries(seconds)) {
        const place = sums.place(name);
        sums.used[place] = (sums.used[place] as number) + count * scale;
      }
    }
  }

  /** Takes what is below zero: as of the last calculation, nothing less than none. */
  take(key: string, { tres, wall: wallSeconds }: UsageAccount): void {
    const sums = this.#accounts.get(key);
    if (sums === undefined) return;
    for (const [name, count] of [...Object.entries(tres), [wall, wallSeconds] as const]) {
      const place = sums.place(name);
      sums.used[place] = Math.max(0, (sums.used[place] as number) - count);
    }
  }

  clear(key: string): void {
    this.#accounts.get(key)?.used.fill(0);
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
      this.#bring(reset);
      for (const { used } of this.#accounts.values()) used.fill(0);
    }
    this.#bring(now);
  }

  #bring(now: Epoch): void {
    const length = now - this.#asOf;
    const decayed = { factor: this.#factor(length), weight: this.#weight(length) };
    const kept = { factor: 1, weight: length };
    for (const { key, used, rates, surplus } of this.#accounts.values()) {
      const { factor, weight } = this.#lasting(key) ? kept : decayed;
      for (let at = 0; at < used.length; at++) {
        used[at] = ((used[at] as number) - (surplus[at] as number)) * factor + (rates[at] as number) * weight;
        surplus[at] = 0;
      }
    }
    this.#asOf = now;
  }

  #account(key: string): Sums {
    let known = this.#accounts.get(key);
    if (known === undefined) {
      known = new Sums(key);
      this.#accounts.set(key, known);
    }
    return known;
  }

  /** Seconds from the last calculation until then, each weighted by what it has not yet lost: as of that calculation. */
  #since(key: string, at: Epoch): number {
    const seconds = at - this.#asOf;
    const { halfLife } = this.#rules;
    return halfLife <= 0 || this.#lasting(key) ? seconds : (halfLife / Math.LN2) * Math.expm1((Math.LN2 * seconds) / halfLife);
  }

  /** Seconds that are left at their end of so many that decay while they pass. */
  #weight(seconds: number): number {
    const { halfLife } = this.#rules;
    return halfLife <= 0 ? seconds : (halfLife / Math.LN2) * -Math.expm1((-Math.LN2 * seconds) / halfLife);
  }

  #factor(seconds: number): number {
    return this.#rules.halfLife <= 0 ? 1 : 2 ** (-seconds / this.#rules.halfLife);
  }
}

/** Seconds per second that a charge counts for. */
function ratesOf({ tres, factor }: LedgerCharge): readonly (readonly [string, number])[] {
  const rates: [string, number][] = Object.entries(tres);
  for (const rate of rates) rate[1] *= factor;
  rates.push([wall, factor]);
  return rates;
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
