/** What a flag takes. */
export type GoFlagKind = 'boolean' | 'integer' | 'text';

export type GoFlagValue = boolean | number | string;

export type GoFlags =
  | { readonly kind: 'flags'; readonly values: ReadonlyMap<string, GoFlagValue>; readonly rest: readonly string[] }
  /** `-h` or `-help` where it is no flag of the program. */
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/**
 * Parses a command line as Go's package `flag` does: one dash or two, `-name value` and `-name=value`, a boolean's value only
 * behind `=`, the first word that is no flag ends them, and so does `--`. The last of several counts.
 */
export function parseGoFlags(args: readonly string[], known: Readonly<Record<string, GoFlagKind>>): GoFlags {
  const values = new Map<string, GoFlagValue>();
  let at = 0;
  while (at < args.length) {
    const word = args[at] ?? '';
    if (word.length < 2 || !word.startsWith('-')) break;
    at++;
    if (word === '--') break;
    const [, name = '', assigned] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === '' || name.startsWith('-')) return wrong(`bad flag syntax: ${word}`);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) return name === 'h' || name === 'help' ? { kind: 'help' } : wrong(`flag provided but not defined: -${name}`);
    const text = assigned ?? (kind === 'boolean' ? 'true' : args[at++]);
    if (text === undefined) return wrong(`flag needs an argument: -${name}`);
    const value = flagValue(kind, text);
    if (value === undefined) {
      const quoted = JSON.stringify(text);
      return wrong(kind === 'boolean' ? `invalid boolean value ${quoted} for -${name}` : `invalid value ${quoted} for flag -${name}`);
    }
    values.set(name, value);
  }
  return { kind: 'flags', values, rest: args.slice(at) };
}

function wrong(message: string): GoFlags {
  return { kind: 'wrong', message };
}

function flagValue(kind: GoFlagKind, text: string): GoFlagValue | undefined {
  if (kind === 'text') return text;
  if (kind === 'integer') return integerOf(text);
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** Decimal, or with 0x, 0o, 0b or a leading 0; `_` between digits only where a prefix is. */
function integerOf(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.+)$/s.exec(text) ?? [];
  const prefixed = /^0(?:x(?:_?[\da-f])+|b(?:_?[01])+|o?(?:_?[0-7])+)$/i.test(digits);
  if (!prefixed && !/^(?:0|[1-9](?:_?\d)*)$/.test(digits)) return undefined;
  const plain = digits.replaceAll('_', '').replace(/^0(?=\d)/, '0o');
  const value = Number(plain);
  return Number.isSafeInteger(value) ? (sign === '-' ? -value : value) : undefined;
}
