import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { SluiceError } from './errors.ts';

/**
 * Whom we trust: the system's store, what NODE_EXTRA_CA_CERTS names, and the authorities of `caFile`. Where the system has
 * no store, Node's own list takes its place. Made once per client, because reading a few hundred certificates takes milliseconds.
 */
export function trust(caFile: string | undefined): SecureContext {
  const system = getCACertificates('system');
  const store = system.length > 0 ? system : getCACertificates('bundled');
  const ca = new Set([...store, ...getCACertificates('extra'), ...(caFile === undefined ? [] : [readAuthorities(caFile)])]);
  return createSecureContext({ ca: [...ca] });
}

function readAuthorities(caFile: string): string {
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
