import type { Dispatcher } from 'undici';
import { isCode, SluiceError } from './errors.ts';
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResponse } from './http.ts';
import { acceptedCodings, decodeBody } from './http-decode.ts';
import { dispatcherMaker } from './http-dispatcher.ts';
import { httpError } from './http-errors.ts';
import { Exchange, type ExchangeEnd, type RawAnswer } from './http-exchange.ts';
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
  const { timeoutMs = 30_000, maxBodyBytes = 64 * 1024 * 1024, observe, signal: ending } = options;
  const makeDispatcher = dispatcherMaker(base, options, Math.min(timeoutMs, longestConnectMs));
  let making: Promise<Dispatcher> | undefined;
  let dispatcher: Dispatcher | undefined;
  let closing: Promise<void> | undefined;
  const headers = { 'accept-encoding': acceptedCodings, ...basicAuthorization(base), ...lowerCased(options.headers) };

  /** What ends the requests under way: a listener of the signal for each of them would cost more than all else here. */
  const underWay = new Set<() => void>();
  ending?.addEventListener('abort', endAll, { once: true });

  function endAll(): void {
    for (const end of underWay) end();
  }

  let lastHeaders: HttpRequest['headers'];
  let lastAll: Readonly<Record<string, string>> = headers;

  /** Whoever asks often does so with the same headers. */
  function allHeaders(own: HttpRequest['headers']): Readonly<Record<string, string>> {
    if (own !== lastHeaders) {
      lastAll = { ...headers, ...lowerCased(own) };
      lastHeaders = own;
    }
    return lastAll;
  }

  function dispatch(by: Dispatcher, { method, path, body, headers: own }: HttpRequest, exchange: Exchange): void {
    if (closing) exchange.refuse('this client is closed');
    if (exchange.over) return;
    try {
      by.dispatch({ origin: base.origin, method, path: prefix + path, body: body ?? null, headers: allHeaders(own) }, exchange);
    } catch (error) {
      exchange.fail(error);
    }
  }

  function send(request: HttpRequest, exchange: Exchange): void {
    if (dispatcher) {
      dispatch(dispatcher, request, exchange);
      return;
    }
    making ??= makeDispatcher();
    making.then(
      (made) => {
        dispatcher = made;
        dispatch(made, request, exchange);
      },
      (error: unknown) => exchange.fail(error),
    );
  }

  async function decoded({ status, headers, body }: RawAnswer, encoding: string, exchange: Exchange, what: () => string) {
    try {
      return { status, headers, body: await decodeBody(body, encoding, maxBodyBytes, () => exchange.tooLarge()) };
    } catch (error) {
      throw error instanceof SluiceError ? error : httpError(error, { what: `${what()}: the answer cannot be decoded`, started: true });
    }
  }

  /** With as few objects and turns as can be: a request costs little more than the library's own work. */
  function request(asked: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const { name, method, signal, timeoutMs: limitMs = timeoutMs } = asked;
      const began = performance.now();
      // Only errors need it: redaction costs more than the whole request.
      const what = () => redactText(`${method} ${base.origin}${prefix}${asked.path.replace(/[?#].*$/s, '')}`);
      let repeated = false;

      function over(result: number | string): void {
        clearTimeout(limit);
        signal?.removeEventListener('abort', onAbort);
        underWay.delete(onEnding);
        observe?.({ name, result, durationMs: performance.now() - began });
      }

      function answered(answer: HttpResponse): void {
        over(answer.status);
        resolve(answer);
      }

      function failed(error: unknown): void {
        over(error instanceof SluiceError ? error.code : 'aborted');
        reject(error);
      }

      const end: ExchangeEnd = {
        answered(answer) {
          const encoding = answer.headers['content-encoding'];
          if (encoding === undefined) answered(answer);
          else decoded(answer, encoding, exchange, what).then(answered, failed);
        },
        failed(error) {
          // What we ended ourselves is not repeated, with whatever reason.
          const given = ending?.aborted || signal?.aborted;
          if (given || repeated || method !== 'GET' || exchange.answered || !isCode(error, 'http.dropped')) {
            failed(error);
            return;
          }
          repeated = true;
          exchange = new Exchange(what, maxBodyBytes, end);
          send(asked, exchange);
        },
      };
      let exchange = new Exchange(what, maxBodyBytes, end);
      const limit = setTimeout(() => exchange.timeOut(limitMs), limitMs);
      const onAbort = () => exchange.fail(signal?.reason);
      const onEnding = () => exchange.fail(ending?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      underWay.add(onEnding);
      if (ending?.aborted) onEnding();
      else if (signal?.aborted) onAbort();
      else send(asked, exchange);
    });
  }

  return {
    request,
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
