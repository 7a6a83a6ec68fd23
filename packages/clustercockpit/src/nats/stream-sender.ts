import { SluiceError } from '@sluice/io';
import type { Link } from './link.ts';
import { NatsRefusal, type SendableMessage } from './message.ts';

/** JetStream's word for a message above the stream's own bound (nats-server, errors.json). */
const tooLargeForStream = 10054;

/** Publishes through JetStream: resolves when a stream has stored each message, or had it already. */
export async function streamSender(timeoutMs: number): Promise<(link: Link, messages: readonly SendableMessage[]) => Promise<void>> {
  const { jetstream, JetStreamApiError } = await import('./jetstream-library.ts');

  function errorOf(error: unknown, { subject, id }: SendableMessage, link: Link): unknown {
    // The library's name for no answer at all; it does not export the class.
    if (error instanceof Error && error.name === 'JetStreamNotEnabled') return noStream(subject, link);
    if (!(error instanceof JetStreamApiError)) return error;
    if (error.code === tooLargeForStream)
      return new NatsRefusal(`the stream of ${subject} takes no message as large as ${id}`, [id], { cause: error });
    return new SluiceError('nats.failed', `the stream of ${subject} at ${link.server} did not store ${id}: ${error.message}`, {
      cause: error,
    });
  }

  return async (link, messages) => {
    const client = jetstream(link.connection, { timeout: timeoutMs });
    const outcomes = await Promise.allSettled(
      messages.map(async (message) => {
        try {
          await client.publish(message.subject, message.payload, { msgID: message.id });
        } catch (error) {
          throw errorOf(error, message, link);
        }
      }),
    );
    const errors: unknown[] = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    // What another attempt may mend comes first; what is refused for good is refused then again.
    const failure = errors.find((error) => !(error instanceof NatsRefusal));
    if (failure !== undefined) throw failure;
    const refusals = errors.filter((error) => error instanceof NatsRefusal);
    if (refusals[0] !== undefined) {
      throw new NatsRefusal(
        refusals[0].message,
        refusals.flatMap(({ ids }) => ids),
        { cause: refusals[0].cause },
      );
    }
  };
}

function noStream(subject: string, link: Link): SluiceError {
  if (!link.hasJetStream) {
    return new SluiceError('nats.no-stream', `the NATS server at ${link.server} has JetStream turned off`, {
      hint: 'Turn it on in the configuration of the server, or set natsJetStream to false.',
    });
  }
  return new SluiceError('nats.no-stream', `no stream at the NATS server ${link.server} takes the subject ${subject}`, {
    hint: `Make one: nats stream add sluice --subjects ${subject} --defaults`,
  });
}
