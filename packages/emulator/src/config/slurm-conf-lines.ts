import { SluiceError } from '@sluice/io';

/** One line of a slurm.conf: its first key decides what it is about (`NodeName`, `PartitionName`, or a setting). */
export interface ConfLine {
  readonly key: string;
  readonly value: string;
  /** Further `Key=value` of the line, by their names in lower case. */
  readonly more: ReadonlyMap<string, string>;
  readonly at: string;
}

export interface ConfSource {
  readonly file: string;
  readonly text: string;
  /** Gives the text of an included file; a name without a slash at its beginning is beside the file. */
  readonly include: (name: string) => string;
}

/**
 * The lines of a slurm.conf as slurm.conf(5) and parse_config.c have them: `#` begins a comment, `\` at the end joins lines, values may stand in double
 * quotes, keys are written in any case, `Include FILE` reads another. Throws `config.invalid` at a line that is none.
 */
export function slurmConfLines({ file, text, include }: ConfSource, depth = 0): ConfLine[] {
  if (depth > 5) throw new SluiceError('config.invalid', `${file}: too many files include each other`);
  const lines: ConfLine[] = [];
  let joined = '';
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const at = `${file}:${index + 1}`;
    if (/(^|[^\\])\\$/.test(raw) && !/^\s*#/.test(raw)) {
      joined += raw.slice(0, -1);
      continue;
    }
    const line = withoutComment(joined + raw).trim();
    joined = '';
    if (line === '') continue;
    const [, included] = /^include\s+(\S+)$/i.exec(line) ?? [];
    if (included !== undefined) lines.push(...slurmConfLines({ file: included, text: include(included), include }, depth + 1));
    else lines.push(oneLine(line, at));
  }
  return lines;
}

function withoutComment(line: string): string {
  const hash = /(?:^|[^\\])#/.exec(line);
  return (hash === null ? line : line.slice(0, hash.index + hash[0].length - 1)).replaceAll('\\#', '#');
}

function oneLine(line: string, at: string): ConfLine {
  const pairs: [key: string, value: string][] = [];
  const pair = /\s*([A-Za-z_][\w.]*)\s*[+-]?=\s*(?:"([^"]*)"|(\S*))/y;
  while (pair.lastIndex < line.length) {
    const found = pair.exec(line);
    if (found === null) throw new SluiceError('config.invalid', `${at}: expected Key=value, found "${line.slice(0, 60)}"`);
    pairs.push([found[1] ?? '', found[2] ?? found[3] ?? '']);
  }
  const [[key, value] = ['', ''], ...more] = pairs;
  return { key, value, more: new Map(more.map(([name, text]) => [name.toLowerCase(), text])), at };
}
