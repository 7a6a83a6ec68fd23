import { parseNatural } from './text.ts';

/** Slurm's own limit of a host name is 64 (MAXHOSTNAMELEN), DNS has 255; longer text is no host list. */
const maxName = 255;
const wordsForNone: ReadonlySet<string> = new Set(['', '(null)', 'None assigned', 'N/A']);

/** A range of a bracket; a single number is kept as text, however many digits it has. */
type Numbers = { readonly text: string } | { readonly low: number; readonly high: number; readonly width: number };
type Part = string | { readonly numbers: readonly Numbers[]; readonly count: number };

/**
 * The hosts of a host list, `node[01-04,07],x[1,3]y,a[0-1]b[08-11]`, in Slurm's order: as written, the last bracket
 * counting fastest; numbers are padded to the width of the range's first. Empty text, `(null)`, `None assigned` and
 * `N/A` are no hosts. Undefined when it is not a host list, or when it has more than `max` hosts. Brackets within
 * brackets and steps are not of the language: no release of scontrol reads them (`Invalid hostlist`). Blanks, which
 * scontrol takes for commas, are refused: Slurm writes none.
 */
export function expandHostlist(text: string, max = 1_000_000): readonly string[] | undefined {
  const hosts: string[] = [];
  if (wordsForNone.has(text)) return hosts;
  for (const name of splitNames(text)) {
    const parts = name === undefined ? undefined : parseName(name);
    if (parts === undefined) return undefined;
    if (hosts.length + countParts(parts) > max) return undefined;
    appendHosts(parts, hosts);
  }
  return hosts;
}

/** How many hosts a host list names, without expanding it; undefined when it is none or names more than 2^53. */
export function countHosts(text: string): number | undefined {
  if (wordsForNone.has(text)) return 0;
  let count = 0;
  for (const name of splitNames(text)) {
    const parts = name === undefined ? undefined : parseName(name);
    if (parts === undefined) return undefined;
    count += countParts(parts);
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
    let last = first;
    for (index++; index < hosts.length && low !== ''; index++) {
      const next = splitHost(hosts[index] ?? '');
      if (next.prefix !== first.prefix || next.number === '') break;
      if (next.number !== successor(last.number, low.length)) {
        ranges.push(low === high ? low : `${low}-${high}`);
        low = next.number;
      }
      high = next.number;
      last = next;
    }
    ranges.push(low === high ? low : `${low}-${high}`);
    const [only = ''] = ranges;
    names.push(first.prefix + (ranges.length === 1 && low === high ? only : `[${ranges.join(',')}]`));
  }
  return names.join(',');
}

/** Hosts by prefix, then by their last number, then by its width: the order of `scontrol show hostlistsorted`. */
export function sortHosts(hosts: readonly string[]): readonly string[] {
  return hosts
    .map((host) => ({ host, ...splitHost(host) }))
    .sort((a, b) => {
      if (a.prefix !== b.prefix) return a.prefix < b.prefix ? -1 : 1;
      return Number(a.number) - Number(b.number) || a.number.length - b.number.length;
    })
    .map(({ host }) => host);
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

function* splitNames(text: string): Generator<string | undefined> {
  let start = 0;
  let inside = false;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 44;
    if (code === 91) {
      if (inside) yield undefined;
      inside = true;
    } else if (code === 93) {
      if (!inside) yield undefined;
      inside = false;
    } else if (code === 44 && (!inside || at === text.length)) {
      yield inside ? undefined : text.slice(start, at);
      start = at + 1;
    }
  }
}

function parseName(name: string): readonly Part[] | undefined {
  const parts: Part[] = [];
  let length = 0;
  for (let at = 0; at < name.length; ) {
    const open = name.indexOf('[', at);
    const literal = name.slice(at, open < 0 ? name.length : open);
    length += literal.length;
    if (length > maxName || !/^[A-Za-z0-9._-]*$/.test(literal)) return undefined;
    if (literal !== '') parts.push(literal);
    if (open < 0) break;
    const close = name.indexOf(']', open);
    const numbers = parseNumbers(name.slice(open + 1, close));
    if (numbers === undefined) return undefined;
    length += numbers.width;
    if (length > maxName) return undefined;
    const [only] = numbers.list;
    // One number is as good as text: then every bracket at least doubles the count, which bounds the brackets too.
    if (numbers.count === 1 && only !== undefined) parts.push('text' in only ? only.text : `${only.low}`.padStart(only.width, '0'));
    else parts.push({ numbers: numbers.list, count: numbers.count });
    at = close + 1;
  }
  return length === 0 ? undefined : parts;
}

function parseNumbers(text: string): { list: readonly Numbers[]; count: number; width: number } | undefined {
  const list: Numbers[] = [];
  let count = 0;
  let width = 0;
  for (const part of text.split(',')) {
    const dash = part.indexOf('-');
    if (dash < 0) {
      if (part.length > maxName || !/^[0-9]+$/.test(part)) return undefined;
      list.push({ text: part });
      count++;
      width = Math.max(width, part.length);
      continue;
    }
    const low = parseNatural(part.slice(0, dash));
    const high = parseNatural(part.slice(dash + 1));
    if (low === undefined || high === undefined || high < low) return undefined;
    list.push({ low, high, width: dash });
    count += high - low + 1;
    width = Math.max(width, dash, `${high}`.length);
  }
  return { list, count, width };
}

function countParts(parts: readonly Part[]): number {
  return parts.reduce((product, part) => product * (typeof part === 'string' ? 1 : part.count), 1);
}

function appendHosts(parts: readonly Part[], hosts: string[]): void {
  let names = [''];
  for (const part of parts) {
    if (typeof part === 'string') {
      names = names.map((name) => name + part);
      continue;
    }
    const suffixes = expandNumbers(part.numbers);
    const longer: string[] = [];
    for (const name of names) for (const suffix of suffixes) longer.push(name + suffix);
    names = longer;
  }
  for (const name of names) hosts.push(name);
}

function expandNumbers(numbers: readonly Numbers[]): readonly string[] {
  const texts: string[] = [];
  for (const range of numbers) {
    if ('text' in range) texts.push(range.text);
    else for (let number = range.low; number <= range.high; number++) texts.push(`${number}`.padStart(range.width, '0'));
  }
  return texts;
}
