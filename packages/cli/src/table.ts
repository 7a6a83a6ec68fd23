import { stripVTControlCharacters } from 'node:util';

/** A column: its title, and `right` for numbers. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines of a table without borders; the last column is not padded. Text of users is shown in one line, made harmless. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => cell(row[index] ?? null)));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((row) => [...(row[index] ?? '')].length)));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return `${[line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n')}\n`;
}

function cell(value: string | number | null): string {
  return value === null ? '-' : typeof value === 'number' ? String(value) : oneLine(value);
}

/** Text of a user in one line, without what could steer a terminal. */
export function oneLine(text: string, longest = 60): string {
  const harmless = stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) => visible[letter] ?? '\u00b7');
  return [...harmless].length > longest ? `${[...harmless].slice(0, longest - 1).join('')}…` : harmless;
}

const visible: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const missing = ' '.repeat(Math.max(0, width - [...text].length));
  return align === 'right' ? missing + text : text + missing;
}
