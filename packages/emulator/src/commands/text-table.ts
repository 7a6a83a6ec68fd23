import { byteLength, cutBytes } from './text-columns.ts';

/** How sacct lays out its fields: in columns, or between delimiters. */
export type TableStyle =
  | { readonly kind: 'table' }
  | { readonly kind: 'parsable'; readonly delimiter: string; readonly endsWithDelimiter: boolean };

export interface FieldWish {
  readonly name: string;
  /** Bytes; negative: aligned on the left. */
  readonly width: number;
  /** A number that is too wide is not cut. */
  readonly isNumber: boolean;
}

/** The names of the fields; in columns with a line under each. */
export function headerLines(fields: readonly FieldWish[], style: TableStyle): string {
  if (style.kind === 'parsable') {
    return joined(
      fields.map(({ name }) => name),
      style,
    );
  }
  const names = fields.map(({ name, width }) => `${aligned(cutBytes(name, Math.abs(width)), width)} `).join('');
  return `${names}\n${fields.map(({ width }) => `${'-'.repeat(Math.abs(width))} `).join('')}\n`;
}

/** One row; what is too wide for its column ends in `+`, null is nothing. */
export function rowLine(values: readonly (string | null)[], fields: readonly FieldWish[], style: TableStyle): string {
  if (style.kind === 'parsable') {
    return joined(
      values.map((value) => value ?? ''),
      style,
    );
  }
  const cells = fields.map(({ isNumber, width }, index) => {
    const value = values[index] ?? '';
    const wide = Math.abs(width);
    const isCut = !isNumber && byteLength(value) > wide;
    return `${aligned(isCut ? `${cutBytes(value, wide - 1)}+` : value, width)} `;
  });
  return `${cells.join('')}\n`;
}

function joined(values: readonly string[], { delimiter, endsWithDelimiter }: TableStyle & { kind: 'parsable' }): string {
  return `${values.join(delimiter)}${endsWithDelimiter ? delimiter : ''}\n`;
}

function aligned(text: string, width: number): string {
  const fill = ' '.repeat(Math.max(0, Math.abs(width) - byteLength(text)));
  return width < 0 ? text + fill : fill + text;
}
