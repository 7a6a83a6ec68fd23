import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { isCode, SluiceError } from './errors.ts';
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResponse } from './http.ts';
import { acceptedCodings, decodeBody } from './http-decode.ts';
import { httpError } from './http-errors.ts';
import { Exchange, type RawAnswer } from './http-exchange.ts';
import { trust } from './http-tls.ts';
import { redactText } from './redact.ts';

const longestConnectMs = 10_000;

/**
 * A client for one server, on undici's dispatcher: of the clients that Node offers it takes the least CPU per request
 * (bench/http). Redirects are answers like any other. A GET that was dropped before a byte of the answer came, as it
 * happens when a server closes an idle connection, is sent once more; nothing else is ever repeated here.
 * Throws `config.invalid` for a base that is no HTTP URL or a broken `caFile`, `config.unreadable` for one that cannot be read.
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  const base = parseBase(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const { timeoutMs = 30_000, maxBodyBytes = 64 * 1024 * 1024, observe } = options;
  const dispatcher = dispatcherFor(base, options, Math.min(timeoutMs, longestConnectMs));
  let closing: Promise<void> | undefined;
  const headers = { 'accept-encoding': acceptedCodings, ...basicAuthorization(base), ...lowerCased(options.headers) };

  function send(request: HttpRequest, exchange: Exchange): Promise<RawAnswer> {
    const { method, body = null } = request;
    const all = request.headers ? { ...headers, ...lowerCased(request.headers) } : headers;
    if (!exchange.failed) dispatcher.dispatch({ origin: base.origin, method, path: prefix + request.path, body, headers: all }, exchange);
    return exchange.answer;
  }

  async function exchanged(request: HttpRequest): Promise<HttpResponse> {
    // Only errors need it: redaction costs more than the whole request.
    const what = () => redactText(`${request.method} ${base.origin}${prefix}${request.path.replace(/[?#].*$/s, '')}`);
    const limitMs = request.timeoutMs ?? timeoutMs;
    let exchange = new Exchange(what, maxBodyBytes);
    const limit = setTimeout(() => exchange.timeOut(limitMs), limitMs);
    const onAbort = () => exchange.fail(request.signal?.reason);
    if (request.signal?.aborted) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const { status, headers, body } = await send(request, exchange).catch((error: unknown) => {
        if (request.method !== 'GET' || exchange.answered || !isCode(error, 'http.dropped')) throw error;
        exchange = new Exchange(what, maxBodyBytes);
        return send(request, exchange);
      });
      const encoding = headers['content-encoding'];
      return { status, headers, body: encoding === undefined ? body : await decoded(body, encoding, exchange, what) };
    } finally {
      clearTimeout(limit);
      request.signal?.removeEventListener('abort', onAbort);
    }
  }

  async function decoded(body: Buffer, encoding: string, exchange: Exchange, what: () => string): Promise<Buffer> {
    try {
      return await decodeBody(body, encoding, maxBodyBytes, () => exchange.tooLarge());
    } catch (error) {
      throw error instanceof SluiceError ? error : httpError(error, { what: `${what()}: the answer cannot be decoded`, started: true });
    }
  }

  return {
    async request(request) {
      const began = performance.now();
      const done = (result: number | string) => observe?.({ name: request.name, result, durationMs: performance.now() - began });
      try {
        const answer = await exchanged(request);
        done(answer.status);
        return answer;
      } catch (error) {
        done(error instanceof SluiceError ? error.code : 'aborted');
        throw error;
      }
    },
    close() {
      closing ??= dispatcher.close();
      return closing;
    },
  };
}

/** Connections to the server itself, or through the proxy that the environment names for it. */
function dispatcherFor(base: URL, options: HttpClientOptions, connectMs: number): Dispatcher {
  const env = options.env ?? process.env;
  const httpProxy = env['http_proxy'] ?? env['HTTP_PROXY'] ?? '';
  const httpsProxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '';
  const proxy = base.protocol === 'https:' ? httpsProxy : httpProxy;
  const proxied = options.socketPath === undefined && proxy !== '';
  // Time-outs are ours, for the whole answer; the library's own would only cost timers. HTTP/2 gains nothing for small requests.
  const common = { connections: options.connections ?? 4, headersTimeout: 0, bodyTimeout: 0, allowH2: false };
  const secured = base.protocol === 'https:' || (proxied && proxy.startsWith('https:'));
  const tls = secured ? { secureContext: trust(options.caFile) } : {};
  const connect = { ...tls, timeout: connectMs, allowH2: false };
  if (!proxied) return new Pool(base.origin, { ...common, connect: { ...connect, ...socketOf(options) } });
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  return new EnvHttpProxyAgent({
    ...common,
    connect,
    connectTimeout: connectMs,
    requestTls: tls,
    proxyTls: tls,
    proxyTunnel: false,
    httpProxy: proxyUrl(httpProxy),
    httpsProxy: proxyUrl(httpsProxy),
    noProxy,
  });
}

function socketOf({ socketPath }: HttpClientOptions): { socketPath?: string } {
  return socketPath === undefined ? {} : { socketPath };
}

/** Proxies are often named without a scheme; then http is meant. */
function proxyUrl(text: string): string {
  const url = text === '' || text.includes('://') ? text : `http://${text}`;
  if (url !== '' && !URL.canParse(url)) throw new SluiceError('config.invalid', `the proxy variable holds no URL: ${redactText(url)}`);
  return url;
}

function parseBase(baseUrl: string): URL {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (base && /^https?:$/.test(base.protocol) && base.search === '' && base.hash === '') return base;
  throw new SluiceError('config.invalid', `${redactText(baseUrl)} is not the base of an HTTP server`, {
    hint: 'It has the form https://host[:port][/prefix].',
  });
}

function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Names in lower case, so that a request's header takes the place of the client's. */
function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name of Object.keys(headers)) lower[name.toLowerCase()] = headers[name] as string;
  return lower;
}
