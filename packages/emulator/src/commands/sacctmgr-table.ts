import type { TableStyle } from './sacctmgr-call.ts';
import type { Field } from './sacctmgr-fields.ts';
import { byteLength, cutBytes } from './text-columns.ts';
import { TextOut } from './text-lines.ts';

/** What a row says of a column; null and absent are nothing. */
export type Cells = Readonly<Record<string, string | null | undefined>>;

/** Writes rows as sacctmgr, sshare and sreport do: a value that is too long for its column is cut and ends in `+`. */
export function writeTable(out: (text: string) => void, style: TableStyle, fields: readonly Field[], rows: Iterable<Cells>): void {
  const text = new TextOut(out);
  if (style.header) {
    text.write(
      line(
        style,
        fields.map((field) => heading(style, field)),
      ),
    );
    if (style.layout === 'table')
      text.write(
        line(
          style,
          fields.map(({ width }) => '-'.repeat(Math.abs(width))),
        ),
      );
  }
  for (const row of rows)
    text.write(
      line(
        style,
        fields.map((field) => cell(style, field, row[field.id] ?? '')),
      ),
    );
  text.flush();
}

function line({ layout }: TableStyle, cells: readonly string[]): string {
  if (layout === 'table') return `${cells.map((text) => `${text} `).join('')}\n`;
  return `${cells.join('|')}${layout === 'ended' ? '|' : ''}\n`;
}

/** Headings are cut without a sign. */
function heading({ layout }: TableStyle, { heading: text, width }: Field): string {
  return layout === 'table' ? filled(cutBytes(text, Math.abs(width)), width) : text;
}

function cell({ layout }: TableStyle, { width }: Field, text: string): string {
  if (layout !== 'table') return text;
  const wide = Math.abs(width);
  return filled(byteLength(text) > wide ? `${cutBytes(text, wide - 1)}+` : text, width);
}

function filled(text: string, width: number): string {
  const fill = ' '.repeat(Math.max(0, Math.abs(width) - byteLength(text)));
  return width < 0 ? text + fill : fill + text;
}
