import { parseNatural } from './text.ts';

/** Slurm's own limit of a host name is 64 (MAXHOSTNAMELEN), DNS has 255; longer text is no host list. */
const maxName = 255;
const oneHost = /^[A-Za-z0-9._-]+$/;
const wordsForNone: ReadonlySet<string> = new Set(['', '(null)', 'None assigned', 'N/A']);

/** A range of a bracket; a single number is kept as text, however many digits it has. */
type Numbers = { readonly text: string } | { readonly low: number; readonly high: number; readonly width: number };
interface Bracket {
  readonly numbers: readonly Numbers[];
  readonly count: number;
  /** Digits of the longest number. */
  readonly width: number;
}
type Part = string | Bracket;
interface Name {
  readonly parts: readonly Part[];
  /** The brackets that vary, by index in `parts`, the fastest first. */
  readonly order: readonly number[];
}

/**
 * The hosts of a host list, `node[01-04,07],x[1,3]y,a[0-1]b[08-11]`, in Slurm's order: as written, within a name the
 * last bracket turning fastest, then the first, then the second. Numbers are padded to the width of the first of their
 * range. Empty text, `(null)`, `None assigned` and `N/A` are no hosts. Undefined when it is not a host list, or when it
 * has more than `max` hosts.
 *
 * Steps and brackets within brackets are not of the language (scontrol 22.05 calls both invalid; 26.05 takes inner
 * brackets for letters of the name). Refused as well, because Slurm never writes them: blanks between hosts, an empty
 * host, a range without an end, characters other than ASCII letters, digits, `.`, `_` and `-`.
 */
export function expandHostlist(text: string, max = 1_000_000): readonly string[] | undefined {
  const hosts: string[] = [];
  // Most jobs have one.
  if (text.length <= maxName && max > 0 && oneHost.test(text)) return [text];
  if (wordsForNone.has(text)) return hosts;
  for (const name of parseNames(text)) {
    if (name === undefined || hosts.length + countName(name) > max) return undefined;
    appendHosts(name, hosts);
  }
  return hosts;
}

