/** What a line says after decoding. */
export interface DecodedLine {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly event: string;
  readonly timestamp: bigint;
}

/**
 * A strict decoder of the lines that cc-backend takes, for tests: as contract §6.2 and §6.3 describe its own one. It throws at
 * what that one refuses.
 */
export function decodeLines(text: string): DecodedLine[] {
  const decoded: DecodedLine[] = [];
  const reader = new Reader(text);
  while (!reader.atEnd()) {
    if (reader.took('\n')) continue;
    decoded.push(decodeLine(reader));
  }
  return decoded;
}

function decodeLine(reader: Reader): DecodedLine {
  const measurement = reader.word(', ');
  const tags: Record<string, string> = {};
  while (reader.took(',')) {
    const key = reader.word('=, ');
    reader.expect('=');
    const value = reader.word(',= ');
    if (key in tags) throw new Error(`the tag ${key} stands twice`);
    tags[key] = value;
  }
  reader.expect(' ');
  if (reader.word('=, ') !== 'event') throw new Error('the field is not event');
  reader.expect('=');
  const event = reader.quoted();
  reader.expect(' ');
  const timestamp = reader.integer();
  if (timestamp === 0n) throw new Error('timestamp cannot be zero');
  if (!reader.atEnd()) reader.expect('\n');
  return { measurement, tags, event, timestamp };
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  took(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  expect(character: string): void {
    if (!this.took(character)) throw new Error(`expected ${JSON.stringify(character)} at ${this.#at} of ${JSON.stringify(this.#text)}`);
  }

  /** A name or tag value up to one of the ends, which may stand in it behind a backslash. */
  word(ends: string): string {
    let word = '';
    for (; !this.atEnd(); this.#at += 1) {
      const character = this.#text[this.#at] ?? '';
      if (/[\x00-\x1f\x7f]/.test(character)) throw new Error(`a control character at ${this.#at}`);
      if (ends.includes(character)) break;
      const next = this.#text[this.#at + 1] ?? '';
      if (character === '\\' && next === '') throw new Error('a backslash at the end');
      if (character === '\\' && ',= '.includes(next)) this.#at += 1;
      word += this.#text[this.#at];
    }
    if (word === '') throw new Error(`an empty word at ${this.#at}`);
    return word;
  }

  quoted(): string {
    this.expect('"');
    let text = '';
    while (!this.took('"')) {
      if (this.atEnd()) throw new Error('a string without an end');
      text += this.took('\\') ? this.#escaped() : this.#text[this.#at++];
    }
    return text;
  }

  #escaped(): string {
    const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"' };
    const character = escapes[this.#text[this.#at] ?? ''];
    if (character === undefined) throw new Error(`an unknown escape at ${this.#at}`);
    this.#at += 1;
    return character;
  }

  integer(): bigint {
    const digits = /^\d+/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) throw new Error(`no timestamp at ${this.#at}`);
    this.#at += digits.length;
    return BigInt.asIntN(64, BigInt(digits)) === BigInt(digits) ? BigInt(digits) : 0n;
  }
}
