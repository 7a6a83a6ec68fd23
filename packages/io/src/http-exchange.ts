import type { Dispatcher } from 'undici';
import { SluiceError } from './errors.ts';
import { httpError } from './http-errors.ts';

/** An answer as it came, its body still coded. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Controller = Dispatcher.DispatchController;

/** One request on its way and what has come back of it. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<RawAnswer>;
  /** Whether a byte of the answer has come. */
  answered = false;
  readonly #what: () => string;
  readonly #maxBodyBytes: number;
  readonly #outcome = Promise.withResolvers<RawAnswer>();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #controller: Controller | undefined;
  #failure: { readonly reason: unknown } | undefined;

  /** `what` names the request in errors. */
  constructor(what: () => string, maxBodyBytes: number) {
    this.#what = what;
    this.#maxBodyBytes = maxBodyBytes;
    this.answer = this.#outcome.promise;
    this.answer.catch(() => {});
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Ends it with this reason: at once for the caller, and for the connection as soon as it has one. */
  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#outcome.reject(reason);
    this.#controller?.abort(reason instanceof Error ? reason : new Error('given up', { cause: reason }));
  }

  timeOut(limitMs: number): void {
    const within = `within ${limitMs / 1000} s`;
    if (this.#controller)
      this.fail(new SluiceError('http.timeout', `${this.#what()}: no whole answer ${within}; what the server did is unknown`));
    else this.refuse(`no connection ${within}; nothing was sent`);
  }

  /** Ends it before anything was sent. */
  refuse(why: string): void {
    this.fail(new SluiceError('http.unreachable', `${this.#what()}: ${why}`));
  }

  tooLarge(): SluiceError {
    return new SluiceError('http.too-large', `${this.#what()}: the answer is larger than ${this.#maxBodyBytes} bytes`);
  }

  /** The library calls this just before it writes; until then nothing can have reached the server. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(new Error('given up before it was sent'));
  }

  onResponseStart(_: Controller, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.answered = true;
    this.#status = status;
    this.#headers = joined(headers);
    if (Number(this.#headers['content-length'] ?? 0) > this.#maxBodyBytes) this.fail(this.tooLarge());
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBodyBytes) this.fail(this.tooLarge());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Controller | null, error: Error): void {
    this.fail(httpError(error, { what: this.#what(), started: this.#controller !== undefined }));
  }
}

/** Headers that came more than once, as one. */
function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    all[name] = typeof value === 'string' ? value : (value ?? []).join(', ');
  }
  return all;
}
