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

/** Who is told, once, what became of an exchange. */
export interface ExchangeEnd {
  answered(answer: RawAnswer): void;
  failed(reason: unknown): void;
}

/** One request on its way and what has come back of it. */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Whether a byte of the answer has come. */
  answered = false;
  readonly #what: () => string;
  readonly #maxBodyBytes: number;
  readonly #end: ExchangeEnd;
  #first: Buffer | undefined;
  #further: Buffer[] | undefined;
  #bytes = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #controller: Controller | undefined;
  #over = false;

  /** `what` names the request in errors. */
  constructor(what: () => string, maxBodyBytes: number, end: ExchangeEnd) {
    this.#what = what;
    this.#maxBodyBytes = maxBodyBytes;
    this.#end = end;
  }

  /** Whether it has been answered in whole or has failed. */
  get over(): boolean {
    return this.#over;
  }

  /** Ends it with this reason: at once for the caller, and for the connection as soon as it has one. */
  fail(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#end.failed(reason);
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
    if (this.#over) controller.abort(new Error('given up before it was sent'));
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
    else if (this.#first === undefined) this.#first = chunk;
    else if (this.#further === undefined) this.#further = [this.#first, chunk];
    else this.#further.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#over = true;
    const body = this.#further ? Buffer.concat(this.#further) : (this.#first ?? Buffer.alloc(0));
    this.#end.answered({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Controller | null, error: Error): void {
    this.fail(httpError(error, { what: this.#what(), started: this.#controller !== undefined }));
  }
}

/** Headers that came more than once, as one. */
function joined(headers: Record<string, string | string[] | undefined>): Readonly<Record<string, string>> {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string') headers[name] = (value ?? []).join(', ');
  }
  return headers as Record<string, string>;
}
