import { STATUS_CODES } from 'node:http';
import { formatGoJson } from './go-json-syntax.ts';

/** What the server sends back. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const json = { 'content-type': 'application/json' };

export function jsonReply(status: number, value: unknown): Reply {
  return { status, headers: json, body: formatGoJson(value) };
}

/** The error envelope of the handlers (contract §1). */
export function failure(status: number, message: string): Reply {
  return jsonReply(status, { status: STATUS_CODES[status] ?? '', error: message });
}

/** What fails before a handler (contract §1): the two keys the other way round, and twice for a token without roles (§2). */
export function unauthorized(message: string, times: 1 | 2 = 1): Reply {
  return { status: 401, headers: json, body: formatGoJson({ error: message, status: 'Unauthorized' }).repeat(times) };
}

export function textReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

export function htmlReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

/** What a path answers that is not a route: the same envelope with another status text, and no auth asked (contract §1). */
export function noSuchEndpoint(): Reply {
  return jsonReply(404, { error: 'the requested endpoint does not exist', status: 'Resource not found' });
}

export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: '' };
}

/** SQLite's sentence in an error of node:sqlite. */
export function sqliteText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
