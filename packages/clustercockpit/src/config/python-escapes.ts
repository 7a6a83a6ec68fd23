/** A part of a pattern that cannot be translated; `at` counts characters from 0. */
export class PatternProblem extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'PatternProblem';
    this.at = at;
  }
}

/** The characters of a pattern, read one after the other. */
export class Characters {
  readonly #all: readonly string[];
  at = 0;

  constructor(pattern: string) {
    this.#all = [...pattern];
  }

  get next(): string | undefined {
    return this.#all[this.at];
  }

  /** What stands at the reading place, if it is this text; and goes behind it. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  sees(text: string): boolean {
    return [...text].every((character, index) => this.#all[this.at + index] === character);
  }

  /** The longest run of characters of this kind, at most so many. */
  run(kind: RegExp, most = Number.POSITIVE_INFINITY): string {
    let text = '';
    for (let next = this.next; next !== undefined && text.length < most && kind.test(next); next = this.next) {
      text += next;
      this.at++;
    }
    return text;
  }

  /** Up to the mark, and goes behind it; undefined when there is none. */
  until(mark: string): string | undefined {
    const end = this.#all.indexOf(mark, this.at);
    if (end < 0) return undefined;
    const text = this.#all.slice(this.at, end).join('');
    this.at = end + 1;
    return text;
  }
}

/** A character as JavaScript takes it anywhere in an expression, inside and outside of a class. */
export function literal(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return /^\w$/.test(character) ? character : `\\u{${codePoint.toString(16)}}`;
}

/** What Python's classes hold: all of Unicode, or ASCII with the flag `a`. The items stand inside brackets. */
const classes: Readonly<Record<string, { readonly unicode: string; readonly ascii: string }>> = {
  d: { unicode: '\\p{Nd}', ascii: '0-9' },
  w: { unicode: '\\p{L}\\p{N}_', ascii: '0-9A-Za-z_' },
  // str.isspace(), which is not JavaScript's \s.
  s: { unicode: '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000', ascii: '\\t-\\r\\x20' },
};

/** The class that `\d`, `\W` … mean, in brackets; undefined for another letter. */
export function classOf(letter: string, ascii: boolean): string | undefined {
  const items = classes[letter.toLowerCase()]?.[ascii ? 'ascii' : 'unicode'];
  if (items === undefined) return undefined;
  return letter === letter.toLowerCase() ? `[${items}]` : `[^${items}]`;
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The character that an escape means which is the same inside and outside of a class; the reading place is behind its letter.
 * Digits are not read here.
 */
export function escapedCharacter(source: Characters, letter: string, at: number): number {
  const control = controls[letter];
  if (control !== undefined) return control;
  const length = hexLengths[letter];
  if (length !== undefined) {
    const digits = source.run(/[\da-f]/i, length);
    const value = Number.parseInt(digits, 16);
    if (digits.length === length && value <= 0x10_ffff) return value;
    throw new PatternProblem(`\\${letter} needs ${length} hexadecimal digits of a character`, at);
  }
  if (letter === 'N') throw new PatternProblem('characters by name (\\N{…}) are not supported: write the character itself', at);
  if (/[A-Za-z\d]/.test(letter)) throw new PatternProblem(`Python knows no escape \\${letter}`, at);
  return letter.codePointAt(0) ?? 0;
}

/** The character of an octal escape. */
export function octal(digits: string, at: number): number {
  const value = Number.parseInt(digits, 8);
  if (value > 0o377) throw new PatternProblem(`octal escape \\${digits} is beyond \\377`, at);
  return value;
}
