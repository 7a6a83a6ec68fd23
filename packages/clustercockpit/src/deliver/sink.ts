import type { DueRun, DueStop, SinkName } from '../journal/types.ts';

/**
 * What an attempt came to. `stands`: the other side has it; `fresh` when it had not before. `missing`: the other side knows
 * nothing of the start of the run whose stop it was told. `aside`: refused for good. `unsent`: by policy or configuration
 * nothing is sent. `later`: not yet, though nothing went wrong.
 */
export type Outcome =
  | { readonly kind: 'stands'; readonly fresh: boolean }
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'aside'; readonly reason: string }
  | { readonly kind: 'unsent'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number };

/** Where runs are delivered to. Both writes may be repeated. Errors say that the outcome is unknown or nothing was done. */
export interface Sink {
  readonly name: SinkName;
  /** How many writes of each kind are under way at most. */
  readonly concurrency: { readonly start: number; readonly stop: number };
  start(run: DueRun): Promise<Outcome>;
  stop(run: DueStop): Promise<Outcome>;
  /** Milliseconds that a stop must wait after the start was accepted (contract W1). */
  stopAfterMs(): number;
}
