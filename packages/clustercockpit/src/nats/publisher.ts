import { setImmediate } from 'node:timers/promises';
import { type Clock, readAuthorities, SluiceError } from '@sluice/io';
import { KeptConnection, type NatsEvent, type NatsState } from './connection.ts';
import { type NatsLogin, natsProof } from './credentials.ts';
import type { Link } from './link.ts';
import { type NatsMessage, type SendableMessage, sendable } from './message.ts';
import { natsServers } from './servers.ts';
import { streamSender } from './stream-sender.ts';

export interface NatsOptions {
  /** As `natsServers` reads it: several with commas between them, or as a list. */
  readonly server: string | readonly string[];
  /** For servers that name no port; 4222 by default. */
  readonly port?: number;
  /** For messages that name no subject. */
  readonly subject: string;
  readonly login?: NatsLogin;
  /** Whether to refuse servers without TLS. TLS that a server offers is used in any case. */
  readonly tls?: boolean;
  /** PEM file with authorities that are trusted besides the system's. */
  readonly caFile?: string | undefined;
  /** Whether a stream must confirm each message; it drops what it has had already, by the message's id. */
  readonly jetStream?: boolean;
  readonly clock: Clock;
  /** A number in [0, 1), like Math.random. */
  readonly random: () => number;
  readonly observe?: (event: NatsEvent) => void;
  /** Milliseconds for a server to answer a connection, and to confirm what was published; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds that `publish` waits for a connection that is being made; 2,000 by default. */
  readonly patienceMs?: number;
}

export interface NatsPublisher {
  /**
   * Resolves when the server has all of the messages, in their order. Nothing is kept for later: without a connection it
   * rejects, at once or after a short wait. After an error it is not known which messages have come. `nats.refused` is a
   * `NatsRefusal` and says which messages will never be taken; the other errors are the server's or the way's:
   * `nats.unreachable`, `nats.denied`, `nats.no-stream`, `nats.failed`, and `config.unreadable` or `config.invalid` for
   * files that have changed.
   */
  publish(messages: readonly NatsMessage[]): Promise<void>;
  state(): NatsState;
  /** Ends the connection; what is under way is rejected. */
  close(): Promise<void>;
}

/**
 * Begins to connect and goes on for ever; it does not wait for the first connection. Errors: `config.invalid` and
 * `config.unreadable`.
 */
export async function natsPublisher(options: NatsOptions): Promise<NatsPublisher> {
  const { subject, login = {}, jetStream = false, clock, random, observe = () => {}, timeoutMs = 10_000, patienceMs = 2000 } = options;
  checkSubject(subject);
  const servers = natsServers(options.server, options.port ?? 4222);
  const authorities = options.caFile ? readAuthorities(options.caFile) : undefined;
  const library = await import('./nats-library.ts');
  for (const text of natsProof(library, login, servers.login).findings) observe({ kind: 'finding', text });
  const send = jetStream ? await streamSender(timeoutMs) : sendPlain;
  const tls = options.tls === true || servers.tls;
  const kept = new KeptConnection({ library, clock, servers, login, tls, authorities, timeoutMs, random, observe, patienceMs });

  async function publish(messages: readonly NatsMessage[]): Promise<void> {
    for (const message of messages) if (message.subject !== undefined) checkSubject(message.subject);
    const link = await kept.link();
    const ready = sendable(messages, { subject, maxPayload: link.maxPayload, withId: jetStream });
    const before = link.errorsHeard;
    try {
      await link.within(send(link, ready), timeoutMs);
    } catch (error) {
      throw denial(link, ready, before) ?? (error instanceof SluiceError ? error : failed(link, error));
    }
    const denied = denial(link, ready, before);
    if (denied !== undefined) throw denied;
  }

  return { publish, state: () => kept.state(), close: () => kept.close() };
}

async function sendPlain({ connection }: Link, messages: readonly SendableMessage[]): Promise<void> {
  for (const { subject, payload } of messages) connection.publish(subject, payload);
  await connection.flush();
  // A refusal of the subject came before the confirmation; after this turn it has been heard.
  await setImmediate();
}

function denial(link: Link, messages: readonly SendableMessage[], since: number): SluiceError | undefined {
  const violation = link.violation(new Set(messages.map((message) => message.subject)), since);
  if (violation === undefined) return undefined;
  const { operation, subject } = violation;
  if (operation === 'publish') {
    return new SluiceError('nats.denied', `the NATS server at ${link.server} does not let this user publish to ${subject}`, {
      hint: `Permit it there: permissions { publish: ["${subject}"] }`,
    });
  }
  return new SluiceError(
    'nats.denied',
    `the NATS server at ${link.server} does not let this user hear JetStream's confirmations on ${subject}`,
    {
      hint: 'Permit it there: permissions { subscribe: ["_INBOX.>"] }',
    },
  );
}

function failed(link: Link, cause: unknown): SluiceError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new SluiceError('nats.failed', `the NATS server at ${link.server} confirmed nothing: ${said}`, { cause });
}

function checkSubject(subject: string): void {
  if (/^[^\s.*>]+(?:\.[^\s.*>]+)*$/.test(subject)) return;
  throw new SluiceError('config.invalid', `${JSON.stringify(subject)} is no subject that can be published to`, {
    hint: 'It is made of words with dots between them, without blanks and wildcards, e.g. jobs or cc.job.event.',
  });
}
