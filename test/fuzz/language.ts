import { isDeepStrictEqual } from 'node:util';
import { type Grammar, makeInput } from './inputs.ts';
import { Random } from './random.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

/** A small language: text that is read to a value and written again. */
export interface Language<T> extends Grammar {
  readonly name: string;
  /** Undefined: not of the language; null: the language's word for none. */
  readonly parse: (text: string) => T | null | undefined;
  readonly format: (value: T) => string;
  /** A value, any that the writer takes. */
  readonly value: (random: Random) => T;
  /** What else must hold of an input; the answer is what is wrong. */
  readonly check?: (text: string, value: T | null | undefined) => string | undefined;
}

/**
 * Feeds a language: every fourth input is the text of a generated value, which must be read as that value again; the
 * others are noise, sentences and changed real strings, of which whatever is read must be written and read alike.
 */
export function languageTarget<T>(language: Language<T>): FuzzTarget {
  const generated = (index: number): boolean => index % 4 === 3;
  const generate = (seed: number, index: number): T => language.value(new Random(seed, index, 1));
  return fuzzTarget<{ readonly text: string; readonly written?: T }>(language.name, {
    make(seed, index) {
      if (!generated(index)) return { text: makeInput(language, seed, index) };
      const written = generate(seed, index);
      return { text: language.format(written), written };
    },
    judge: ({ text, written }) => judge(language, text, written),
    show: ({ text }) => text,
  });
}

function judge<T>(language: Language<T>, text: string, written: T | undefined): FuzzVerdict {
  const value = language.parse(text);
  const wrong = language.check?.(text, value);
  if (wrong !== undefined) return failure('forged', wrong);
  if (written !== undefined && !isDeepStrictEqual(value, written))
    return failure('round trip', `${show(written)} was read as ${show(value)}`);
  if (value === undefined) return { accepted: false };
  if (value === null) return { accepted: true };
  const again = language.format(value);
  const second = language.parse(again);
  if (!isDeepStrictEqual(second, value)) return failure('unstable', `${show(value)}, written ${show(again)}, was read as ${show(second)}`);
  const third = second === undefined || second === null ? '' : language.format(second);
  return third === again ? { accepted: true } : failure('unstable', `written ${show(again)}, then ${show(third)}`);
}

function failure(kind: 'round trip' | 'unstable' | 'forged', detail: string): FuzzVerdict {
  return { accepted: true, failure: { kind, detail } };
}

function show(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 120);
}
