import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

/** Who asks, as the token says. */
export interface User {
  readonly name: string;
  /** Of `anonymous`, `api`, `user`, `manager`, `support`, `admin` (contract §2). */
  readonly roles: readonly string[];
  /** Known only of users that the database has. */
  readonly projects?: readonly string[];
}

/** Keys in the form of cc-backend's environment (contract §2.1). */
export interface JwtKeys {
  /** `JWT_PUBLIC_KEY`: base64 of the 32 bytes of an Ed25519 public key. */
  readonly publicKey: string;
  /** `JWT_PRIVATE_KEY`: base64 of seed and public key, 64 bytes. */
  readonly privateKey: string;
}

/** A pair as `tools/gen-keypair` prints it. */
export function generateKeys(): JwtKeys {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  return { publicKey: point.toString('base64'), privateKey: Buffer.concat([seed, point]).toString('base64') };
}

/** A token as `cc-backend -jwt` prints it; `claims` are added to `sub`, `roles` and `iat`, and may take their place. */
export function mintToken(keys: JwtKeys, user: User, issuedAt: number, claims: Readonly<Record<string, unknown>> = {}): string {
  const payload = { sub: user.name, roles: user.roles, iat: issuedAt, ...claims };
  const signed = `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey(keys)).toString('base64url')}`;
}

export type Checked = { readonly user: User } | { readonly error: string };

/**
 * Checks tokens as the server does (contract §2), `now` in seconds since the epoch. The signature of the token that came
 * last is not checked again: a client sends the same one with every request.
 */
export function tokenChecker(key: string): (token: string, now: number) => Checked {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key, 'base64').toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  let last: { readonly token: string; readonly claims: Claims } | undefined;
  return (token, now) => {
    if (last?.token !== token) {
      const read = readToken(token, publicKey);
      if ('error' in read) return read;
      last = { token, claims: read.claims };
    }
    return checkClaims(last.claims, now);
  };
}

type Claims = Readonly<Record<string, unknown>>;

function readToken(token: string, publicKey: KeyObject): { readonly claims: Claims } | { readonly error: string } {
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  const header = decode(head);
  const claims = decode(body);
  if (!header || !claims || signature === '' || more.length > 0) {
    return { error: 'token is malformed: token contains an invalid number of segments' };
  }
  if (header['alg'] !== 'EdDSA') return { error: 'token is unverifiable: error while executing keyfunc: only Ed25519/EdDSA supported' };
  if (!verify(null, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))) {
    return { error: 'token signature is invalid: ed25519: verification error' };
  }
  return { claims };
}

function checkClaims({ exp, nbf, sub, roles }: Claims, now: number): Checked {
  if (typeof exp === 'number' && now >= exp) return { error: 'token has invalid claims: token is expired' };
  if (typeof nbf === 'number' && now < nbf) return { error: 'token has invalid claims: token is not valid yet' };
  if (typeof sub !== 'string' || sub === '') return { error: "missing 'sub' claim in JWT" };
  return { user: { name: sub, roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [] } };
}

/** Which group of routes a token is for (contract §2). */
export type Gate = 'api' | 'userapi' | 'metric-store';

const companions: Readonly<Record<Exclude<Gate, 'api'>, readonly string[]>> = {
  userapi: ['user', 'manager', 'support', 'admin'],
  'metric-store': ['user', 'manager', 'admin'],
};

/** The role gates: `api` alone, or several roles with `api` and what the group asks for beside it (contract §2). */
export function mayPass(gate: Gate, { roles }: User): boolean {
  if (roles.length === 1) return roles[0] === 'api';
  if (!roles.includes('api')) return false;
  return gate === 'api' ? roles.includes('admin') : companions[gate].some((role) => roles.includes(role));
}

/** Whose jobs a user sees: everybody's, their own and those of their projects, or the server's sentence. */
export function visibleTo(user: User | undefined): Visibility {
  if (!user) return { error: 'user context is nil' };
  const { name, roles, projects = [] } = user;
  if ((roles.length === 1 && roles[0] === 'api') || roles.includes('admin') || roles.includes('support')) return {};
  if (roles.includes('manager')) return { visible: { user: name, projects } };
  if (roles.includes('user')) return { visible: { user: name, projects: [] } };
  return { error: 'user has no or unknown roles' };
}

export type Visibility =
  | { readonly visible?: { readonly user: string; readonly projects: readonly string[] } }
  | { readonly error: string };

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function privateKey(keys: JwtKeys): KeyObject {
  const bytes = Buffer.from(keys.privateKey, 'base64');
  const [d, x] = [bytes.subarray(0, 32), bytes.subarray(32)].map((part) => part.toString('base64url'));
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: d ?? '', x: x ?? '' }, format: 'jwk' });
}
