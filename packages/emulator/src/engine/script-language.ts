/** A command of a simple script: a pipeline, or a choice by a word. */
export type Command =
  | {
      readonly kind: 'run';
      readonly joint: 'then' | 'and' | 'or';
      readonly pipeline: readonly (readonly string[])[];
      readonly background: boolean;
    }
  | {
      readonly kind: 'case';
      readonly word: string;
      readonly branches: readonly { readonly patterns: readonly string[]; readonly commands: readonly Command[] }[];
    };

/** Words that begin what is not simple. */
const compound: ReadonlySet<string> = new Set(['if', 'for', 'while', 'until', 'function', 'select', '{', '(', '[[', '((']);

/** The commands of a shell script that is simple enough to be read; undefined when it is not. Total: any text is an answer. */
export function parseScript(text: string): readonly Command[] | undefined {
  const tokens = tokenise(text);
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  const commands = reader.commands(new Set());
  return reader.simple && reader.atEnd ? commands : undefined;
}

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'operator'; readonly text: string };

const operators: readonly string[] = [';;', '&&', '||', ';', '&', '|', ')', '\n'];

function tokenise(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '#' && word === null) {
      const end = text.indexOf('\n', at);
      at = (end < 0 ? text.length : end) - 1;
      continue;
    }
    if (text.startsWith('&>', at) || (character === '&' && word?.endsWith('>'))) {
      word = (word ?? '') + character;
      continue;
    }
    const operator = operators.find((each) => text.startsWith(each, at));
    if (operator !== undefined || character === ' ' || character === '\t' || character === '\r') {
      if (word !== null) tokens.push({ kind: 'word', text: word });
      word = null;
      if (operator !== undefined) {
        tokens.push({ kind: 'operator', text: operator });
        at += operator.length - 1;
      }
      continue;
    }
    if (character === '`' || text.startsWith('$(', at) || text.startsWith('<<', at)) return undefined;
    if (character === '\\') {
      at += 1;
      if (text[at] !== '\n') word = (word ?? '') + (text[at] ?? '');
    } else if (character === "'" || character === '"') {
      const end = closing(text, at, character);
      if (end < 0) return undefined;
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== null) tokens.push({ kind: 'word', text: word });
  return tokens;
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (quote === '"' && text[at] === '\\') at += 1;
  }
  return -1;
}

class Reader {
  simple = true;
  #at = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Commands up to one of these words or `;;`. */
  commands(until: ReadonlySet<string>): readonly Command[] {
    const found: Command[] = [];
    let joint: 'then' | 'and' | 'or' = 'then';
    while (this.simple && !this.atEnd) {
      const token = this.#tokens[this.#at] as Token;
      if (token.kind === 'word' && until.has(token.text)) break;
      if (token.text === ';;') break;
      if (token.kind === 'operator') {
        if (token.text === '\n' || token.text === ';') this.#at += 1;
        else this.simple = false;
        continue;
      }
      if (token.text === 'case') {
        found.push(this.#case());
        continue;
      }
      const pipeline = this.#pipeline();
      const after = this.#tokens[this.#at];
      found.push({ kind: 'run', joint, pipeline, background: after?.text === '&' });
      joint = after?.text === '&&' ? 'and' : after?.text === '||' ? 'or' : 'then';
      if (after?.kind === 'operator' && after.text !== ';;' && after.text !== ')') this.#at += 1;
    }
    return found;
  }

  #pipeline(): readonly (readonly string[])[] {
    const pipeline: string[][] = [[]];
    for (; !this.atEnd; this.#at++) {
      const token = this.#tokens[this.#at] as Token;
      if (token.kind === 'word') {
        const words = pipeline.at(-1);
        if (words?.length === 0 && (compound.has(token.text) || /\(\)?$/.test(token.text))) this.simple = false;
        if (/^(\d*|&)[<>]/.test(token.text)) {
          // A redirection takes no part; its file may be the next word.
          if (/^(\d*|&)(>>?|<)$/.test(token.text)) this.#at += 1;
        } else words?.push(token.text);
      } else if (token.text === '|') pipeline.push([]);
      else break;
    }
    return pipeline;
  }

  #case(): Command {
    const word = this.#tokens[this.#at + 1]?.text ?? '';
    if (this.#tokens[this.#at + 2]?.text !== 'in') this.simple = false;
    this.#at += 3;
    const branches: { patterns: string[]; commands: readonly Command[] }[] = [];
    while (this.simple && !this.atEnd) {
      const token = this.#tokens[this.#at] as Token;
      if (token.text === 'esac') {
        this.#at += 1;
        break;
      }
      if (token.kind === 'operator' && token.text !== ')') {
        this.#at += 1;
        continue;
      }
      const patterns: string[] = [];
      for (; !this.atEnd && this.#tokens[this.#at]?.text !== ')'; this.#at++) {
        const { text } = this.#tokens[this.#at] as Token;
        if (text !== '|') patterns.push(text);
      }
      this.#at += 1;
      branches.push({ patterns, commands: this.commands(new Set(['esac'])) });
    }
    return { kind: 'case', word, branches };
  }
}
