export interface PythonOption {
  /** Without its dashes. */
  readonly long: string;
  readonly short?: string;
  /** Nothing, one text, one whole number, or one of some words. */
  readonly takes: 'nothing' | 'text' | 'integer' | readonly string[];
}

export type PythonArguments =
  /** By long name; an option that takes nothing is there with an empty text. */
  | { readonly kind: 'options'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

type Taken = PythonArguments | undefined;

/**
 * Parses a command line that has options only, as Python's argparse does: `--name value`, `--name=value`, `-nvalue`, `-n value`,
 * short ones that take nothing in one word (`-dl5`), long ones shortened as far as they are unambiguous. A word that begins
 * with a dash is a value only if it is a negative number. The last of several counts; errors are told in order.
 */
export function parsePythonArguments(argv: readonly string[], options: readonly PythonOption[]): PythonArguments {
  const values = new Map<string, string>();
  const unknown: string[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      unknown.push(word, ...words.splice(0));
    } else if (!word.startsWith('-') || word === '-' || isNegative(word)) {
      unknown.push(word);
    } else {
      const found = word.startsWith('--') ? longOption(word, options) : shortOption(word, options);
      if (found.kind === 'wrong') return found;
      if (found.kind === 'unknown') unknown.push(word);
      else {
        const ended = take(found, words, values, options);
        if (ended) return ended;
      }
    }
  }
  if (unknown.length > 0) return { kind: 'wrong', message: `unrecognized arguments: ${unknown.join(' ')}` };
  return { kind: 'options', values };
}

type Found =
  | { readonly kind: 'option'; readonly option: PythonOption; readonly attached: string | undefined; readonly short: boolean }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'wrong'; readonly message: string };

function longOption(word: string, options: readonly PythonOption[]): Found {
  const [, name = '', attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const exact = options.filter(({ long }) => long === name);
  const meant = exact.length > 0 ? exact : options.filter(({ long }) => long.startsWith(name));
  if (meant.length > 1) {
    const matches = meant.map(({ long }) => `--${long}`).join(', ');
    return { kind: 'wrong', message: `ambiguous option: ${word} could match ${matches}` };
  }
  const option = meant[0];
  return option ? { kind: 'option', option, attached, short: false } : { kind: 'unknown' };
}

/** `-c`, and what is written together with it. */
function shortOption(word: string, options: readonly PythonOption[]): Found {
  const option = options.find(({ short }) => short === word[1]);
  if (!option) return { kind: 'unknown' };
  const attached = word.length > 2 ? word.slice(2) : undefined;
  return { kind: 'option', option, attached, short: true };
}

function take(
  { option, attached, short }: Extract<Found, { kind: 'option' }>,
  words: string[],
  values: Map<string, string>,
  options: readonly PythonOption[],
): Taken {
  const { long, takes } = option;
  const wrong = (message: string): Taken => ({ kind: 'wrong', message: `argument ${nameOf(option)}: ${message}` });
  if (takes === 'nothing') {
    const known = short && options.some((other) => other.short === attached?.[0]);
    if (attached !== undefined && !known) return wrong(`ignored explicit argument '${attached.replace(/^=/, '')}'`);
    if (long === 'help') return { kind: 'help' };
    values.set(long, '');
    // The rest of the word is more short options.
    if (attached !== undefined) words.unshift(`-${attached}`);
    return undefined;
  }
  const value = attached === undefined ? nextValue(words) : short ? attached.replace(/^=/, '') : attached;
  if (value === undefined) return wrong('expected one argument');
  if (takes === 'integer' && !/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(value)) return wrong(`invalid int value: '${value}'`);
  if (Array.isArray(takes) && !takes.includes(value)) {
    return wrong(`invalid choice: '${value}' (choose from ${takes.map((word) => `'${word}'`).join(', ')})`);
  }
  values.set(long, takes === 'integer' ? value.replaceAll('_', '').trim() : value);
  return undefined;
}

function nextValue(words: string[]): string | undefined {
  const next = words[0];
  if (next === undefined || next === '--') return undefined;
  // A word with a blank is no option, nor is a dash alone.
  const isOption = next.startsWith('-') && next !== '-' && !isNegative(next) && !next.includes(' ');
  return isOption ? undefined : words.shift();
}

function isNegative(word: string): boolean {
  return /^-\d+$|^-\d*\.\d+$/.test(word);
}

function nameOf({ long, short }: PythonOption): string {
  return short === undefined ? `--${long}` : `-${short}/--${long}`;
}
