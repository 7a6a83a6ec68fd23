import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { type Clock, SluiceError, trustedAuthorities } from '@sluice/io';
import { type NatsLogin, natsProof } from './credentials.ts';
import { greetingOf } from './greeting.ts';
import { Link } from './link.ts';
import { addressText, type NatsAddress, type NatsServers } from './servers.ts';

export interface DialOptions {
  readonly library: typeof import('./nats-library.ts');
  readonly clock: Clock;
  readonly servers: NatsServers;
  readonly login: NatsLogin;
  /** Whether to refuse a server that speaks no TLS. */
  readonly tls: boolean;
  /** Authorities besides the system's, in PEM form. */
  readonly authorities: string | undefined;
  /** Milliseconds for a server to answer. */
  readonly timeoutMs: number;
}

/**
 * One connection to this server. Errors: `nats.unreachable`; `nats.denied` when it takes no login of ours;
 * `config.unreadable` and `config.invalid` for the files of the login; the signal's reason.
 */
export async function dial(address: NatsAddress, options: DialOptions, signal: AbortSignal): Promise<Link> {
  const { library, servers, login, clock, timeoutMs } = options;
  const server = addressText(address);
  const { authenticators } = natsProof(library, login, servers.login);
  const { tls } = await greetingOf(address, timeoutMs, signal);
  if (options.tls && tls === 'none') {
    throw new SluiceError('nats.unreachable', `the NATS server at ${server} offers no TLS, which the configuration demands`, {
      hint: 'Give the server a certificate, or turn natsTls off and use nats:// instead of tls://.',
    });
  }
  try {
    const connection = await library.connect({
      servers: [server],
      name: 'sluice',
      authenticator: authenticators,
      // Reconnecting is ours: on a connection of the library's what was published before it broke could be taken for confirmed.
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: timeoutMs,
      noAsyncTraces: true,
      // An offer of TLS is taken, too: the login must not pass in the clear where it need not.
      ...(tls === 'none' ? {} : { tls: tlsOptions(address, options.authorities) }),
    });
    return new Link(connection, server, clock);
  } catch (error) {
    signal.throwIfAborted();
    throw dialError(library, server, error);
  }
}

/** The library gives no name for an address in numbers, and Node compares the certificate with `localhost` then. */
function tlsOptions({ host }: NatsAddress, authorities: string | undefined): NodeConnectionOptions['tls'] & object {
  const identity = { checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate) };
  return { ca: trustedAuthorities(authorities).join('\n'), ...identity };
}

const tlsErrors = /certificate|self.signed|CERT_|ERR_TLS|ERR_SSL|SSL routines|issuer|altname/i;

function dialError(library: DialOptions['library'], server: string, error: unknown): SluiceError {
  const { AuthorizationError, UserAuthenticationExpiredError } = library.errors;
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
    return new SluiceError('nats.denied', `the NATS server at ${server} refuses the login: ${said}`, {
      cause: error,
      hint: 'Check natsUser and natsPassword, natsCredsFile or natsNKeySeedFile; credentials may have expired.',
    });
  }
  const code = String((error as Partial<NodeJS.ErrnoException> | null)?.code ?? '');
  if (tlsErrors.test(`${code} ${said}`)) {
    return new SluiceError('nats.unreachable', `the NATS server at ${server} cannot be trusted: ${said}`, {
      cause: error,
      hint: 'Name the authority that signed its certificate in natsCaFile, and the server by the name that the certificate has.',
    });
  }
  return new SluiceError('nats.unreachable', `no connection to the NATS server at ${server}: ${said}`, { cause: error });
}
