import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { SluiceError } from './errors.ts';

/**
 * Whom we trust, each certificate in PEM form: the system's store, what NODE_EXTRA_CA_CERTS names, and further authorities.
 * Where the system has no store, Node's own list takes its place.
 */
export function trustedAuthorities(authorities?: string): string[] {
  const system = getCACertificates('system');
  const store = system.length > 0 ? system : getCACertificates('bundled');
  return [...new Set([...store, ...getCACertificates('extra'), ...(authorities === undefined ? [] : [authorities])])];
}

/** The same for a client that keeps it, because reading a few hundred certificates takes milliseconds. */
export function trust(authorities: string | undefined): SecureContext {
  return createSecureContext({ ca: trustedAuthorities(authorities) });
}

/** The PEM file's content. Errors: `config.unreadable`, and `config.invalid` when it holds no certificate. */
export function readAuthorities(caFile: string): string {
  let pem: string;
  try {
    pem = readFileSync(caFile, 'utf8');
  } catch (cause) {
    throw new SluiceError('config.unreadable', `the certificate authorities in ${caFile} cannot be read`, { cause });
  }
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new SluiceError('config.invalid', `${caFile} holds no certificate in PEM form`, { cause });
  }
  return pem;
}
