import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, SluiceError } from '@sluice/io';

/** A subject that the server does not let us use. */
export interface Violation {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/**
 * One connection to one server from its beginning to its end; a later connection is another link. So nothing that was
 * published on one is taken for confirmed by another.
 */
export class Link {
  readonly connection: NatsConnection;
  /** `host:port` */
  readonly server: string;
  /** Resolves when it has ended, with the reason. */
  readonly ended: Promise<SluiceError>;
  readonly #clock: Clock;
  readonly #waiting = new Set<(reason: SluiceError) => void>();
  readonly #violations: (Violation & { readonly at: number })[] = [];
  #errorsHeard = 0;
  #reason: SluiceError | null = null;

  constructor(connection: NatsConnection, server: string, clock: Clock) {
    this.connection = connection;
    this.server = server;
    this.#clock = clock;
    this.ended = this.#end();
    void this.#listen();
  }

  /** Bytes that a message may have, headers included. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024;
  }

  /** Whether the server has JetStream at all. */
  get hasJetStream(): boolean {
    return this.connection.info?.jetstream === true;
  }

  /** How many errors the server has told so far. */
  get errorsHeard(): number {
    return this.#errorsHeard;
  }

  /** What the server has refused to us after it had told so many errors: one of these subjects, or to hear its answers. */
  violation(subjects: ReadonlySet<string>, since: number): Violation | undefined {
    return this.#violations.find(({ operation, subject, at }) => at > since && (operation === 'subscription' || subjects.has(subject)));
  }

  /**
   * The work's outcome, or the error with which the connection ends before it. After the time-out the connection is ended:
   * a server that confirms nothing may be gone without a word.
   */
  async within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    if (this.#reason !== null) throw this.#reason;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const done = new AbortController();
    this.#waiting.add(reject);
    work.then(resolve, reject);
    this.#clock.sleep(timeoutMs, done.signal).then(
      () => {
        reject(new SluiceError('nats.failed', `the NATS server at ${this.server} confirmed nothing within ${timeoutMs / 1000} s`));
        void this.close();
      },
      () => {},
    );
    try {
      return await promise;
    } finally {
      done.abort();
      this.#waiting.delete(reject);
    }
  }

  /** Ends it at once; what was not confirmed by then is not known to have come. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  async #end(): Promise<SluiceError> {
    const cause = await this.connection.closed();
    const reason = lost(this.server, cause);
    this.#reason = reason;
    for (const reject of this.#waiting) reject(reason);
    return reason;
  }

  async #listen(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type !== 'error') continue;
      this.#errorsHeard += 1;
      const { error } = status;
      if (error.name !== 'PermissionViolationError') continue;
      const { operation, subject } = error as Error & Violation;
      this.#violations.push({ operation, subject, at: this.#errorsHeard });
      if (this.#violations.length > mostViolations) this.#violations.shift();
    }
  }
}

const mostViolations = 100;

function lost(server: string, cause: unknown): SluiceError {
  const why = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return new SluiceError('nats.failed', `the connection to the NATS server at ${server} ended${why}`, {
    ...(cause instanceof Error ? { cause } : {}),
  });
}
