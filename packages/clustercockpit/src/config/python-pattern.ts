import { translateClass } from './python-class.ts';
import { Characters, classOf, escapedCharacter, literal, octal, PatternProblem } from './python-escapes.ts';

/** Why a text is no regular expression that can be used; one sentence. */
export interface PythonPatternError {
  readonly message: string;
}

/**
 * A regular expression in the syntax of Python's `re` (3.11, text patterns) as one of JavaScript that finds the same;
 * `test` of it is `re.search`. What Python has and JavaScript has not (atomic groups, possessive repeats, conditions) or what is
 * not worth having (the flag x, characters by name) is refused. One difference remains: a reference to a group that took no
 * part in the match fails in Python and is empty here.
 *
 * Source: Python's documentation of `re`, and its answers in recordings/python-re.json.
 */
export function compilePythonPattern(pattern: string): RegExp | PythonPatternError {
  try {
    const translation = new Translation(pattern);
    // u: whole characters and their properties. Lines are seen to here, so there is no m and no s.
    return new RegExp(translation.whole(), translation.ignoreCase ? 'iu' : 'u');
  } catch (error) {
    if (error instanceof PatternProblem) {
      return { message: `${error.message} (at character ${error.at + 1} of the expression)` };
    }
    if (error instanceof SyntaxError) return { message: 'this regular expression of Python cannot be translated' };
    throw error;
  }
}

/** What `(?…)` can switch. */
interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly a: boolean;
}

interface Atom {
  readonly text: string;
  /** Python repeats no places such as `^` and `\b`. */
  readonly repeatable: boolean;
}

const anything = '[\\s\\S]';

class Translation {
  readonly #source: Characters;
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  #groups = 0;
  ignoreCase = false;

  constructor(pattern: string) {
    this.#source = new Characters(pattern);
  }

  whole(): string {
    const flags = this.#globalFlags();
    this.ignoreCase = flags.i;
    const text = this.#alternatives(flags);
    if (this.#source.next === ')') throw new PatternProblem('this ) closes nothing', this.#source.at);
    return text;
  }

  /** `(?im)` at the beginning; elsewhere Python has not taken it since 3.11. */
  #globalFlags(): Flags {
    let flags: Flags = { i: false, m: false, s: false, a: false };
    for (;;) {
      this.#comments();
      const at = this.#source.at;
      const letters = this.#source.take('(?') ? this.#source.run(/[A-Za-z]/) : '';
      if (letters === '' || /^P$/.test(letters) || !this.#source.take(')')) {
        this.#source.at = at;
        return flags;
      }
      flags = switched(flags, letters, true, at);
    }
  }

