/**
 * Where the hook's messages go: prepSockListenPath and prepSockConnectPath. This module and what it imports stay free of libraries, because
 * the hook's client loads them in a few milliseconds.
 */
export type HookAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      /** Name or address without brackets; empty for every address of the machine. */
      readonly host: string;
      readonly port: number;
    };

/** sun_path of unix(7) with its closing NUL. */
const longestUnixPath = 107;

/**
 * Reads `/path`, `unix:/path`, `tcp:127.0.0.1:12345`, `tcp:[::1]:12345`, `tcp:0.0.0.0:12345`, `tcp:[::]:12345` or `tcp::12345`; the scheme in
 * any case. As with cc-slurm-adapter the last three mean the same when listening, every address of both families, since that is how Go takes
 * a wildcard. Gives a sentence that says what is wrong when the text is none of these.
 */
export function parseHookAddress(text: string): HookAddress | string {
  if (text === '') return 'the address is empty';
  const [, scheme = '', rest = ''] = /^([A-Za-z0-9]+):(.*)$/s.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      return unixAddress(text);
    case 'unix':
      return unixAddress(rest);
    case 'tcp':
      return tcpAddress(rest);
    default:
      return `${JSON.stringify(`${scheme}:`)} is not known; expected a path, unix:/path or tcp:address:port`;
  }
}

/** As it is written in a configuration and in messages. */
export function formatHookAddress(address: HookAddress): string {
  if (address.kind === 'unix') return address.path;
  return `tcp:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether the address stands for every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function unixAddress(path: string): HookAddress | string {
  if (path === '') return 'the path of the socket is empty';
  if (path.includes('\0')) return 'the path of the socket holds a NUL character';
  if (path.startsWith('@')) return 'sockets of the abstract namespace (@…) are not supported, because anybody may take their names';
  const length = Buffer.byteLength(path);
  if (length > longestUnixPath) return `the path of the socket has ${length} bytes, and the system takes ${longestUnixPath}`;
  return { kind: 'unix', path };
}

function tcpAddress(rest: string): HookAddress | string {
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(rest);
  if (parts === null) {
    return `${JSON.stringify(rest)} is not address:port; an IPv6 address stands in brackets, as in tcp:[::1]:12345`;
  }
  const host = parts[1] ?? parts[2] ?? '';
  const portText = parts[3] ?? '';
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return `${JSON.stringify(portText)} is not a port from 1 to 65535`;
  if (!/^[A-Za-z0-9.:%_-]*$/.test(host)) return `${JSON.stringify(host)} is not the address of a machine`;
  return { kind: 'tcp', host, port };
}
