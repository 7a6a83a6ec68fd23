import { quarterOf, type Standing, standingOf } from '@sluice/policy';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { usedThisQuarter } from './usage.ts';

/** Node-hours that an account may use in a quarter, until somebody says otherwise, and how far beyond it may go. */
const usualAllocation = 1000;
const usualGrace = 0.2;

interface Book {
  allocation: number;
  graceRatio: number;
  /** Of this quarter's usage, what a reset has taken away; with the quarter's name. */
  forgiven: { readonly used: number; readonly quarter: string } | null;
}

/** What a policy knows of accounts and Slurm does not: allocations in node-hours and grace. In memory: it lasts as long as whoever serves it. */
export class ControlBooks {
  readonly #books = new Map<string, Book>();

  allocation(account: string): number {
    return this.#of(account).allocation;
  }

  graceRatio(account: string): number {
    return this.#of(account).graceRatio;
  }

  set(account: string, { allocation, graceRatio }: { readonly allocation?: number; readonly graceRatio?: number }): void {
    const book = this.#of(account);
    if (allocation !== undefined) book.allocation = allocation;
    if (graceRatio !== undefined) book.graceRatio = graceRatio;
  }

  /** Node-hours of this quarter, without those before a reset. */
  used(slurm: EmulatedSlurm, account: string): number {
    const { forgiven } = this.#of(account);
    const used = usedThisQuarter(slurm, account);
    return forgiven?.quarter === quarterName(slurm) ? Math.max(0, used - forgiven.used) : used;
  }

  /** From now on usage counts from nothing. */
  reset(slurm: EmulatedSlurm, account: string): void {
    this.#of(account).forgiven = { used: usedThisQuarter(slurm, account), quarter: quarterName(slurm) };
  }

  standing(
    slurm: EmulatedSlurm,
    account: string,
  ): Standing & { readonly used: number; readonly allocation: number; readonly graceRatio: number } {
    const { allocation, graceRatio } = this.#of(account);
    const used = this.used(slurm, account);
    return { ...standingOf(used, { allocation, graceRatio }), used, allocation, graceRatio };
  }

  #of(account: string): Book {
    const name = account.toLowerCase();
    const book = this.#books.get(name) ?? { allocation: usualAllocation, graceRatio: usualGrace, forgiven: null };
    this.#books.set(name, book);
    return book;
  }
}

export function quarterName(slurm: EmulatedSlurm): string {
  return quarterOf(slurm.time.now()).name;
}