/** How many hosts a host list names, without expanding it; undefined when it is none or names more than 2^53. */
export function countHosts(text: string): number | undefined {
  if (wordsForNone.has(text)) return 0;
  let count = 0;
  for (const name of parseNames(text)) {
    if (name === undefined) return undefined;
    count += countName(name);
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/**
 * The host list of these hosts, in their order, as `scontrol show hostlist` folds them: neighbours that differ in their
 * last number only share a bracket (`node[01-04,07]`). Sort with {@link sortHosts} before for the shortest list.
 * {@link expandHostlist} gives the same hosts again.
 */
export function foldHostlist(hosts: readonly string[]): string {
  const names: string[] = [];
  for (let index = 0; index < hosts.length; ) {
    const first = splitHost(hosts[index] ?? '');
    const ranges: string[] = [];
    let low = first.number;
    let high = first.number;
    for (index++; index < hosts.length && low !== ''; index++) {
      const next = splitHost(hosts[index] ?? '');
      if (next.prefix !== first.prefix || next.number === '') break;
      if (next.number !== successor(high, low.length)) {
        ranges.push(low === high ? low : `${low}-${high}`);
        low = next.number;
      }
      high = next.number;
    }
    ranges.push(low === high ? low : `${low}-${high}`);
    const [only = ''] = ranges;
    names.push(first.prefix + (ranges.length === 1 && low === high ? only : `[${ranges.join(',')}]`));
  }
  return names.join(',');
}

/**
 * Hosts in the order of `scontrol show hostlistsorted`: by prefix, numbers within it by their value (`a9b1` before
 * `a10b1`), then by the width of the last number, then by its value.
 */
export function sortHosts(hosts: readonly string[]): readonly string[] {
  return hosts
    .map((host) => {
      const { prefix, number } = splitHost(host);
      return { host, words: prefix.match(/[0-9]+|[^0-9]+/g) ?? [], number };
    })
    .sort((a, b) => compareWords(a.words, b.words) || a.number.length - b.number.length || Number(a.number) - Number(b.number))
    .map(({ host }) => host);
}

function compareWords(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const one = a[index] ?? '';
    const other = b[index] ?? '';
    if (one === other) continue;
    const bothNumbers = isDigit(one.charCodeAt(0)) && isDigit(other.charCodeAt(0));
    // A number with leading zeros is compared digit by digit, like a fraction.
    if (bothNumbers && one.length !== other.length && !one.startsWith('0') && !other.startsWith('0')) return one.length - other.length;
    return one < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** The last number of a host with its prefix; no number (empty) when the name does not end in one that can be counted. */
function splitHost(host: string): { readonly prefix: string; readonly number: string } {
  let start = host.length;
  while (start > 0 && isDigit(host.charCodeAt(start - 1)) && host.length - start < 15) start--;
  return { prefix: host.slice(0, start), number: host.slice(start) };
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function successor(number: string, width: number): string {
  return `${Number(number) + 1}`.padStart(width, '0');
}

function* parseNames(text: string): Generator<Name | undefined> {
  let start = 0;
  let inside = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? ',';
    if (character === '[') {
      if (inside) yield undefined;
      inside = true;
    } else if (character === ']') {
      if (!inside) yield undefined;
      inside = false;
    } else if (character === ',' && (!inside || at === text.length)) {
      yield inside ? undefined : parseName(text.slice(start, at));
      start = at + 1;
    }
  }
}

function parseName(text: string): Name | undefined {
  const parts: Part[] = [];
  const order: number[] = [];
  let lastVaries = false;
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('[', at);
    const literal = text.slice(at, open < 0 ? text.length : open);
    length += literal.length;
    if (length > maxName || !/^[A-Za-z0-9._-]*$/.test(literal)) return undefined;
    if (literal !== '') parts.push(literal);
    if (open < 0) break;
    const close = text.indexOf(']', open);
    const numbers = parseNumbers(text.slice(open + 1, close));
    if (numbers === undefined) return undefined;
    length += numbers.width;
    if (length > maxName) return undefined;
    // A bracket of one number has no turn of its own: those that have at least double the count, which bounds their number.
    lastVaries = numbers.count > 1;
    if (lastVaries) order.push(parts.length);
    parts.push(numbers);
    at = close + 1;
  }
  if (length === 0) return undefined;
  // Slurm lets the last bracket turn fastest, then the first, the second, …: seen in 22.05, 24.11 and 26.05.
  const last = lastVaries ? order.pop() : undefined;
  return { parts, order: last === undefined ? order : [last, ...order] };
}

function parseNumbers(text: string): Bracket | undefined {
  const numbers: Numbers[] = [];
  let count = 0;
  let width = 0;
  for (const part of text.split(',')) {
    const dash = part.indexOf('-');
    if (dash < 0) {
      if (part.length > maxName || !/^[0-9]+$/.test(part)) return undefined;
      numbers.push({ text: part });
      count++;
      width = Math.max(width, part.length);
      continue;
    }
    const low = parseNatural(part.slice(0, dash));
    const high = parseNatural(part.slice(dash + 1));
    if (low === undefined || high === undefined || high < low) return undefined;
    numbers.push({ low, high, width: dash });
    count += high - low + 1;
    width = Math.max(width, dash, `${high}`.length);
  }
  return { numbers, count, width };
}

function countName(name: Name): number {
  return name.parts.reduce<number>((product, part) => product * (typeof part === 'string' ? 1 : part.count), 1);
}

function appendHosts(name: Name, hosts: string[]): void {
  const texts = name.parts.map((part) => (typeof part === 'string' ? [part] : expandNumbers(part.numbers)));
  const turns = texts.map(() => 0);
  for (let left = countName(name); left > 0; left--) {
    let host = '';
    for (let part = 0; part < texts.length; part++) host += texts[part]?.[turns[part] ?? 0];
    hosts.push(host);
    for (const part of name.order) {
      const turn = (turns[part] ?? 0) + 1;
      const comesRound = turn === texts[part]?.length;
      turns[part] = comesRound ? 0 : turn;
      if (!comesRound) break;
    }
  }
}

function expandNumbers(numbers: readonly Numbers[]): readonly string[] {
  const texts: string[] = [];
  for (const range of numbers) {
    if ('text' in range) texts.push(range.text);
    else for (let number = range.low; number <= range.high; number++) texts.push(`${number}`.padStart(range.width, '0'));
  }
  return texts;
}
