import type { Records, Reject } from '../facets.ts';
import { excerpt } from './framing.ts';

/**
 * Rows of a `-P` answer. sacctmgr, sreport and sshare know no delimiter but `|` and escape nothing: only columns are
 * asked for that no plain user can write, and a line with another number of them is rejected, never guessed. (An
 * operator can give an account a name with `|` or a newline; such a row is rejected.)
 */
export function tableRows(output: string, columns: number, source: string): Records<readonly string[]> {
  const records: (readonly string[])[] = [];
  const rejects: Reject[] = [];
  for (const line of lines(output)) {
    const row = line.split('|');
    if (row.length === columns) records.push(row);
    else rejects.push({ source, reason: `${row.length} columns and not ${columns}`, excerpt: excerpt(line) });
  }
  return { records, rejects };
}

/** Decodes rows; what the decoder calls none becomes a reject with its reason. */
export function decodeRows<T>(
  rows: Records<readonly string[]>,
  source: string,
  decode: (row: readonly string[]) => T | string,
): Records<T> {
  const records: T[] = [];
  const rejects = [...rows.rejects];
  for (const row of rows.records) {
    const record = decode(row);
    if (typeof record === 'string') rejects.push({ source, reason: record, excerpt: excerpt(row.join('|')) });
    else records.push(record);
  }
  return { records, rejects };
}

/**
 * Free texts by name, from the two columns `name|text`: a text may hold anything, so a record begins only at a line
 * with a name known from an answer that holds names alone, in their order. Where a text holds such lines itself there
 * are several ways to divide the answer: what they do not agree on is absent.
 */
export function textsByName(names: readonly string[], output: string): ReadonlyMap<string, string> {
  const all = lines(output);
  const begun = beginnings(new Set(names), all);
  const found = [...begun].map(([name, at]) => ({ name, at })).filter(({ at }) => at.length > 0);
  // A name without a line of its own holds a newline itself and may have become part of another's text.
  const broken = found.length < begun.size;
  const first = inOrder(found.map(({ at }) => at));
  const last = inOrder(found.toReversed().map(({ at }) => at.map((line) => -line).toReversed()))
    .map((line) => -line)
    .toReversed();
  const texts = new Map<string, string>();
  for (const [index, { name }] of found.entries()) {
    const from = first[index] ?? Number.NaN;
    const until = index + 1 < found.length ? (first[index + 1] ?? Number.NaN) : all.length;
    const sure = from === last[index] && (index + 1 === found.length || until === last[index + 1]);
    const text = [all[from]?.slice(name.length + 1), ...all.slice(from + 1, until)].join('\n');
    if (sure && !(broken && text.includes('\n'))) texts.set(name, text);
  }
  return texts;
}

/** The lines that begin with each name and a bar. */
function beginnings(names: ReadonlySet<string>, all: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>([...names].map((name) => [name, []]));
  const longest = [...names].reduce((length, name) => Math.max(length, name.length), 0);
  for (const [at, line] of all.entries()) {
    for (let bar = line.indexOf('|'); bar >= 0 && bar <= longest; bar = line.indexOf('|', bar + 1)) found.get(line.slice(0, bar))?.push(at);
  }
  return found;
}

/** Of each list the least number above the one before; not a number where there is none, and behind it. */
function inOrder(choices: readonly (readonly number[])[]): readonly number[] {
  let before = Number.NEGATIVE_INFINITY;
  return choices.map((numbers) => {
    before = numbers.find((number) => number > before) ?? Number.NaN;
    return before;
  });
}

export function lines(output: string): string[] {
  const all = output.split('\n');
  if (all.at(-1) === '') all.pop();
  return all;
}

/** `Name = value` lines of `show config`, by section: '' is the first, the others are named as their headline without `:`. */
export function configSections(output: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>([['', new Map()]]);
  let section = '';
  for (const line of lines(output)) {
    const pair = /^(\S+)\s+= (.*)$/.exec(line);
    const headline = /^(\S.*):$/.exec(line);
    if (pair) sections.get(section)?.set(pair[1] ?? '', (pair[2] ?? '').trim());
    else if (headline) {
      section = headline[1] ?? '';
      sections.set(section, new Map());
    }
  }
  return sections;
}

/** `none` and `(null)` are nothing; otherwise words between commas. */
export function configWords(value: string | undefined): readonly string[] {
  if (value === undefined || /^(?:none|\(null\)|)$/i.test(value)) return [];
  return value.split(',').map((word) => word.trim());
}
