import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Epoch } from '@sluice/slurm';

/** What auth/jwt puts into its tokens: who it is for, since when, until when. */
export interface JwtClaims {
  readonly sun: string;
  readonly iat: Epoch;
  readonly exp: Epoch;
}

/** A token as `scontrol token` prints it behind `SLURM_JWT=`: HS256 over the cluster's key. */
export function mintJwt(key: Uint8Array, { exp, iat, sun }: JwtClaims): string {
  const head = encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));
  const claims = encode(JSON.stringify({ exp, iat, sun }));
  return `${head}.${claims}.${signature(key, `${head}.${claims}`)}`;
}

/**
 * Whom a token is for; undefined when its signature is not the key's, it is not HS256, or its time is over or has not begun. Without a key
 * every token is good, and the user is the one it names, if it names one.
 */
export function userOfJwt(token: string, key: Uint8Array | null, now: Epoch): { readonly user: string | null } | undefined {
  const parts = token.split('.');
  const [head = '', claims = '', signed = ''] = parts;
  const body = parts.length === 3 ? readPart(claims) : undefined;
  const user = typeof body?.['sun'] === 'string' ? body['sun'] : typeof body?.['username'] === 'string' ? body['username'] : null;
  if (key === null) return { user };
  if (body === undefined || readPart(head)?.['alg'] !== 'HS256' || user === null) return undefined;
  if (!isSame(signed, signature(key, `${head}.${claims}`))) return undefined;
  const { exp, iat } = body;
  if (typeof exp !== 'number' || exp <= now) return undefined;
  if (typeof iat === 'number' && iat > now + clockSkewSeconds) return undefined;
  return { user };
}

/** Clocks of the machine that made a token and of this one need not agree to the second. */
const clockSkewSeconds = 60;

function signature(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function readPart(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
