import { PassThrough } from 'node:stream';
import { type Clock, SluiceError } from '@sluice/io';
import { forPeople, type SlurmCommands } from './slurm-command.ts';

export interface KeptScontrolParts {
  readonly commands: SlurmCommands;
  readonly clock: Clock;
  readonly nonce: () => string;
  /** Options of scontrol, the same for all questions. */
  readonly args: readonly string[];
  /** When it is aborted, scontrol is ended and none is started any more. */
  readonly until: AbortSignal;
}

/** One scontrol for many questions: starting one costs several times as much as an answer. */
export interface KeptScontrol {
  /**
   * What `read` makes of the words of scontrol to these lines, the answer to the last of which ends with a newline; undefined when
   * there are none here and now, or none that `read` takes: then a scontrol of its own is to be asked. Its errors go to stderr,
   * which nobody reads here: where it says nothing it may have failed.
   */
  ask<T>(lines: readonly string[], read: (words: string) => T): Promise<T | undefined>;
}

/** An answer takes milliseconds; for a slurmctld that is slow a scontrol of its own waits as long as Slurm does. */
const answerMs = 10_000;
/** Without a question for so long it is ended. */
const idleMs = 10_000;
/** Slurm may be upgraded, or slurm.conf changed: one that has read it earlier is not asked any more. */
const oldestMs = 60_000;
/** Milliseconds from the end of its stdin until it is sent a signal. */
const graceMs = 2000;
/** After a failure the next is started later and later: not every build of scontrol may write before its stdin ends. */
const shortestRestMs = 60_000;
const longestRestMs = 3_600_000;
/** Bytes of one answer at most; of all answers of one scontrol a quarter, then the next is asked. */
const maxAnswerBytes = 64 * 1024 * 1024;

const prompted = 'scontrol: ';

/** Nothing is started before the first question; a question that comes while another is being answered is not taken. */
export function keptScontrol(parts: KeptScontrolParts): KeptScontrol {
  const { clock, until } = parts;
  let talk: Conversation | undefined;
  let restMs = shortestRestMs;
  let restedAt = 0;
  let busy = false;

  async function ask<T>(lines: readonly string[], read: (words: string) => T): Promise<T | undefined> {
    if (busy || until.aborted || clock.monotonic() < restedAt) return undefined;
    busy = true;
    try {
      if (talk?.isOver !== false) talk = new Conversation(parts);
      const answer = read(await talk.ask(lines));
      restMs = shortestRestMs;
      return answer;
    } catch (error) {
      talk?.end();
      if (!(error instanceof SluiceError)) throw error;
      restedAt = clock.monotonic() + restMs;
      restMs = Math.min(2 * restMs, longestRestMs);
      return undefined;
    } finally {
      busy = false;
    }
  }

  return { ask };
}

class Conversation {
  readonly #parts: KeptScontrolParts;
  readonly #stdin = new PassThrough({ encoding: 'utf8' });
  readonly #killer = new AbortController();
  readonly #began: number;
  #timer = new AbortController();
  #heard: Buffer[] = [];
  #bytes = 0;
  #awaited: { readonly last: RegExp; readonly answer: PromiseWithResolvers<string> } | undefined;
  #over = false;
  readonly #close = () => this.end();

  constructor(parts: KeptScontrolParts) {
    this.#parts = parts;
    this.#began = parts.clock.monotonic();
    parts.until.addEventListener('abort', this.#close, { once: true });
    void this.#listen();
  }

  /** Whether it answers nothing any more. */
  get isOver(): boolean {
    if (!this.#over && this.#parts.clock.monotonic() - this.#began > oldestMs) this.end();
    return this.#over;
  }

  async ask(lines: readonly string[]): Promise<string> {
    const { commands, clock, nonce } = this.#parts;
    const started = clock.monotonic();
    const last = nonce();
    const answer = Promise.withResolvers<string>();
    // With readline scontrol repeats the line, which says the word once more: only by itself in its line it is the answer.
    this.#awaited = { last: new RegExp(`(?:^|\\n)(?:${prompted})?${last}\\n(${prompted})?$`), answer };
    this.#after(answerMs, () => this.#fail(new SluiceError('process.timeout', `scontrol did not answer within ${answerMs / 1000} s`)));
    this.#stdin.write(`${[...lines, `show hostnames ${last}`].join('\n')}\n`);
    try {
      const text = await answer.promise;
      commands.report('scontrol', started, Buffer.byteLength(text));
      if (this.#bytes > maxAnswerBytes / 4) this.end();
      else if (!this.#over) this.#after(idleMs, this.#close);
      return text;
    } catch (error) {
      commands.report('scontrol', started, 0, error);
      throw error;
    }
  }

  async #listen(): Promise<void> {
    const { commands, args } = this.#parts;
    const running = commands.stream('scontrol', args, {
      stdin: this.#stdin,
      signal: this.#killer.signal,
      timeoutMs: oldestMs + idleMs + answerMs + graceMs,
      okCodes: [0, 1],
      maxOutputBytes: maxAnswerBytes + maxAnswerBytes / 4,
      unobserved: true,
      env: forPeople,
    });
    try {
      for await (const chunk of running.stdout) this.#hear(chunk);
      await running.ended;
      throw new SluiceError('slurm.incomplete', 'scontrol ended before it had answered');
    } catch (error) {
      this.#fail(error);
      this.#timer.abort();
    }
  }

  #hear(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#heard.push(chunk);
    const found = this.#awaited?.last.exec(this.#tail());
    if (found && this.#awaited) {
      const words = Buffer.concat(this.#heard);
      const { answer } = this.#awaited;
      this.#awaited = undefined;
      // The prompt belongs to the next line.
      const [, prompt = ''] = found;
      this.#heard = [Buffer.from(prompt)];
      answer.resolve(words.subarray(0, words.length - prompt.length).toString('utf8'));
    } else if (!this.#awaited && this.#tail().length > prompted.length) {
      this.#fail(new SluiceError('slurm.unparsable', 'scontrol says what it was not asked'));
    }
  }

  /** The end of what was heard, longer than any last line. */
  #tail(): string {
    let tail = '';
    for (let at = this.#heard.length - 1; at >= 0 && tail.length < 256; at--)
      tail = (this.#heard[at]?.toString('latin1') ?? '').slice(-256) + tail;
    return tail;
  }

  #fail(error: unknown): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    this.#heard = [];
    this.end();
    awaited?.answer.reject(
      error instanceof SluiceError ? error : new SluiceError('process.failed', 'scontrol was ended', { cause: error }),
    );
  }

  /** Asks it to end, and sees to it. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.until.removeEventListener('abort', this.#close);
    this.#stdin.end();
    this.#after(graceMs, () => this.#killer.abort(new SluiceError('process.timeout', 'scontrol did not end with its stdin')));
  }

  /** The one thing that is to happen if nothing else does before. */
  #after(ms: number, action: () => void): void {
    this.#timer.abort();
    const timer = new AbortController();
    this.#timer = timer;
    this.#parts.clock.sleep(ms, timer.signal).then(action, () => {});
  }
}
