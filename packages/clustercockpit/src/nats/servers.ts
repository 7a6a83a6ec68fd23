import { SluiceError } from '@sluice/io';

export interface NatsServers {
  /** In the order of the configuration. */
  readonly addresses: readonly NatsAddress[];
  /** Whether one was given as `tls://`; then none is spoken to without TLS. */
  readonly tls: boolean;
  /** What stood before an `@`, as NATS' own clients read it: user and password, or a token. */
  readonly login: { readonly user: string; readonly password: string } | { readonly token: string } | null;
}

export interface NatsAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `natsServer`: a host, `host:port`, `nats://…` or `tls://…`, several with commas between them, each as
 * `user:password@host` where it must. `port` is for those that name none. Errors: `config.invalid`; no message holds a login.
 */
export function natsServers(text: string | readonly string[], port: number): NatsServers {
  const given = (typeof text === 'string' ? text.split(',') : text).map((item) => item.trim()).filter((item) => item !== '');
  const read = given.map((item, at) => oneServer(item, port, `natsServer${given.length > 1 ? `, entry ${at + 1}` : ''}`));
  if (read.length === 0) throw new SluiceError('config.invalid', 'natsServer names no server');
  const logins = read.map(({ login }) => login).filter((login) => login !== null);
  if (new Set(logins.map((login) => JSON.stringify(login))).size > 1) {
    throw new SluiceError('config.invalid', 'the servers of natsServer have different logins; one is used for all');
  }
  return { addresses: read.map(({ address }) => address), tls: read.some(({ tls }) => tls), login: logins[0] ?? null };
}

interface OneServer {
  readonly address: NatsAddress;
  readonly tls: boolean;
  readonly login: NatsServers['login'];
}

function oneServer(text: string, defaultPort: number, where: string): OneServer {
  const wrong = () =>
    new SluiceError('config.invalid', `${where} is no address of a NATS server`, {
      hint: 'It is a host, host:port, nats://host:port or tls://host:port; an IPv6 address with a port stands in brackets.',
    });
  const [, scheme = 'nats', rest = ''] = /^(?:([a-z]+):\/\/)?(.*?)\/?$/i.exec(text) ?? [];
  if (!['nats', 'tls'].includes(scheme.toLowerCase())) throw wrong();
  const at = rest.lastIndexOf('@');
  const { host, port = defaultPort } = hostAndPort(rest.slice(at + 1)) ?? {};
  if (host === undefined || port < 1 || port > 65535) throw wrong();
  return { address: { host, port }, tls: scheme.toLowerCase() === 'tls', login: at === -1 ? null : loginOf(rest.slice(0, at)) };
}

function hostAndPort(text: string): { readonly host: string; readonly port?: number } | undefined {
  const ipv6 = /^(?:\[([\da-f:.]+)\](?::(\d{1,5}))?|([\da-f]*:[\da-f]*:[\da-f:.]*))$/i.exec(text);
  const [, name, digits] = ipv6 ? [undefined, ipv6[1] ?? ipv6[3], ipv6[2]] : (/^([\w.-]+)(?::(\d{1,5}))?$/.exec(text) ?? []);
  if (name === undefined) return undefined;
  return digits === undefined ? { host: name } : { host: name, port: Number(digits) };
}

function loginOf(text: string): NatsServers['login'] {
  const [user = '', ...password] = text.split(':');
  return password.length === 0 ? { token: decoded(user) } : { user: decoded(user), password: decoded(password.join(':')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `host:port` for messages. */
export function addressText({ host, port }: NatsAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
