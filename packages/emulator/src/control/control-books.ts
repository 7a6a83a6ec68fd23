import { readFileSync } from 'node:fs';
import { SluiceError } from '@sluice/io';
import { type Standing, standingOf } from '@sluice/policy';
import * as z from 'zod';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { writeWhole } from '../server/directory.ts';
import { type Period, periodOf } from './calendar.ts';
import { usedNodeHours } from './usage.ts';

const bookSchema = z.object({
  /** Node-hours of a period. */
  allocation: z.number(),
  graceRatio: z.number(),
  period: z.enum(['month', 'quarter', 'total']),
  /** Of a period's usage, what a reset has taken away; with the period's name. */
  forgiven: z.object({ used: z.number(), period: z.string() }).nullable(),
});
type Book = z.output<typeof bookSchema>;

/** What holds until somebody says otherwise. */
const blank: Book = { allocation: 1000, graceRatio: 0.2, period: 'quarter', forgiven: null };

/** How an account stands in the period that the cluster is in. */
export interface AccountStanding extends Standing {
  /** Node-hours. */
  readonly used: number;
  readonly allocation: number;
  readonly graceRatio: number;
}

/** What a policy knows of accounts and Slurm does not: allocations in node-hours, their period and grace. */
export class ControlBooks {
  readonly #books = new Map<string, Book>();
  readonly #file: string | undefined;

  /** With a file they outlast the process. Error: `data.invalid` when it holds something else. */
  constructor(file?: string) {
    this.#file = file;
    const text = file === undefined ? undefined : textOf(file);
    if (text === undefined) return;
    const read = z.record(z.string(), bookSchema).safeParse(parsed(text));
    if (!read.success) throw new SluiceError('data.invalid', `${file} holds no allocations of the control API; remove it to begin anew`);
    for (const [name, book] of Object.entries(read.data)) this.#books.set(name, book);
  }

  allocation(account: string): number {
    return this.#of(account).allocation;
  }

  graceRatio(account: string): number {
    return this.#of(account).graceRatio;
  }

  set(account: string, changes: { readonly allocation?: number; readonly graceRatio?: number; readonly period?: Period }): void {
    this.#put(account, { ...this.#of(account), ...changes });
  }

  /** Node-hours of the period that the cluster is in, without those before a reset; or of one so many periods later. */
  used(slurm: EmulatedSlurm, account: string, periodsLater = 0): number {
    const { forgiven, period } = this.#of(account);
    const span = periodOf(slurm.time.now(), period, periodsLater);
    const used = usedNodeHours(slurm, account, span);
    return forgiven?.period === span.name && periodsLater === 0 ? Math.max(0, used - forgiven.used) : used;
  }

  /** From now on usage counts from nothing. */
  reset(slurm: EmulatedSlurm, account: string): void {
    const book = this.#of(account);
    const span = periodOf(slurm.time.now(), book.period);
    this.#put(account, { ...book, forgiven: { used: usedNodeHours(slurm, account, span), period: span.name } });
  }

  standing(slurm: EmulatedSlurm, account: string): AccountStanding {
    const { allocation, graceRatio } = this.#of(account);
    const used = this.used(slurm, account);
    return { ...standingOf(used, { allocation, graceRatio }), used, allocation, graceRatio };
  }

  #of(account: string): Book {
    return this.#books.get(account.toLowerCase()) ?? blank;
  }

  #put(account: string, book: Book): void {
    this.#books.set(account.toLowerCase(), book);
    if (this.#file !== undefined) writeWhole(this.#file, `${JSON.stringify(Object.fromEntries(this.#books))}\n`, 0o644);
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
