import { Random } from './random.ts';

/** What text near a language is made of. */
export interface Grammar {
  /** Real strings of the language, to change. */
  readonly samples: readonly string[];
  /** Its words and signs. */
  readonly words: readonly string[];
}

const odd: readonly string[] = [
  '\0',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\x1b[31m',
  '\x7f',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '１',
  '٣',
  '𝟙',
  '½',
  'Ⅷ',
  'İ',
  'ß',
  '☃',
  '\ud800',
  '\udfff',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'Infinity',
  '-0',
  '-1',
  '+1',
  '1e9',
  '0x1F',
  '1_000',
  '00',
  '0.1',
  '.5',
  '5.',
  '4294967294',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551614',
  '18446744073709551615',
  '99999999999999999999999',
  '[',
  ']',
  '[[',
  ']]',
  '[]',
  '(',
  ')',
  '{',
  '}',
  ',',
  ',,',
  '-',
  '--',
  ':',
  '::',
  '%',
  '+',
  '*',
  '/',
  '\\',
  '=',
  '|',
  '.',
  '"',
  "'",
  '`',
  '$',
  ';',
  'None',
  'N/A',
  '(null)',
  'Unknown',
  'UNLIMITED',
  'INVALID',
  '...',
  ' by ',
  '%s%n',
];

/** Bytes taken for characters: control characters, quotes, halves of surrogate pairs. */
function noise(random: Random): string {
  const top = random.pick([0x20, 0x7f, 0x100, 0x3000, 0x1_0000]);
  return String.fromCharCode(...random.list(random.pick([4, 20, 200]), () => random.below(top)));
}

/** Words and signs of the language in any order. */
function sentence(random: Random, { words, samples }: Grammar): string {
  return random
    .list(random.pick([3, 8, 40]), () => {
      const kind = random.below(10);
      if (kind === 0) return random.pick(odd);
      if (kind === 1) return random.pick(samples);
      return kind < 4 ? `${random.natural(random.pick([4, 10, 34, 64]))}` : random.pick(words);
    })
    .join('');
}

/** A real string with one to four changes. */
function mutation(random: Random, { samples, words }: Grammar): string {
  let text = random.pick(samples);
  for (let change = random.below(4); change >= 0; change--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + 1 + random.below(random.oneIn(4) ? 12 : 2));
    const between = [
      () => '',
      () => random.pick(words),
      () => random.pick(odd),
      () => `${random.natural(random.pick([4, 10, 34, 64]))}`,
      () => String.fromCharCode(random.below(random.pick([0x80, 0x1_0000]))),
      () => text.slice(at, to).repeat(1 + random.below(5)),
      () => random.pick(samples),
    ];
    text = text.slice(0, at) + random.pick(between)() + text.slice(random.oneIn(2) ? at : to);
  }
  return text;
}

/** Up to a million characters: one word, or a few, over and over. */
function long(random: Random, grammar: Grammar): string {
  const unit = random.pick([
    () => random.pick(grammar.words),
    () => random.pick(odd),
    () => sentence(random, grammar),
    () => `${random.pick(grammar.samples)},`,
    () => mutation(random, grammar),
  ])();
  const length = 2 ** (10 + random.below(11));
  return random.pick(grammar.samples).slice(0, random.below(4)) + unit.repeat(Math.ceil(length / Math.max(unit.length, 1)));
}

/** Input number `index`: noise, sentences and mutations in turn, and now and then a long one. */
export function makeInput(grammar: Grammar, seed: number, index: number): string {
  const random = new Random(seed, index);
  if (index % 1000 === 998) return long(random, grammar);
  switch (index % 4) {
    case 0:
      return noise(random);
    case 1:
      return sentence(random, grammar);
    default:
      return mutation(random, grammar);
  }
}
