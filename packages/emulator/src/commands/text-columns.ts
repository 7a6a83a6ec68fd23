/** How one column of squeue or sinfo is laid out. */
export interface Layout {
  /** 0: as wide as the text, nothing is cut. */
  readonly width: number;
  readonly isRight: boolean;
  /** Stands behind the column. */
  readonly suffix: string;
}

/** Beyond ASCII a character has more bytes than one, and Slurm counts bytes. */
const beyondAscii = /[\u0080-\u{10ffff}]/u;

export function byteLength(text: string): number {
  return beyondAscii.test(text) ? Buffer.byteLength(text) : text.length;
}

/** The beginning of a text, of so many bytes at most; a character is not cut in two. */
export function cutBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || byteLength(text) <= bytes) return text;
  if (!beyondAscii.test(text)) return text.slice(0, bytes);
  const whole = Buffer.from(text).subarray(0, bytes).toString('utf8');
  return whole.replace(/\ufffd+$/, '');
}

/** One cell without its suffix. `null` is a text that Slurm does not have, which printf(3) of the C library writes as `(null)` where it fits. */
export function cellText(text: string | null, { isRight, width }: Layout, isCut = true): string {
  const shown = text ?? (width > 0 && width < 6 && !isRight ? '' : '(null)');
  if (width <= 0) return shown;
  const cut = isCut || !isRight ? cutBytes(shown, width) : shown;
  const fill = ' '.repeat(Math.max(0, width - byteLength(cut)));
  return isRight ? fill + cut : cut + fill;
}

/** A field of `--format=…%…`: what stands before it, the letter, and the layout; `letter` is empty for text at the end. */
export interface FormatField {
  readonly letter: string;
  readonly layout: Layout;
}

/**
 * Takes a format such as `%.18i|%9P %j` apart: a prefix, then fields with what follows them. `%%` and what is no field stays text; `refused` are the
 * letters that are none, as squeue names them.
 */
export function parseFormat(
  format: string,
  isKnown: (letter: string) => boolean,
): { readonly prefix: string; readonly fields: readonly FormatField[]; readonly refused: readonly string[] } {
  const start = format.indexOf('%');
  if (start < 0) return { prefix: format, fields: [], refused: [] };
  const prefix = format.slice(0, start);
  const fields: FormatField[] = [];
  const refused: string[] = [];
  // As strtok(3) does it: `%` in a row are one.
  for (const token of format
    .slice(start)
    .split('%')
    .filter((word) => word !== '')) {
    const [, dot = '', digits = '', letter = '', rest = ''] = /^(\.?)(\d*)([\s\S]?)([\s\S]*)$/.exec(token) ?? [];
    const layout = { width: Number(digits), isRight: dot === '.', suffix: rest };
    if (isKnown(letter)) fields.push({ letter, layout });
    else {
      refused.push(letter);
      fields.push({ letter: '', layout: { width: 0, isRight: false, suffix: `%${token}` } });
    }
  }
  return { prefix, fields, refused };
}

/** A field of `--Format`: `name[:[.][size][suffix]]`; without a size it has 20 characters, with a colon alone as many as it needs. */
export function parseLongFormat(format: string): readonly { readonly name: string; readonly layout: Layout }[] {
  return format
    .split(',')
    .filter((token) => token !== '')
    .map((token) => {
      const colon = token.indexOf(':');
      if (colon < 0) return { name: token, layout: { width: 20, isRight: false, suffix: '' } };
      const [, dot = '', digits = '', suffix = ''] = /^(\.?)\s*(\d*)([\s\S]*)$/.exec(token.slice(colon + 1)) ?? [];
      return { name: token.slice(0, colon), layout: { width: Number(digits), isRight: dot === '.', suffix } };
    });
}
