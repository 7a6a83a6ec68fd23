import type { IncomingMessage } from 'node:http';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { Identity } from '../model/job.ts';
import { userOfJwt } from './jwt.ts';

/**
 * Who asks. `missing`: slurmrestd itself refuses (401). `refused`: it passes the token on, and the daemons refuse it, each in its own words
 * (measured: slurmrestd does not look into tokens).
 */
export type Caller = { readonly kind: 'known'; readonly as: Identity } | { readonly kind: 'refused' } | { readonly kind: 'missing' };

export interface AuthOptions {
  /** HS256 key of the cluster; null takes any token. */
  readonly jwtKey: Uint8Array | null;
  /** Whom a local socket's caller without a token is (rest_auth/local); null: a token is needed. */
  readonly local: Identity | null;
}

/** `X-SLURM-USER-NAME` and `X-SLURM-USER-TOKEN`, or `Authorization: Bearer`; the name may be left out since 23.11 and is the token's then. */
export function authenticate(headers: IncomingMessage['headers'], options: AuthOptions, slurm: EmulatedSlurm, release: number): Caller {
  const name = single(headers['x-slurm-user-name']);
  const own = single(headers['x-slurm-user-token']);
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (own !== undefined && bearer !== undefined) return { kind: 'missing' };
  const token = own ?? bearer;
  if (token === undefined || token === '')
    return options.local === null || name !== undefined ? { kind: 'missing' } : { kind: 'known', as: options.local };
  if (release < 2302 && (name === undefined || own === undefined)) return { kind: 'missing' };
  const read = userOfJwt(token, options.jwtKey, slurm.time.now());
  if (read === undefined) return { kind: 'refused' };
  const user = name ?? read.user;
  if (user === null || user === undefined) return { kind: 'missing' };
  // Who may speak for SlurmUser may speak for anybody; others for themselves.
  const mayName = read.user === null || read.user === user || read.user === 'root' || read.user === slurmUser(slurm);
  const as = mayName ? identityOf(user, slurm) : undefined;
  return as === undefined ? { kind: 'refused' } : { kind: 'known', as };
}

function slurmUser(slurm: EmulatedSlurm): string {
  return slurm.spec.settings['SlurmUser'] ?? 'slurm';
}

function identityOf(user: string, slurm: EmulatedSlurm): Identity | undefined {
  if (user === 'root' || user === slurmUser(slurm)) return { uid: 0, gid: 0, user, group: user };
  const own = slurm.spec.users.find(({ name }) => name === user);
  return own && { uid: own.uid, gid: own.gid, user, group: own.group };
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
