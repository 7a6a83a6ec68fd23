import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { SluiceError } from './errors.ts';

/**
 * Whom we trust: the system's store, what NODE_EXTRA_CA_CERTS names, and further authorities in PEM form. Where the system has
 * no store, Node's own list takes its place. Made once per client, because reading a few hundred certificates takes milliseconds.
 */
export function trust(authorities: string | undefined): SecureContext {
  const system = getCACertificates('system');
  const store = system.length > 0 ? system : getCACertificates('bundled');
  const ca = new Set([...store, ...getCACertificates('extra'), ...(authorities === undefined ? [] : [authorities])]);
  return createSecureContext({ ca: [...ca] });
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
