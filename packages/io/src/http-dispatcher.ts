import type { Dispatcher } from 'undici';
import { SluiceError } from './errors.ts';
import type { HttpClientOptions } from './http.ts';
import { readAuthorities, trust } from './http-tls.ts';
import { redactText } from './redact.ts';

/**
 * Connections to the server itself, or through the proxy that the environment names for it. What the options hold is
 * judged at once; the library is loaded and the system's certificates are read by the function returned, because they take
 * 20 MiB and some 100 ms, which a command that only asks Slurm need not have.
 */
export function dispatcherMaker(base: URL, options: HttpClientOptions, connectMs: number): () => Promise<Dispatcher> {
  const env = options.env ?? process.env;
  // As curl and Go have it: each scheme has its own variable, and HTTP_PROXY is not for HTTPS.
  const name = base.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = proxyUrl(env[name] ?? env[name.toUpperCase()] ?? '');
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  const proxied = options.socketPath === undefined && proxy !== '';
  const secured = base.protocol === 'https:' || (proxied && proxy.startsWith('https:'));
  const authorities = secured && options.caFile !== undefined ? readAuthorities(options.caFile) : undefined;
  // Time-outs are ours, for the whole answer; the library's own would only cost timers. HTTP/2 gains nothing for small requests.
  const common = { connections: options.connections ?? 4, headersTimeout: 0, bodyTimeout: 0, allowH2: false };

  return async () => {
    const tls = secured ? { secureContext: trust(authorities) } : {};
    const connect = { ...tls, timeout: connectMs, allowH2: false };
    if (!proxied) {
      const { default: Pool } = await import('undici/lib/dispatcher/pool.js');
      const { socketPath } = options;
      return new Pool(base.origin, { ...common, connect: socketPath === undefined ? connect : { ...connect, socketPath } });
    }
    const { EnvHttpProxyAgent } = await import('./undici-library.ts');
    const throughProxy = { connectTimeout: connectMs, requestTls: tls, proxyTls: tls, proxyTunnel: false };
    return new EnvHttpProxyAgent({ ...common, connect, ...throughProxy, httpProxy: proxy, httpsProxy: proxy, noProxy });
  };
}

/** Proxies are often named without a scheme; then http is meant. */
function proxyUrl(text: string): string {
  const url = text === '' || text.includes('://') ? text : `http://${text}`;
  if (url !== '' && !URL.canParse(url)) throw new SluiceError('config.invalid', `the proxy variable holds no URL: ${redactText(url)}`);
  return url;
}
