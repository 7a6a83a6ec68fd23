import { type HttpClient, type HttpRequest, type HttpResponse, isCode } from '@sluice/io';

/** How cc-backend is asked: with the token, with the reading of answers left to the caller. */
export interface CcRequests {
  /** A GET; a redirect that only adds or takes the last slash, as cc-backend up to 1.4 sends it, is followed once. */
  get(name: string, path: string, signal?: AbortSignal): Promise<HttpResponse>;
  /** Sends a body of JSON and follows no redirect. */
  send(method: 'POST' | 'DELETE', name: string, path: string, body: string, signal?: AbortSignal): Promise<HttpResponse>;
}

/** `token` is asked for at each request, so that a new one is taken up; `unreachable` is told when nothing could be sent. */
export function ccRequests(http: HttpClient, token: () => string, unreachable: () => void): CcRequests {
  let current: string | undefined;
  let reading: Readonly<Record<string, string>> = {};
  let writing: Readonly<Record<string, string>> = {};

  function takeUp(now: string): void {
    current = now;
    reading = { 'x-auth-token': now };
    // The answers to writes are short: compressing them costs both sides more than it saves.
    writing = { 'x-auth-token': now, 'content-type': 'application/json', 'accept-encoding': 'identity' };
  }

  async function request(asked: HttpRequest): Promise<HttpResponse> {
    try {
      return await http.request(asked);
    } catch (error) {
      if (isCode(error, 'http.unreachable')) unreachable();
      throw error;
    }
  }

  return {
    async get(name, path, signal) {
      const now = token();
      if (now !== current) takeUp(now);
      const asked: HttpRequest = { method: 'GET', name, path, headers: reading, ...(signal ? { signal } : {}) };
      const answer = await request(asked);
      const other = slashed(path, answer);
      return other === undefined ? answer : request({ ...asked, path: other });
    },
    send(method, name, path, body, signal) {
      const now = token();
      if (now !== current) takeUp(now);
      return request({ method, name, path, body, headers: writing, ...(signal ? { signal } : {}) });
    },
  };
}

/** The same path with or without its last slash, if that is where the answer points. */
function slashed(path: string, { status, headers }: HttpResponse): string | undefined {
  const location = headers['location'];
  if (status < 300 || status >= 400 || status === 304 || location === undefined) return undefined;
  const [asked = '', query] = path.split('?', 2);
  const target = location.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
  const other = asked.endsWith('/') ? asked.slice(0, -1) : `${asked}/`;
  // The base of the client may have a prefix that the redirect names as well.
  return target.endsWith(other) ? `${other}${query === undefined ? '' : `?${query}`}` : undefined;
}
