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
 * with a name known from an answer that holds names alone. A name that begins two lines is ambiguous, hence absent.
 */
export function textsByName(names: readonly string[], output: string): ReadonlyMap<string, string> {
  const known = new Set(names);
  const texts = new Map<string, string>();
  const ambiguous = new Set<string>();
  let current: string | undefined;
  for (const line of lines(output)) {
    const begun = nameOf(line, known);
    if (begun !== undefined) {
      if (texts.has(begun)) ambiguous.add(begun);
      current = begun;
      texts.set(begun, line.slice(begun.length + 1));
    } else if (current !== undefined) {
      texts.set(current, `${texts.get(current)}\n${line}`);
    }
  }
  // A name without a line of its own holds a newline itself and may have become part of another's text.
  const broken = known.size > texts.size;
  for (const [name, text] of texts) if (ambiguous.has(name) || (broken && text.includes('\n'))) texts.delete(name);
  return texts;
}

/** The longest known name that, with a `|` behind it, begins the line. */
function nameOf(line: string, known: ReadonlySet<string>): string | undefined {
  let found: string | undefined;
  for (let bar = line.indexOf('|'); bar >= 0; bar = line.indexOf('|', bar + 1)) {
    const candidate = line.slice(0, bar);
    if (known.has(candidate)) found = candidate;
  }
  return found;
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
