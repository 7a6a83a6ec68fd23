import { type ErrorCode, SluiceError } from '@sluice/io';
import type { SyncOutcome } from './report.ts';

/** What is to be done for one run; it resolves with the outcome. Errors: those of the client. */
export interface Work extends Pick<SyncOutcome, 'what' | 'run'> {
  readonly act: () => Promise<Pick<SyncOutcome, 'result' | 'reason'>>;
}

/** Errors that are cc-backend's, not the run's: nothing else would fare better now. */
const commonCause: ReadonlySet<ErrorCode> = new Set([
  'http.unreachable',
  'http.tls',
  'cc.denied',
  'cc.no-route',
  'config.unreadable',
  'config.invalid',
  'internal',
]);
/** So many failures in a row are cc-backend's, too. */
const failuresAtMost = 5;

export interface WritesOptions {
  /** Runs that may be sent at most; what is refused or stands there already does not count. */
  readonly limit: number;
  /** How many may be under way at a time. */
  readonly concurrency: number;
  readonly told: (outcome: SyncOutcome) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Does the writes of one direction, within its limit, until one shows that cc-backend takes nothing more. */
export class Writes {
  readonly #options: WritesOptions;
  #left: number;
  #failures = 0;
  #trouble: SluiceError | null = null;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#left = options.limit;
  }

  /** Why nothing more can be done; null while it can. */
  get trouble(): SluiceError | null {
    return this.#trouble;
  }

  /** Whether further work would be done. */
  get open(): boolean {
    return this.#left > 0 && this.#trouble === null;
  }

  /** Tells of a run for which there is nothing to do. */
  tell(outcome: SyncOutcome): void {
    this.#options.told(outcome);
  }

  /** Does the work, and gives back how much of it was left over. Errors: the signal's reason, and faults of ours. */
  async all(work: readonly Work[]): Promise<number> {
    const queue = [...work];
    const worker = async (): Promise<void> => {
      while (this.open) {
        this.#options.signal?.throwIfAborted();
        const next = queue.shift();
        if (!next) return;
        this.#left--;
        await this.#one(next);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(this.#options.concurrency, work.length) }, worker));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    // A write that took nothing of the limit after all may have left room when the others had gone.
    return this.open && queue.length > 0 ? this.all(queue) : queue.length;
  }

  async #one({ what, run, act }: Work): Promise<void> {
    const outcome = await this.#outcomeOf(act);
    if (outcome.result !== 'sent' && outcome.result !== 'waits') this.#left++;
    this.tell({ what, run, ...outcome });
  }

  async #outcomeOf(act: Work['act']): Promise<Pick<SyncOutcome, 'result' | 'reason'>> {
    try {
      const outcome = await act();
      this.#failures = 0;
      return outcome;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#failures++;
      if (commonCause.has(error.code) || this.#failures >= failuresAtMost) this.#trouble ??= error;
      return { result: 'waits', reason: error.message };
    }
  }
}
