/** Where the daemon and the hook meet. */
export type SocketAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` is null for every address of this machine (listening) or this machine itself (connecting). */
  | { readonly kind: 'tcp'; readonly host: string | null; readonly port: number };

const tcpAddress = /^(?:\[(?<v6>[\da-fA-F:.%\w]*)\]|(?<name>[^[\]:\s]*)):(?<port>\d{1,5})$/;

/**
 * Reads a socket as cc-slurm-adapter writes it: `/path`, `unix:/path`, `tcp:host:port`, `tcp:[v6]:port`, `tcp::port`; what
 * stands before the first colon in any case. Undefined when it is none of them.
 */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const colon = text.indexOf(':');
  const kind = colon < 0 ? 'unix' : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  if (kind === 'unix') return rest === '' ? undefined : { kind, path: rest };
  const parts = kind === 'tcp' ? tcpAddress.exec(rest)?.groups : undefined;
  const port = Number(parts?.['port']);
  if (!parts || !(port >= 0 && port <= 65_535)) return undefined;
  return { kind: 'tcp', host: parts['v6'] || parts['name'] || null, port };
}
