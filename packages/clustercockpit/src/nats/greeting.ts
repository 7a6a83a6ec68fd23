import { createConnection } from 'node:net';
import { SluiceError } from '@sluice/io';
import { addressText, type NatsAddress } from './servers.ts';

/** What a NATS server says of itself before anything else. */
export interface Greeting {
  /** `required`: it speaks to nobody without TLS. */
  readonly tls: 'required' | 'offered' | 'none';
}

const longestGreeting = 256 * 1024;

/**
 * Asks the address whether a NATS server stands there, on a connection of its own. The client library gives up on a server
 * that accepts and then says nothing, but leaves the socket open; a daemon that tries for days would run out of them.
 * Errors: `nats.unreachable` with the cause; the signal's reason when the caller gave up.
 */
export async function greetingOf(address: NatsAddress, timeoutMs: number, signal: AbortSignal): Promise<Greeting> {
  const where = `the NATS server at ${addressText(address)}`;
  const patience = AbortSignal.timeout(timeoutMs);
  const socket = createConnection({ ...address, signal: AbortSignal.any([signal, patience]) });
  try {
    let said = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      said += chunk;
      const end = said.indexOf('\r\n');
      if (end !== -1) return judged(said.slice(0, end), addressText(address));
      if (said.length > longestGreeting || !'INFO '.startsWith(said.slice(0, 5))) break;
    }
    throw said === '' ? unreachable(`${where} hung up without a word`) : strange(addressText(address));
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    signal.throwIfAborted();
    if (patience.aborted) throw unreachable(`${where} did not answer within ${timeoutMs / 1000} s`);
    throw unreachable(`${where} cannot be reached: ${reasonOf(error)}`, error);
  } finally {
    socket.destroy();
  }
}

function judged(line: string, address: string): Greeting {
  try {
    const info = JSON.parse(/^INFO (.*)$/.exec(line)?.[1] ?? '') as { tls_required?: boolean; tls_available?: boolean };
    return { tls: info.tls_required ? 'required' : info.tls_available ? 'offered' : 'none' };
  } catch {
    throw strange(address);
  }
}

function strange(address: string): SluiceError {
  return new SluiceError('nats.unreachable', `what answers at ${address} is no NATS server`, { hint: 'Check natsServer and natsPort.' });
}

function unreachable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('nats.unreachable', message, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Check natsServer and natsPort, and whether the server runs.',
  });
}

/** Of a name with several addresses Node tells several errors in one. */
function reasonOf(error: unknown): string {
  const errors = error instanceof AggregateError ? error.errors : [error];
  return errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
}
