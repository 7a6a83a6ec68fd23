import type { Clock } from './clock.ts';
import { errorTable, SluiceError } from './errors.ts';

/** A server's wish to be left alone is heeded for an hour at most. */
const longestWish = 3_600_000;

export interface BackoffPolicy {
  /** Milliseconds that the first delay has at most; each further one may be twice as long. */
  readonly firstMs: number;
  /** Milliseconds that no delay exceeds. */
  readonly maxMs: number;
}

export interface RetryOptions extends BackoffPolicy {
  /** How often the work is tried at most, the first time included. */
  readonly attempts: number;
  readonly clock: Clock;
  /** A number in [0, 1), like Math.random. */
  readonly random: () => number;
  readonly signal?: AbortSignal;
  /** Whether to try again after this error; `isTransient` by default. */
  readonly retryable?: (error: unknown) => boolean;
  /** Milliseconds that the other side asked us to wait, e.g. from `Retry-After`; at most an hour of them is heeded. */
  readonly delayFor?: (error: unknown) => number | undefined;
  /** Called before each wait; `attempt` counts from 1. */
  readonly onRetry?: (retry: { readonly attempt: number; readonly delayMs: number; readonly error: unknown }) => void;
}

/** Does the work, and again with growing, fully jittered delays while it fails for a transient reason. Ends with the last error. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, signal, retryable = isTransient, delayFor, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (attempt >= options.attempts || !retryable(error)) throw error;
      const wished = Math.min(delayFor?.(error) ?? 0, longestWish);
      const delayMs = Math.max(wished, fullJitter(attempt, options, random));
      onRetry?.({ attempt, delayMs, error });
      await clock.sleep(delayMs, signal);
    }
  }
}

/** Milliseconds to wait after the `failures`-th failure in a row: evenly spread between 0 and the doubled bound, so that many callers do not come back at once. */
export function fullJitter(failures: number, policy: BackoffPolicy, random: () => number): number {
  return random() * ceiling(failures, policy);
}

function ceiling(failures: number, { firstMs, maxMs }: BackoffPolicy): number {
  return Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
}

/** Whether the same may succeed later without anybody mending something: temporary failures and unreachable servers. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return false;
  return (
    errorTable[error.code].exit === 75 ||
    error.code === 'http.unreachable' ||
    error.code === 'slurm.unreachable' ||
    error.code === 'nats.unreachable' ||
    error.code === 'process.start'
  );
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110 §10.2.3); undefined for anything else. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  if (!/[a-z]/i.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The rhythm of a question that is asked periodically: its interval while it is answered, longer and longer while it is
 * not, and the interval again after the first answer. It never comes faster than the interval.
 */
export class Backoff {
  readonly #intervalMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** `intervalMs` between answered questions, at most `maxMs` between others; both in milliseconds. */
  constructor(options: { readonly intervalMs: number; readonly maxMs: number; readonly random: () => number }) {
    this.#intervalMs = options.intervalMs;
    this.#maxMs = Math.max(options.maxMs, options.intervalMs);
    this.#random = options.random;
  }

  /** Failures since the last answer. */
  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
  }

  /** Milliseconds until the question is to be asked again. */
  delayMs(): number {
    if (this.#failures === 0) return this.#intervalMs;
    const bound = ceiling(this.#failures + 1, { firstMs: this.#intervalMs, maxMs: this.#maxMs });
    return this.#intervalMs + this.#random() * (bound - this.#intervalMs);
  }
}
