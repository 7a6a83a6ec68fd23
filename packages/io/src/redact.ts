import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const mark = '[redacted]';

/** A value that is not to be seen: whatever prints, logs or serialises it gets `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that needs it. */
  reveal(): string {
    return this.#value;
  }

  /** Whether the other value is the same; the time it takes tells nothing about either. */
  equals(other: string | Secret): boolean {
    return constantTimeEqual(this.#value, other instanceof Secret ? other.#value : other);
  }

  toString(): string {
    return mark;
  }

  toJSON(): string {
    return mark;
  }

  [inspect.custom](): string {
    return mark;
  }
}

/** Whether two values are equal, in a time that depends on neither's content. */
export function constantTimeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const secretWord =
  'passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|authorization|credential|cookie|jwt';
const valueForm = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|[^\\s"',;&<>{}()\\[\\]]+`;

/** How our own messages go on after the name of a key: `ccRestJwt: missing: …`. */
const ofMessages = /^(?:missing:?|expected)$/;

/** An assignment with the mark in place of its value, between the same quotes. */
function quoted(_: string, before: string, assigned: string): string {
  if (ofMessages.test(assigned)) return `${before}${assigned}`;
  const quote = /^["']/.exec(assigned)?.[0] ?? '';
  return `${before}${quote}${mark}${quote}`;
}

/** What is replaced in a text, and by what; every expression takes linear time. */
const replacements: readonly (readonly [RegExp, string | typeof quoted])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}-----)?/g, mark],
  // Headers, whose value goes to the end of the line or of the quoted string.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie|x-auth-token|x-slurm-user-token|x-api-key)(["']?\s{0,4}[:=]\s{0,4}["']?)[^\r\n"']+/gi,
    `$1$2${mark}`,
  ],
  [/\b(Bearer)\s+[\w.~+/=-]+/gi, `$1 ${mark}`],
  [/\b(Basic|Token|Negotiate)\s+(?=[A-Za-z._~+/=-]{0,200}[\d=])[\w.~+/=-]{8,}/gi, `$1 ${mark}`],
  [/eyJ[\w.-]{16,}/g, mark],
  [/:\/\/([^\s/@:"'<>]{0,256}):[^\s"'<>/]{0,1024}@/g, `://$1:${mark}@`],
  [/:\/\/[^\s/@:"'<>]{1,1024}@/g, `://${mark}@`],
  [new RegExp(`((?:${secretWord})[\\w-]{0,40}["']?\\s{0,4}[:=]\\s{0,4})(${valueForm})`, 'gi'), quoted],
  [new RegExp(`(--[\\w-]{0,40}(?:${secretWord})[\\w-]{0,40}\\s+)(?!-)(${valueForm})`, 'gi'), quoted],
  [/([?&]key=)[^\s&#"']+/gi, `$1${mark}`],
];

/** The text without what looks like a secret: headers, tokens, passwords in URLs, assignments to names that say so, private keys. */
export function redactText(text: string): string {
  return replacements.reduce(
    (redacted, [pattern, by]) => (typeof by === 'string' ? redacted.replace(pattern, by) : redacted.replace(pattern, by)),
    text,
  );
}

const secretSegment =
  /^(?:password|passwd|pwd|pass|passphrase|secret|secrets|token|tokens|authorization|credential|credentials|cookie|cookies|jwt|apikey)$/;
const keyOwner = /^(?:api|private|secret|access|auth|signing|encryption|shared|ssh|service)$/;

/** Whether a field of this name holds a secret: `password`, `xAuthToken`, `api_key`, `key`, …; not `primaryKey` or `partition_key`. */
export function isSecretName(name: string): boolean {
  const segments = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((segment) => segment !== '');
  return segments.some((segment, at) => {
    if (segment !== 'key') return secretSegment.test(segment);
    return segments.length === 1 || keyOwner.test(segments[at - 1] ?? '');
  });
}

/** How deep an object is looked into; below it stands the mark. */
const deepest = 12;

/**
 * A copy of any value that is fit for a log: fields with a secret name hold the mark unless they are empty or a yes or no,
 * texts are redacted, errors become their name, message, code and cause, circles and depths are cut.
 */
export function redactObject(value: unknown): unknown {
  return copy(value, [], 0);
}

function copy(value: unknown, above: readonly object[], depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret || depth >= deepest) return mark;
  if (above.includes(value)) return '[circular]';
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item) => copy(item, path, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return copy(Object.fromEntries([...value].map(([key, item]) => [String(key), item])), path, depth + 1);
  if (value instanceof Set) return [...value].map((item) => copy(item, path, depth + 1));
  const fields = value instanceof Error ? errorFields(value) : Object.entries(value);
  return Object.fromEntries(fields.map(([name, item]) => [name, hidden(name, item) ? mark : copy(item, path, depth + 1)]));
}

function hidden(name: string, item: unknown): boolean {
  return isSecretName(name) && item !== undefined && item !== null && item !== '' && typeof item !== 'boolean';
}

function errorFields(error: Error): [string, unknown][] {
  const named: [string, unknown][] = [
    ['name', error.name],
    ['message', error.message],
  ];
  const cause: [string, unknown][] = error.cause === undefined ? [] : [['cause', error.cause]];
  return [...named, ...Object.entries(error).filter(([name]) => name !== 'name'), ...cause];
}
