/**
 * JSON as Go's `encoding/json` reads it: numbers keep their literal, an object keeps its keys in order and twice, only
 * the first value of the text is read. `JSON.parse` hides all three, and cc-backend's answers depend on them (contract §1.1).
 */
export type GoValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly literal: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly GoValue[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: GoValue])[] };

/** Go's sentence about a text that is not JSON or not what was asked for. */
export class GoJsonError extends Error {}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainText = /[^"\\\u0000-\u001f]+/y;
/** Go allows 10,000; the stack of this process does not. No payload of the contract is deeper than four. */
const maxDepth = 1000;
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads the first JSON value of a text; what follows it is ignored, as `json.Decoder` does. */
export function parseGoJson(text: string): GoValue {
  const reader = new Reader(text);
  reader.skipSpace();
  if (reader.atEnd()) throw new GoJsonError('EOF');
  return reader.value(0);
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

  skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  value(depth: number): GoValue {
    if (depth > maxDepth) throw new GoJsonError('exceeded max depth');
    this.skipSpace();
    const next = this.#peek();
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return { kind: 'string', value: this.#string() };
    if (next === '-' || (next >= '0' && next <= '9')) return this.#number();
    if (next === 't') return this.#word('true', { kind: 'bool', value: true });
    if (next === 'f') return this.#word('false', { kind: 'bool', value: false });
    if (next === 'n') return this.#word('null', { kind: 'null' });
    throw this.#unexpected('looking for beginning of value');
  }

  #object(depth: number): GoValue {
    const entries: [string, GoValue][] = [];
    this.#at++;
    this.skipSpace();
    if (this.#take('}')) return { kind: 'object', entries };
    for (;;) {
      this.skipSpace();
      if (this.#peek() !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.skipSpace();
      if (!this.#take(':')) throw this.#unexpected('after object key');
      entries.push([key, this.value(depth + 1)]);
      this.skipSpace();
      if (this.#take('}')) return { kind: 'object', entries };
      if (!this.#take(',')) throw this.#unexpected('after object key:value pair');
    }
  }

  #array(depth: number): GoValue {
    const items: GoValue[] = [];
    this.#at++;
    this.skipSpace();
    if (this.#take(']')) return { kind: 'array', items };
    for (;;) {
      items.push(this.value(depth + 1));
      this.skipSpace();
      if (this.#take(']')) return { kind: 'array', items };
      if (!this.#take(',')) throw this.#unexpected('after array element');
    }
  }

  #number(): GoValue {
    numberPattern.lastIndex = this.#at;
    const literal = numberPattern.exec(this.#text)?.[0];
    if (literal === undefined) {
      this.#at++;
      throw this.#unexpected('in numeric literal');
    }
    this.#at += literal.length;
    return { kind: 'number', literal };
  }

  #string(): string {
    let value = '';
    this.#at++;
    for (;;) {
      plainText.lastIndex = this.#at;
      const plain = plainText.exec(this.#text)?.[0] ?? '';
      value += plain;
      this.#at += plain.length;
      if (this.#take('"')) return value.toWellFormed();
      if (!this.#take('\\')) throw this.#unexpected('in string literal');
      value += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#peek();
    if (letter !== 'u') {
      const meant = escapes[letter];
      if (meant === undefined) throw this.#unexpected('in string escape code');
      this.#at++;
      return meant;
    }
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    const good = /^[0-9a-fA-F]*/.exec(digits)?.[0].length ?? 0;
    this.#at += 1 + good;
    if (good < 4) throw this.#unexpected('in \\u hexadecimal character escape');
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #word(word: string, value: GoValue): GoValue {
    for (const [index, letter] of [...word].entries()) {
      if (index > 0 && this.#peek() !== letter) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      this.#at++;
    }
    return value;
  }

  #take(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false;
    this.#at++;
    return true;
  }

  #peek(): string {
    const letter = this.#text[this.#at];
    if (letter === undefined) throw new GoJsonError('unexpected EOF');
    return letter;
  }

  #unexpected(where: string): GoJsonError {
    return new GoJsonError(`invalid character ${quote(this.#peek())} ${where}`);
  }
}

function quote(letter: string): string {
  if (letter === "'") return `'\\''`;
  if (letter === '"') return `'"'`;
  return `'${JSON.stringify(letter).slice(1, -1)}'`;
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** JSON as Go's encoder writes it: `<`, `>`, `&` escaped, a newline at the end. */
export function formatGoJson(value: unknown): string {
  return `${JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (letter) => htmlEscapes[letter] ?? letter)}\n`;
}
