import { createHmac } from 'node:crypto';

/** A token as `scontrol token` makes it (slurm.conf(5), AuthAltTypes=auth/jwt): HS256, the user in `sun`. */
export function webToken(
  key: string | Uint8Array,
  claims: { readonly user: string; readonly from: number; readonly seconds: number },
): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: claims.from + claims.seconds, iat: claims.from, sun: claims.user })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
