import { SluiceError } from '@sluice/io';
import { fittedLines } from './fitted-lines.ts';
import { type JobEvent, jobLines } from './line-protocol.ts';

/** One message as the publisher takes it. */
export interface NatsMessage {
  /** The publisher's own where it is left out. */
  readonly subject?: string;
  /** One line or several, see `jobLines`. */
  readonly payload: string;
  /** Names the message in errors, and to JetStream, which drops what has the id of an earlier one: the run and what is told of it. */
  readonly id: string;
  /** The same in at most so many bytes, or undefined where that cannot be. */
  readonly shortened?: (bytes: number) => string | undefined;
}

/** A message about jobs, which may be shortened. The events come to cc-backend in this order (contract §9.3). */
export function jobMessage(events: readonly JobEvent[], options: { readonly hostname: string; readonly id: string }): NatsMessage {
  const { hostname, id } = options;
  return { payload: jobLines(events, hostname), id, shortened: (bytes) => fittedLines(events, hostname, bytes) };
}

/** A message as it goes over the wire. */
export interface SendableMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly id: string;
}

/** Messages that the server will never take as they are. Whether it has had others that were published with them is not known. */
export class NatsRefusal extends SluiceError {
  /** Ids of the messages that are refused. */
  readonly ids: readonly string[];

  constructor(message: string, ids: readonly string[], options: { readonly cause?: unknown; readonly hint?: string } = {}) {
    super('nats.refused', message, options);
    this.ids = ids;
  }
}

/** The messages within the server's bound, which counts the header with the id, too. Throws a `NatsRefusal` if one cannot be. */
export function sendable(
  messages: readonly NatsMessage[],
  options: { readonly subject: string; readonly maxPayload: number; readonly withId: boolean },
): SendableMessage[] {
  const { subject, maxPayload, withId } = options;
  const bound = ({ id }: NatsMessage) => maxPayload - (withId ? Buffer.byteLength(`NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`) : 0);
  const ready = messages.map((message) => ({ message, payload: within(message, bound(message)) }));
  const refused = ready.filter(({ payload }) => payload === undefined).map(({ message }) => message);
  if (refused.length === 0) {
    return ready.flatMap(({ message: { id, subject: own = subject }, payload }) => (payload ? [{ id, subject: own, payload }] : []));
  }
  const [first] = refused;
  const size = Buffer.byteLength(first?.payload ?? '');
  throw new NatsRefusal(
    `the NATS server takes messages of at most ${maxPayload} bytes; ${first?.id} has ${size}, and is too large without script and description as well`,
    refused.map(({ id }) => id),
    { hint: 'Raise max_payload in the configuration of the NATS server.' },
  );
}

function within({ payload, shortened }: NatsMessage, bytes: number): Uint8Array | undefined {
  const whole = Buffer.from(payload);
  if (whole.length <= bytes) return whole;
  const short = shortened?.(bytes);
  return short === undefined ? undefined : Buffer.from(short);
}
