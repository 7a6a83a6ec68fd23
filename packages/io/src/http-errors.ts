import { type ErrorCode, SluiceError } from './errors.ts';
import { redactText } from './redact.ts';

const tlsFault =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CRL_|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH|EPROTO$|UND_ERR_PRX_TLS)/;

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: is the server running, and is the port right?',
  ENOTFOUND: 'The name is not known to the resolver: is it spelled right?',
  EAI_AGAIN: 'The resolver does not answer; it may pass by itself.',
  ENOENT: 'There is no such socket: is the server running, and is the path right?',
  EACCES: 'This user may not open the socket.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Add the certificate authority to the system’s store, or name its PEM file in the configuration.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Add the certificate to the system’s store, or name its PEM file in the configuration.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'Add the certificate authority to the system’s store, or name its PEM file; the server may also fail to send the chain.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Add the certificate authority to the system’s store, or name its PEM file; the server may also fail to send the chain.',
  CERT_HAS_EXPIRED: 'Renew the server’s certificate; is the clock of this machine right?',
  CERT_NOT_YET_VALID: 'Is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use the host name that the certificate is made out to.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The server does not speak TLS on this port: http:// instead of https://?',
  EPROTO: 'The server does not speak TLS on this port: http:// instead of https://?',
};

/** What a failed exchange was, as far as we saw it. `started` says whether any of the request may have been sent. */
export interface Failure {
  /** `POST https://host/path`, without the query. */
  readonly what: string;
  readonly started: boolean;
}

/** The typed error for what the HTTP library raised. */
export function httpError(error: unknown, { what, started }: Failure): SluiceError {
  const code = errnoOf(error);
  const reason = redactText(`${plainly(firstMessage(error))}${code === '' ? '' : ` (${code})`}`);
  const options = code in hints ? { cause: error, hint: hints[code] as string } : { cause: error };
  return new SluiceError(codeFor(code, started), `${what}: ${reason}`, options);
}

function codeFor(code: string, started: boolean): ErrorCode {
  if (tlsFault.test(code)) return 'http.tls';
  if (code === 'UND_ERR_INVALID_ARG') return 'data.invalid';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'http.too-large';
  return started ? 'http.dropped' : 'http.unreachable';
}

function errnoOf(error: unknown): string {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown[] };
  // When a name has several addresses, Node wraps one error per address.
  const inner = errors?.[0] ?? cause;
  const own = typeof code === 'string' ? code : '';
  return own !== '' && !(own.startsWith('UND_ERR_PRX') && inner) ? own : inner ? errnoOf(inner) : own;
}

/** OpenSSL puts thread, library, function and source file around the reason; an administrator needs the reason. */
function plainly(message: string): string {
  return /^[0-9A-F]+:error:[^:]*:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
}

function firstMessage(error: unknown): string {
  const { message, errors } = (error ?? {}) as { message?: unknown; errors?: unknown[] };
  if (typeof message === 'string' && message !== '') return message;
  return errors?.[0] ? firstMessage(errors[0]) : 'unknown error';
}
