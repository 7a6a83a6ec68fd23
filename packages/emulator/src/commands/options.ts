/**
 * Options as getopt_long(3) of the GNU C library reads them for Slurm's commands: long names may be shortened as long as they are
 * clear, `-ofmt` and `-o fmt`, `--format=fmt` and `--format fmt`, short ones in a row (`-ho%i`), operands between options, `--` ends them.
 */

/**
 * One option in a line: long names (the first is its name), then the short one, then what it takes.
 * `format,o:` takes a value, `json::` may take one (attached only), `noheader,h` none; `nodelist|nodes|node,w:` has further names; `,Z` is short alone.
 * A line that begins with `=name ` is a further entry of that option, at its own place in the table.
 */
export type OptionLine = string;

interface Entry {
  readonly name: string;
  readonly longName: string | null;
  readonly takes: Takes;
}

type Takes = 'none' | 'value' | 'perhaps';

/** A table of options, in the order of the command's own: getopt names the possibilities of an unclear option in it. */
export interface OptionTable {
  readonly entries: readonly Entry[];
  readonly short: ReadonlyMap<string, Entry>;
  /** The first operand ends the options: what follows belongs to a program (`sbatch`, `srun`). */
  readonly stopsAtOperand: boolean;
}

export interface GivenOption {
  /** The first long name of its line, or the letter. */
  readonly name: string;
  /** Null when it takes none, or none was given. */
  readonly value: string | null;
}

/** What the command line says. */
export interface GivenOptions {
  /** In the order in which they were given; where a command takes the last one, `value` does. */
  readonly options: readonly GivenOption[];
  readonly operands: readonly string[];
  has(name: string): boolean;
  /** Of the last time it was given; undefined when it was not, or without a value. */
  value(name: string): string | undefined;
}

/** What getopt prints about an option that it does not understand, without the command's name before it. */
export class OptionError extends Error {}

/** Reads the lines of a table once. */
export function optionTable(lines: readonly OptionLine[], { stopsAtOperand = false } = {}): OptionTable {
  const entries: Entry[] = [];
  const short = new Map<string, Entry>();
  for (const line of lines) {
    const [, same, names = '', letter, colons = ''] = /^(?:=(\S+) )?([^,:]*)(?:,([^:]))?(:{0,2})$/.exec(line) ?? [];
    const long = names === '' ? [] : names.split('|');
    const name = same ?? long[0] ?? letter;
    if (name === undefined) throw new TypeError(`"${line}" is not an option`);
    const takes = colons === '' ? 'none' : colons === ':' ? 'value' : 'perhaps';
    for (const longName of long) entries.push({ name, longName, takes });
    if (letter !== undefined) short.set(letter, { name, longName: null, takes });
  }
  return { entries, short, stopsAtOperand };
}

/** Throws {@link OptionError} at the first thing that is not understood. */
export function readOptions(argv: readonly string[], table: OptionTable): GivenOptions {
  const options: GivenOption[] = [];
  const operands: string[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      operands.push(...words);
      break;
    }
    if (word.startsWith('--')) options.push(longOption(word.slice(2), words, table));
    else if (word.startsWith('-') && word !== '-') options.push(...shortOptions(word.slice(1), words, table));
    else if (table.stopsAtOperand) {
      operands.push(word, ...words);
      break;
    } else operands.push(word);
  }
  return {
    options,
    operands,
    has: (name) => options.some((option) => option.name === name),
    value: (name) => options.findLast((option) => option.name === name)?.value ?? undefined,
  };
}

/** What a command prints about an option that it does not understand: sacct alone does not name its help. */
export function optionErrorText(command: string, { message }: OptionError): string {
  return `${command}: ${message}\n${command === 'sacct' ? '' : `Try "${command} --help" for more information\n`}`;
}

function longOption(text: string, words: string[], table: OptionTable): GivenOption {
  const equals = text.indexOf('=');
  const given = equals === -1 ? text : text.slice(0, equals);
  const attached = equals === -1 ? null : text.slice(equals + 1);
  const { name, longName, takes } = longEntry(given, text, table);
  if (takes === 'none' && attached !== null) throw new OptionError(`option '--${longName}' doesn't allow an argument`);
  if (takes !== 'value' || attached !== null) return { name, value: attached };
  const value = words.shift();
  if (value === undefined) throw new OptionError(`option '--${longName}' requires an argument`);
  return { name, value };
}

function longEntry(given: string, text: string, { entries }: OptionTable): Entry {
  const exact = entries.find(({ longName }) => longName === given);
  if (exact !== undefined) return exact;
  const [first, ...others] = entries.filter(({ longName }) => longName?.startsWith(given));
  if (first === undefined) throw new OptionError(`unrecognized option '--${text}'`);
  // Further names of the same option are no other possibility.
  const different = others.filter(({ name, takes }) => name !== first.name || takes !== first.takes);
  if (different.length === 0) return first;
  const possibilities = [first, ...different].map(({ longName }) => ` '--${longName}'`).join('');
  throw new OptionError(`option '--${text}' is ambiguous; possibilities:${possibilities}`);
}

function shortOptions(letters: string, words: string[], { short }: OptionTable): GivenOption[] {
  const given: GivenOption[] = [];
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at);
    const entry = letter === ':' ? undefined : short.get(letter);
    if (entry === undefined) throw new OptionError(`invalid option -- '${letter}'`);
    if (entry.takes === 'none') {
      given.push({ name: entry.name, value: null });
      continue;
    }
    const attached = letters.slice(at + 1);
    if (attached !== '' || entry.takes === 'perhaps') return [...given, { name: entry.name, value: attached === '' ? null : attached }];
    const value = words.shift();
    if (value === undefined) throw new OptionError(`option requires an argument -- '${letter}'`);
    return [...given, { name: entry.name, value }];
  }
  return given;
}
