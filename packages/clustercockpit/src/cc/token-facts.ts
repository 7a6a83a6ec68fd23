/** What a JWT says of itself; nothing of it is verified. */
export interface TokenFacts {
  /** The user it was made for. */
  readonly subject: string | null;
  readonly roles: readonly string[];
  /** Unix seconds from which it is refused; null when it does not expire. */
  readonly expires: number | null;
}

/** A token that expires within this is to be renewed. */
export const tokenSoonSeconds = 7 * 86_400;

/** Reads a JWT's claims without its key (RFC 7519 §3); undefined for anything that is none. Never throws and never repeats the token. */
export function tokenFacts(jwt: string): TokenFacts | undefined {
  const parts = jwt.trim().split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined;
    const { sub, roles, exp } = claims as { sub?: unknown; roles?: unknown; exp?: unknown };
    return {
      subject: typeof sub === 'string' && sub !== '' ? sub : null,
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
      expires: typeof exp === 'number' && Number.isFinite(exp) ? Math.floor(exp) : null,
    };
  } catch {
    return undefined;
  }
}

/** Whether GraphQL shows every job to this token: to `api` alone, to an administrator and to support; to others it shows their own. */
export function seesAllJobs(jwt: string): boolean {
  const roles = tokenFacts(jwt)?.roles ?? [];
  return (roles.length === 1 && roles[0] === 'api') || roles.includes('admin') || roles.includes('support');
}

/** What to do about a token that was refused, as far as the token itself tells. `now` in Unix seconds. */
export function tokenHint(jwt: string, now: number): string {
  const facts = tokenFacts(jwt);
  const name = facts?.subject ?? 'NAME';
  const renew = `cc-backend -jwt ${name}`;
  if (jwt.trim() === '') return `No token is configured. Make one for a user with the role api alone: ${renew}`;
  if (!facts) return `What is configured as the token is no JWT. Make one for a user with the role api alone: ${renew}`;
  if (facts.expires !== null && facts.expires <= now) {
    return `The token of ${name} expired at ${new Date(facts.expires * 1000).toISOString()}. Make a new one: ${renew}`;
  }
  const allowed = facts.roles.includes('api') && (facts.roles.length === 1 || facts.roles.includes('admin'));
  if (!allowed) {
    const has = facts.roles.length === 0 ? 'no role' : `the roles ${facts.roles.join(', ')}`;
    return `The token of ${name} has ${has}; it needs api alone, or admin and api. Make one for such a user: ${renew}`;
  }
  const until = facts.expires === null ? 'does not expire' : `expires at ${new Date(facts.expires * 1000).toISOString()}`;
  return `The token of ${name} has the right roles and ${until}: was it made with this server's key? Make a new one: ${renew}`;
}
