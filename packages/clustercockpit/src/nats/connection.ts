import { fullJitter, SluiceError } from '@sluice/io';
import { type DialOptions, dial } from './dial.ts';
import type { Link } from './link.ts';

/** What happens to the connection, for the log. A failure that goes on as before is told once. */
export type NatsEvent =
  | { readonly kind: 'connected'; readonly server: string }
  | { readonly kind: 'lost'; readonly server: string; readonly error: SluiceError }
  | { readonly kind: 'failing'; readonly error: SluiceError }
  | { readonly kind: 'finding'; readonly text: string };

export interface NatsState {
  readonly connection: 'connected' | 'connecting' | 'closed';
  /** `host:port` of the server it is connected to. */
  readonly server: string | null;
  /** Why there is none, or why the last one ended. */
  readonly error: SluiceError | null;
}

export interface KeptOptions extends DialOptions {
  readonly random: () => number;
  readonly observe: (event: NatsEvent) => void;
  /** Milliseconds that a caller waits for the connection where no attempt has failed yet. */
  readonly patienceMs: number;
}

const pause = { firstMs: 2000, maxMs: 30_000 };

/** A connection that is sought for ever, at one server after the other, and replaced when it ends. */
export class KeptConnection {
  readonly #options: KeptOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<PromiseWithResolvers<Link>>();
  readonly #over: Promise<void>;
  #link: Link | null = null;
  #error: SluiceError | null = null;
  /** Whether all servers have failed since the last connection. */
  #failing = false;

  constructor(options: KeptOptions) {
    this.#options = options;
    this.#over = this.#keep();
  }

  state(): NatsState {
    const connection = this.#closing.signal.aborted ? 'closed' : this.#link === null ? 'connecting' : 'connected';
    return { connection, server: this.#link?.server ?? null, error: this.#error };
  }

  /** The connection; without one the error that stands in the way, at once when it is known, else after a short wait. */
  async link(): Promise<Link> {
    if (this.#closing.signal.aborted) throw closed();
    if (this.#link !== null) return this.#link;
    if (this.#failing && this.#error !== null) throw again(this.#error);
    const waiter = Promise.withResolvers<Link>();
    const done = new AbortController();
    this.#waiting.add(waiter);
    this.#options.clock.sleep(this.#options.patienceMs, done.signal).then(
      () => waiter.reject(new SluiceError('nats.unreachable', 'there is no connection to a NATS server yet')),
      () => {},
    );
    try {
      return await waiter.promise;
    } finally {
      done.abort();
      this.#waiting.delete(waiter);
    }
  }

  /** Ends for good; what waits is rejected. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#over;
    this.#closing.abort(closed());
    for (const waiter of this.#waiting) waiter.reject(closed());
    await this.#link?.close();
    await this.#over;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const link = await this.#anyServer();
      if (link !== null) {
        failures = 0;
        await this.#hold(link);
      }
      failures += 1;
      await this.#options.clock.sleep(fullJitter(failures, pause, this.#options.random), signal).catch(() => {});
    }
  }

  async #anyServer(): Promise<Link | null> {
    const { signal } = this.#closing;
    let worst: SluiceError | null = null;
    for (const address of this.#options.servers.addresses) {
      if (signal.aborted) return null;
      try {
        return await dial(address, this.#options, signal);
      } catch (error) {
        const typed =
          error instanceof SluiceError ? error : new SluiceError('internal', `dialling failed: ${String(error)}`, { cause: error });
        // What somebody must mend says more than that another server is down.
        if (worst === null || worst.code === 'nats.unreachable') worst = typed;
      }
    }
    if (!signal.aborted && worst !== null) this.#failed(worst);
    return null;
  }

  #failed(error: SluiceError): void {
    if (!this.#failing || this.#error?.message !== error.message) this.#options.observe({ kind: 'failing', error });
    this.#failing = true;
    this.#error = error;
    for (const waiter of this.#waiting) waiter.reject(again(error));
  }

  async #hold(link: Link): Promise<void> {
    if (this.#closing.signal.aborted) return link.close();
    this.#link = link;
    this.#failing = false;
    this.#error = null;
    this.#options.observe({ kind: 'connected', server: link.server });
    for (const waiter of this.#waiting) waiter.resolve(link);
    const error = await link.ended;
    this.#link = null;
    if (this.#closing.signal.aborted) return;
    this.#error = error;
    this.#options.observe({ kind: 'lost', server: link.server, error });
  }
}

function closed(): SluiceError {
  return new SluiceError('nats.unreachable', 'the connection to NATS has been closed');
}

/** The same error for another caller: its stack and what is done with it are his own. */
function again(error: SluiceError): SluiceError {
  return new SluiceError(error.code, error.message, { cause: error.cause, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}
