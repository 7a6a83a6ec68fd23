import { type Backoff, type Clock, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import { told } from '../trouble.ts';

export interface LoopOptions {
  /** What is repeated, as a message begins with it: `slurmctld`. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly said: SaidOnce;
  /** The rhythm: the interval after a success, longer and longer after failures. */
  readonly backoff: Backoff;
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Follows a failure that is said, e.g. `starts and ends go on through slurmctld`. */
  readonly meanwhile: string;
}

/** Work that is done again and again. A failure is said once, and never ends it. */
export class Loop {
  readonly #options: LoopOptions;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #failure: string | null = null;
  #doneMs: number | null = null;
  #turnedMs: number | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Why the last round failed; null when it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  /** When a round last succeeded, in milliseconds since the epoch; null when none has. */
  get doneMs(): number | null {
    return this.#doneMs;
  }

  /** When a round last ended, or the first began, on the monotonic clock: what tells a slow loop from a stuck one. */
  get turnedMs(): number | null {
    return this.#turnedMs;
  }

  /** Does the next round now. */
  hurry(): void {
    this.#wake.resolve();
  }

  /** Rounds until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await this.once(signal);
    await this.goOn(signal);
  }

  /** Rounds until the signal, after one that has just been done. */
  async goOn(signal: AbortSignal): Promise<void> {
    const { clock, backoff } = this.#options;
    while (!signal.aborted) {
      const woken = new AbortController();
      const slept = clock.sleep(backoff.delayMs(), AbortSignal.any([signal, woken.signal])).catch(() => {});
      await Promise.race([slept, this.#wake.promise]);
      woken.abort();
      await this.once(signal);
    }
  }

  /** One round; says whether it succeeded. */
  async once(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const { name, said, log, work, backoff, meanwhile, clock } = this.#options;
    this.#wake = Promise.withResolvers();
    this.#turnedMs ??= clock.monotonic();
    try {
      await work(signal);
      backoff.succeeded();
      this.#failure = null;
      this.#doneMs = clock.now();
      said.ends(name, `${name} answers again`);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      backoff.failed();
      this.#failure = error instanceof Error ? error.message : String(error);
      if (!(error instanceof SluiceError)) log.error({ err: error }, `${name}: a fault of Sluice itself`);
      said.begins(name, `${name}: ${told(error)}; ${meanwhile}`);
      return false;
    } finally {
      this.#turnedMs = clock.monotonic();
    }
  }
}
