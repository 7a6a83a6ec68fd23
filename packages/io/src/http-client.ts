import type { Dispatcher } from 'undici';
import { isCode, SluiceError } from './errors.ts';
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResponse } from './http.ts';
import { acceptedCodings, decodeBody } from './http-decode.ts';
import { dispatcherMaker } from './http-dispatcher.ts';
import { httpError } from './http-errors.ts';
import { Exchange, type RawAnswer } from './http-exchange.ts';
import { redactText } from './redact.ts';

const longestConnectMs = 10_000;

/**
 * A client for one server, on undici's dispatcher: of the clients that Node offers it takes the least CPU per request
 * (bench/http). Redirects are answers like any other. A GET that was dropped before a byte of the answer came, as it
 * happens when a server closes an idle connection, is sent once more; nothing else is ever repeated here.
 * Throws `config.invalid` for a base or a proxy that is no URL and for a broken `caFile`, `config.unreadable` for one that cannot be read.
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  const base = parseBase(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const { timeoutMs = 30_000, maxBodyBytes = 64 * 1024 * 1024, observe } = options;
  const makeDispatcher = dispatcherMaker(base, options, Math.min(timeoutMs, longestConnectMs));
  let making: Promise<Dispatcher> | undefined;
  let dispatcher: Dispatcher | undefined;
  let closing: Promise<void> | undefined;
  const headers = { 'accept-encoding': acceptedCodings, ...basicAuthorization(base), ...lowerCased(options.headers) };

  async function send(request: HttpRequest, exchange: Exchange): Promise<RawAnswer> {
    const { method, body = null } = request;
    const all = request.headers ? { ...headers, ...lowerCased(request.headers) } : headers;
    if (!dispatcher) {
      making ??= makeDispatcher();
      dispatcher = await making;
    }
    if (closing) exchange.refuse('this client is closed');
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
      closing ??= making?.then((made) => made.close()) ?? Promise.resolve();
      return closing;
    },
  };
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