  #alternatives(flags: Flags): string {
    const texts = [this.#sequence(flags)];
    while (this.#source.take('|')) texts.push(this.#sequence(flags));
    return texts.join('|');
  }

  #sequence(flags: Flags): string {
    let text = '';
    for (;;) {
      this.#comments();
      const { next, at } = this.#source;
      if (next === undefined || next === '|' || next === ')') return text;
      if (this.#repeat() !== undefined) throw new PatternProblem('there is nothing to repeat', at);
      const atom = this.#atom(flags);
      this.#comments();
      const repeatAt = this.#source.at;
      const repeat = this.#repeat();
      if (repeat === undefined) {
        text += atom.text;
        continue;
      }
      if (!atom.repeatable) throw new PatternProblem('a place has nothing to repeat', repeatAt);
      if (this.#source.next === '+') throw new PatternProblem('possessive repeats are not supported: leave out this +', this.#source.at);
      const lazy = this.#source.take('?') ? '?' : '';
      this.#comments();
      const again = this.#source.at;
      if (this.#repeat() !== undefined) throw new PatternProblem('a repeat is repeated', again);
      text += `${atom.text}${repeat}${lazy}`;
    }
  }

  /** `*`, `+`, `?` or a number in braces, in JavaScript's words; undefined, and nothing is read, when none stands here. */
  #repeat(): string | undefined {
    const source = this.#source;
    for (const sign of ['*', '+', '?']) if (source.take(sign)) return sign;
    const at = source.at;
    if (!source.take('{')) return undefined;
    if (source.next !== '}') {
      const least = source.run(/\d/);
      const comma = source.take(',');
      const most = comma ? source.run(/\d/) : least;
      if (source.take('}') && (least !== '' || comma)) {
        if (most !== '' && Number(least) > Number(most)) throw new PatternProblem('the repeat’s least is more than its most', at);
        return comma ? `{${least || 0},${most}}` : `{${least}}`;
      }
    }
    // As in Python it is then the character itself.
    source.at = at;
    return undefined;
  }

  #comments(): void {
    while (this.#source.sees('(?#')) {
      const at = this.#source.at;
      if (this.#source.until(')') === undefined) throw new PatternProblem('this comment has no ) at its end', at);
    }
  }

  #atom(flags: Flags): Atom {
    const source = this.#source;
    const at = source.at;
    const character = source.next ?? '';
    source.at++;
    switch (character) {
      case '.':
        return { text: flags.s ? anything : '[^\\n]', repeatable: true };
      case '^':
        return { text: flags.m ? '(?<![^\\n])' : '^', repeatable: false };
      case '$':
        // Without m also before a newline that ends the text.
        return { text: flags.m ? '(?![^\\n])' : '(?=\\n?$)', repeatable: false };
      case '[':
        return { text: translateClass(source, flags.a), repeatable: true };
      case '(':
        return { text: this.#group(flags, at), repeatable: true };
      case '\\':
        return this.#escape(flags, at);
      default:
        return { text: literal(character.codePointAt(0) ?? 0), repeatable: true };
    }
  }

  #escape(flags: Flags, at: number): Atom {
    const source = this.#source;
    const letter = source.next;
    if (letter === undefined) throw new PatternProblem('the pattern ends with a backslash', at);
    source.at++;
    const known = classOf(letter, flags.a);
    if (known !== undefined) return { text: known, repeatable: true };
    const word = classOf('w', flags.a);
    if (letter === 'A') return { text: '^', repeatable: false };
    if (letter === 'Z') return { text: '$', repeatable: false };
    if (letter === 'b') return { text: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`, repeatable: false };
    // In an empty text Python finds none (before 3.14).
    if (letter === 'B') return { text: `(?:(?!^$)(?<!${word})(?!${word})|(?<=${word})(?=${word}))`, repeatable: false };
    if (/\d/.test(letter)) return { text: this.#number(letter, at), repeatable: true };
    return { text: literal(escapedCharacter(source, letter, at)), repeatable: true };
  }

  /** `\0…` and three octal digits are a character, other digits a reference to a group. */
  #number(first: string, at: number): string {
    const source = this.#source;
    if (first === '0') return literal(octal(`0${source.run(/[0-7]/, 2)}`, at));
    const second = source.run(/\d/, 1);
    if (/^[0-7]{2}$/.test(first + second)) {
      const third = source.run(/[0-7]/, 1);
      if (third !== '') return literal(octal(first + second + third, at));
    }
    return this.#reference(Number(first + second), at);
  }

  #reference(group: number, at: number): string {
    if (group > this.#groups) throw new PatternProblem(`there is no group ${group} before this`, at);
    if (this.#open.has(group)) throw new PatternProblem('a group cannot refer to itself', at);
    return `(?:\\${group})`;
  }

  #group(flags: Flags, at: number): string {
    const source = this.#source;
    if (!source.take('?')) return this.#capturing(flags, at);
    if (source.take(':')) return `(?:${this.#inside(flags, at)}`;
    for (const look of ['=', '!', '<=', '<!']) {
      // JavaScript does not repeat these themselves.
      if (source.take(look)) return `(?:(?${look}${this.#inside(flags, at)})`;
    }
    if (source.take('P<')) return this.#named(flags, at);
    if (source.take('P=')) return this.#namedReference(at);
    if (source.next === '>') throw new PatternProblem('atomic groups (?>…) are not supported: write (?:…)', at);
    if (source.next === '(') throw new PatternProblem('conditions (?(…)…) are not supported', at);
    return this.#switch(flags, at);
  }

  #named(flags: Flags, at: number): string {
    const name = this.#name('>', at);
    if (this.#names.has(name)) throw new PatternProblem(`the group ${name} stands here twice`, at);
    this.#names.set(name, this.#groups + 1);
    return this.#capturing(flags, at);
  }

  #namedReference(at: number): string {
    const name = this.#name(')', at);
    const group = this.#names.get(name);
    if (group === undefined) throw new PatternProblem(`there is no group ${name} before this`, at);
    return this.#reference(group, at);
  }

  #name(end: string, at: number): string {
    const name = this.#source.until(end);
    if (name !== undefined && /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(name)) return name;
    throw new PatternProblem('the name of a group is letters, digits and _, and does not begin with a digit', at);
  }

  #capturing(flags: Flags, at: number): string {
    const group = ++this.#groups;
    this.#open.add(group);
    const text = `(${this.#inside(flags, at)}`;
    this.#open.delete(group);
    return text;
  }

  #inside(flags: Flags, at: number): string {
    const text = this.#alternatives(flags);
    if (!this.#source.take(')')) throw new PatternProblem('this group has no ) at its end', at);
    return `${text})`;
  }

  /** `(?i-s:…)`. */
  #switch(flags: Flags, at: number): string {
    const source = this.#source;
    const on = source.run(/[A-Za-z]/);
    const minus = source.take('-');
    const off = minus ? source.run(/[A-Za-z]/) : '';
    if ((on + off).length > 0 && (!minus || off !== '') && source.take(':')) {
      const inner = switched(switched(flags, on, true, at), off, false, at);
      const kind = inner.i === flags.i ? '' : inner.i ? 'i' : '-i';
      return `(?${kind}:${this.#inside(inner, at)}`;
    }
    if (on !== '' && !minus && source.next === ')') throw new PatternProblem('flags for all of the pattern stand at its beginning', at);
    throw new PatternProblem(`Python has no group that begins with (?${on || (source.next ?? '')}`, at);
  }
}

/** The flags with these letters on or off. */
function switched(flags: Flags, letters: string, on: boolean, at: number): Flags {
  let result = flags;
  for (const letter of letters) {
    if (letter === 'x')
      throw new PatternProblem('the flag x is not supported: write the pattern in one piece, without blanks and comments', at);
    if (letter === 'u' && on) result = { ...result, a: false };
    else if (letter === 'a' && on) result = { ...result, a: true };
    else if (letter === 'i' || letter === 'm' || letter === 's') result = { ...result, [letter]: on };
    else throw new PatternProblem(`the flag ${letter} cannot stand here`, at);
  }
  return result;
}
