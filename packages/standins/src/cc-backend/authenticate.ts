import type { IncomingMessage } from 'node:http';
import { type Checked, type Gate, mayPass, tokenChecker, type User } from './auth.ts';
import type { Context } from './context.ts';
import type { CcBackendOptions } from './options.ts';
import { failure, type Reply, unauthorized } from './reply.ts';

/** Who asks, or the answer that ends it. */
export interface Authenticate {
  (request: IncomingMessage, gate: Gate): { readonly user?: User } | { readonly reply: Reply };
  /** The token alone, for the routes that have no gate. */
  token(request: IncomingMessage): Checked;
}

/** Checks requests in the order of the server: token, address, role (contract §2). */
export function authenticator(options: CcBackendOptions, context: Context): Authenticate {
  const { release, users } = context;
  const check = tokenChecker(options.publicKey);
  const allowed = options.allowedIps ?? [];
  const everybody = allowed[0] === '*' || (allowed.length === 0 && !release.ipsRequired);

  function token(request: IncomingMessage): Checked {
    const text = tokenOf(request);
    if (text === '') return { error: 'no user for secured check' };
    const checked = check(text, context.now());
    if ('error' in checked || !options.validateUser) return checked;
    const known = users.find(checked.user.name);
    return known ? { user: { name: known.username, roles: known.roles, projects: known.projects } } : { error: 'unknown user' };
  }

  function authenticate(request: IncomingMessage, gate: Gate): { readonly user?: User } | { readonly reply: Reply } {
    if (options.disableAuthentication) return {};
    const checked = token(request);
    if ('error' in checked) {
      return { reply: unauthorized(gate !== 'api' && tokenOf(request) === '' ? 'unauthorized' : checked.error) };
    }
    const address = clientAddress(request);
    if (gate === 'api' && !everybody && !allowed.includes(address)) return { reply: unauthorized(`unknown ip: ${address}`) };
    const { user } = checked;
    if (release.roleMissing === 403) return user.roles.includes('api') ? checked : { reply: failure(403, 'missing role: api') };
    return mayPass(gate, user) ? checked : { reply: unauthorized('unauthorized', user.roles.length === 0 ? 2 : 1) };
  }

  return Object.assign(authenticate, { token });
}

/** The token of a request, or empty (contract §2). */
export function tokenOf(request: IncomingMessage): string {
  const own = request.headers['x-auth-token'];
  if (typeof own === 'string' && own !== '') return own;
  return (request.headers.authorization ?? '').replace(/^Bearer /, '');
}

function clientAddress(request: IncomingMessage): string {
  const named = request.headers['x-real-ip'] || request.headers['x-forwarded-for'];
  if (typeof named !== 'string' || named === '') return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(named) ? named.replace(/:\d+$/, '') : named.replace(/^\[(.*)\](?::\d+)?$/, '$1');
}
