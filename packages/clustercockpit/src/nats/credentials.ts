import type { Authenticator } from '@nats-io/transport-node';
import { readSecret, SluiceError } from '@sluice/io';
import type { NatsServers } from './servers.ts';

type Library = typeof import('./nats-library.ts');
type Text = string | (() => string);

/** How we prove who we are; nothing of it is needed where the server asks for nothing. */
export interface NatsLogin {
  readonly user?: Text | undefined;
  readonly password?: Text | undefined;
  /** Path of a file with a user's JWT and seed, as `nsc generate creds` writes it. */
  readonly credsFile?: string | undefined;
  /** Path of a file with the seed of a user's NKey, bare or between the lines that NATS' tools put around it. */
  readonly nkeySeedFile?: string | undefined;
}

export interface NatsProof {
  readonly authenticators: Authenticator[];
  /** What the administrator should know about the files, one sentence each. */
  readonly findings: readonly string[];
}

/**
 * Reads what proves who we are; for each connection anew, so that a renewed file needs no restart. Errors:
 * `config.unreadable` and `config.invalid`, which name the file and never what is in it.
 */
export function natsProof(library: Library, login: NatsLogin, inAddress: NatsServers['login']): NatsProof {
  const { user, password, credsFile, nkeySeedFile } = login;
  if (credsFile && nkeySeedFile) {
    throw new SluiceError('config.invalid', 'natsCredsFile and natsNKeySeedFile exclude each other: the first holds a seed of its own');
  }
  const authenticators: Authenticator[] = [];
  const findings: string[] = [];
  const read = (what: string, file: string): string => {
    const { secret, findings: found } = readSecret(what, { file }, {});
    findings.push(...found);
    return secret.reveal();
  };
  const name = textOf(user);
  if (inAddress !== null && 'token' in inAddress) authenticators.push(library.tokenAuthenticator(inAddress.token));
  else if (inAddress !== null) authenticators.push(library.usernamePasswordAuthenticator(inAddress.user, inAddress.password));
  else if (name) authenticators.push(library.usernamePasswordAuthenticator(name, textOf(password)));
  if (credsFile) {
    const { jwt, seed } = partsOf(read('natsCredsFile', credsFile), credsFile);
    authenticators.push(library.jwtAuthenticator(jwt, userSeed(library, seed, 'natsCredsFile', credsFile)));
  }
  if (nkeySeedFile) {
    const seed = seedOf(read('natsNKeySeedFile', nkeySeedFile));
    authenticators.push(library.nkeyAuthenticator(userSeed(library, seed, 'natsNKeySeedFile', nkeySeedFile)));
  }
  return { authenticators, findings };
}

function textOf(text: Text | undefined): string {
  return typeof text === 'function' ? text() : (text ?? '');
}

/** The two blocks of a credentials file; around each stand lines that begin and end with at least three dashes. */
function partsOf(text: string, file: string): { readonly jwt: string; readonly seed: string } {
  const [jwt = '', seed = ''] = blocksOf(text);
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt) && seed !== '') return { jwt, seed };
  throw new SluiceError('config.invalid', `natsCredsFile: ${file} does not hold a JWT and a seed`, {
    hint: 'Write it with `nsc generate creds`, and give its path, not that of the JWT alone.',
  });
}

function seedOf(text: string): string {
  const [block] = blocksOf(text);
  if (block !== undefined) return block;
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^S[A-Z]/.test(line)) ?? '';
}

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^\s*-{3,}[^\n]*-{3,}[ \t\r]*\n\s*([^\s-]\S*)\s*\n\s*-{3,}[^\n]*-{3,}/gm)].map(([, block = '']) => block);
}

function userSeed(library: Library, seed: string, what: string, file: string): Uint8Array {
  const bytes = new TextEncoder().encode(seed);
  let key: string;
  try {
    key = library.nkeys.fromSeed(bytes).getPublicKey();
  } catch (cause) {
    throw new SluiceError('config.invalid', `${what}: ${file} holds no valid seed of an NKey`, { cause, hint: 'A seed begins with SU.' });
  }
  if (key.startsWith('U')) return bytes;
  throw new SluiceError('config.invalid', `${what}: the seed in ${file} is not that of a user`, { hint: 'A user’s seed begins with SU.' });
}
