/**
 * The one catalogue of error codes. Exit codes are those of sysexits.h, which systemd units and timers can tell apart
 * (`RestartPreventExitStatus=64 78`); `http` is the status the job API answers with when the error reaches a client.
 */
export const errorTable = {
  internal: { exit: 70, http: 500, meaning: 'a fault of Sluice itself' },
  usage: { exit: 64, http: 400, meaning: 'the command line is not understood' },
  'config.invalid': { exit: 78, http: 500, meaning: 'the configuration has errors; each is listed' },
  'config.unreadable': { exit: 78, http: 500, meaning: 'a configuration or secret file cannot be read' },
  'data.invalid': { exit: 65, http: 400, meaning: 'input data does not have the form it must have' },
  'process.missing': { exit: 69, http: 503, meaning: 'a program that is needed is not installed or not in the given place' },
  'process.denied': { exit: 77, http: 503, meaning: 'a program exists but may not be executed' },
  'process.start': {
    exit: 71,
    http: 503,
    meaning: 'the system could not start a program: resources are exhausted or its arguments too long',
  },
  'process.timeout': { exit: 75, http: 504, meaning: 'a program did not end in time and was ended' },
  'process.output': { exit: 75, http: 503, meaning: 'a program wrote more than its cap and was ended' },
  'process.failed': { exit: 75, http: 503, meaning: 'a program ended with an error' },
  'http.unreachable': { exit: 69, http: 502, meaning: 'a server cannot be reached' },
  'http.timeout': { exit: 75, http: 504, meaning: 'a server did not answer in time; what it did is unknown' },
  'http.tls': { exit: 69, http: 502, meaning: 'the TLS connection failed: certificate or protocol' },
  'http.dropped': { exit: 75, http: 502, meaning: 'the connection ended before the answer was whole; what the server did is unknown' },
  'http.too-large': { exit: 75, http: 502, meaning: 'an answer was larger than its cap' },
  'slurm.unreachable': { exit: 69, http: 503, meaning: 'slurmctld or slurmdbd cannot be reached' },
  'slurm.denied': { exit: 77, http: 403, meaning: 'Slurm refused for lack of privileges' },
  'slurm.refused': { exit: 65, http: 422, meaning: 'Slurm understood and refused' },
  'slurm.unknown': { exit: 65, http: 404, meaning: 'Slurm does not know the object' },
  'slurm.unsupported': { exit: 69, http: 501, meaning: 'this release or plane of Slurm cannot do it' },
  'slurm.unparsable': { exit: 76, http: 502, meaning: 'Slurm answered in a form that is not understood' },
  'slurm.incomplete': { exit: 75, http: 502, meaning: 'an answer of Slurm ended before it was whole' },
  'cc.denied': { exit: 77, http: 502, meaning: 'cc-backend refuses the token' },
  'cc.blocked': {
    exit: 77,
    http: 502,
    meaning: 'something before cc-backend, a proxy for example, refuses access; cc-backend was not asked',
  },
  'cc.no-route': { exit: 78, http: 502, meaning: 'cc-backend lacks a route: its NATS API replaces it, or the address is not its own' },
  'cc.failed': { exit: 75, http: 502, meaning: 'cc-backend failed at a request; it may be repeated' },
  'nats.unreachable': { exit: 69, http: 502, meaning: 'no NATS server can be reached' },
  'nats.denied': { exit: 77, http: 502, meaning: 'the NATS server refuses the credentials, or the subject to this user' },
  'nats.no-stream': { exit: 78, http: 502, meaning: 'no JetStream stream of the NATS server takes the subject' },
  'nats.failed': { exit: 75, http: 502, meaning: 'the NATS server did not confirm a message; it may be repeated' },
  'nats.refused': { exit: 65, http: 422, meaning: 'a message is too large for the NATS server, however much of it is left out' },
  'journal.newer': { exit: 78, http: 500, meaning: 'the journal was written by a newer release of Sluice' },
  'journal.unusable': { exit: 73, http: 500, meaning: 'the journal cannot be opened where it should be' },
  'journal.full': { exit: 75, http: 507, meaning: 'the journal cannot be written: no space' },
  'listen.failed': { exit: 71, http: 500, meaning: 'an address or socket to listen on cannot be had' },
  'instance.running': { exit: 75, http: 503, meaning: 'another instance of the program runs already' },
} as const satisfies Record<string, { exit: number; http: number; meaning: string }>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** What to do about it, one sentence or the command that mends it. */
  readonly hint?: string;
  /** Milliseconds for which the other side asks to be left alone (`Retry-After`). */
  readonly retryAfterMs?: number;
}

/** Every error that Sluice raises on purpose. `message` says what and where; `hint`, if any, what to do. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'SluiceError';
    this.code = code;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The exit code of a command that ends with this error (sysexits.h). */
  get exitCode(): number {
    return errorTable[this.code].exit;
  }
}

export function isCode(error: unknown, ...codes: readonly ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}
