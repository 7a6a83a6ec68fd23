/** One line of InfluxDB's line protocol, as far as cc-backend looks at it (contract §6.2, §6.3). */
export interface Line {
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
  /** Values as they stand, strings without their quotes and escapes. */
  readonly fields: ReadonlyMap<string, { readonly kind: 'string' | 'other'; readonly value: string }>;
  /** Digits, in whatever unit the sender means. */
  readonly timestamp: bigint;
}

/** Why a line is none. */
export class LineError extends Error {}

/**
 * Reads the lines of a message one after another. A line that is wrong ends the message: what is behind it is not read
 * (contract §6.2). Empty lines and comments are passed over; a line break within a quoted string is part of it.
 */
export function* readLines(text: string): Generator<Line, void> {
  const reader = new LineReader(text);
  while (reader.next()) yield reader.line();
}

const stringEscapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', r: '\r', t: '\t' };

class LineReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next line that has something on it. */
  next(): boolean {
    for (;;) {
      while (/[\s]/.test(this.#peek())) this.#at++;
      if (this.#peek() !== '#') return this.#at < this.#text.length;
      this.#at = endOfLine(this.#text, this.#at);
    }
  }

  line(): Line {
    const measurement = this.#word(', \n', ', ');
    if (measurement === '') throw new LineError('invalid measurement');
    const tags = new Map<string, string>();
    while (this.#take(',')) {
      const key = this.#word('=, \n', ',= ');
      if (key === '' || !this.#take('=')) throw new LineError(`expected tag key or field but found ${this.#found()} instead`);
      const value = this.#word(', =\n', ',= ');
      if (value === '') throw new LineError(`expected tag value after tag key ${JSON.stringify(key)}, but found ${this.#found()} instead`);
      tags.set(key, value);
    }
    if (!this.#spaces()) throw new LineError(`expected field key but found ${this.#found()} instead`);
    const fields = this.#fields();
    const timestamp = this.#spaces() ? this.#timestamp() : 0n;
    if (this.#at < this.#text.length && this.#peek() !== '\n' && this.#peek() !== '\r') {
      throw new LineError(`unexpected character ${this.#found()}`);
    }
    if (timestamp === 0n) throw new LineError('timestamp cannot be zero');
    return { measurement, tags, fields, timestamp };
  }

  #fields(): Map<string, { kind: 'string' | 'other'; value: string }> {
    const fields = new Map<string, { kind: 'string' | 'other'; value: string }>();
    do {
      const key = this.#word('=, \n', ',= ');
      if (key === '' || !this.#take('=')) throw new LineError(`expected field key but found ${this.#found()} instead`);
      if (this.#take('"')) fields.set(key, { kind: 'string', value: this.#string() });
      else {
        const value = this.#word(', \n', '');
        if (!isScalar(value)) throw new LineError(`value for field ${JSON.stringify(key)} has unrecognized type`);
        fields.set(key, { kind: 'other', value });
      }
    } while (this.#take(','));
    return fields;
  }

  #timestamp(): bigint {
    const digits = this.#word(' \n', '');
    if (digits === '') return 0n;
    if (!/^-?\d+$/.test(digits)) throw new LineError(`invalid timestamp ${JSON.stringify(digits)}`);
    return BigInt(digits);
  }

  /** Up to one of `ends`; a backslash takes what follows it as it is, if that is one of `escapable`. */
  #word(ends: string, escapable: string): string {
    let word = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const letter = this.#peek();
      if (ends.includes(letter) || letter === '\r') break;
      const next = this.#text[this.#at + 1] ?? '';
      if (letter === '\\' && next !== '' && escapable.includes(next)) {
        word += next;
        this.#at++;
      } else word += letter;
    }
    return word;
  }

  #string(): string {
    const pieces: string[] = [];
    for (;;) {
      const start = this.#at;
      while (this.#at < this.#text.length && this.#peek() !== '"' && this.#peek() !== '\\') this.#at++;
      pieces.push(this.#text.slice(start, this.#at));
      if (this.#at >= this.#text.length) throw new LineError('expected closing quote for string field value, found end of input');
      if (this.#take('"')) return pieces.join('');
      const meant = stringEscapes[this.#text[this.#at + 1] ?? ''];
      pieces.push(meant ?? '\\');
      this.#at += meant === undefined ? 1 : 2;
    }
  }

  #spaces(): boolean {
    const start = this.#at;
    while (this.#peek() === ' ') this.#at++;
    return this.#at > start;
  }

  #take(letter: string): boolean {
    if (this.#peek() !== letter) return false;
    this.#at++;
    return true;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #found(): string {
    return this.#at < this.#text.length ? JSON.stringify(this.#peek()) : 'end of input';
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function isScalar(value: string): boolean {
  return /^(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+[iu]|t|T|true|True|TRUE|f|F|false|False|FALSE)$/.test(value);
}
