import { weirdComment, weirdName } from './scenario.ts';

/** One value of an answer: where it stands, and what it is. */
export interface Cell {
  /** The record it belongs to, e.g. a job's id. */
  readonly row: string;
  /** Its column, its key, or its path without indices. */
  readonly column: string;
  readonly value: string;
}

/** How an answer is laid out. */
export type Form = 'json' | 'yaml' | 'delimited' | 'columns' | 'pairs' | 'settings' | 'lines';

/** The form in which a command line asks for its answer. */
export function formOf(argv: readonly string[]): Form {
  const [command = ''] = argv;
  const has = (pattern: RegExp): boolean => argv.some((word) => pattern.test(word));
  if (has(/^--json=list$/) || has(/^(-e|--help\w*)$/i)) return 'lines';
  if (has(/^--json/)) return 'json';
  if (has(/^--yaml/)) return 'yaml';
  if (command === 'scontrol' && has(/^(job|node|partition|reservation|step|assoc_mgr)$/) && has(/^show$/)) return 'pairs';
  if (command === 'sdiag' || has(/^--env-vars$/) || has(/^(config|licenses|stats)$/)) return 'settings';
  if (has(/^(-P|-o|-O|--parsable2)$/)) return command === 'sreport' && !has(/^-P$/) ? 'lines' : 'delimited';
  if (has(/^(-B|--env-vars|write|hostnames|hostlist\w*|ping)$/)) return 'lines';
  return 'columns';
}

/** All values of an answer. Total: what is not laid out as its form says is read as lines. */
export function readAnswer(form: Form, text: string, argv: readonly string[]): readonly Cell[] {
  if (form === 'json') return jsonCells(text);
  const tamed = tame(text);
  if (form === 'yaml') return yamlCells(tamed);
  if (form === 'delimited') return delimitedCells(tamed, argv);
  if (form === 'columns') return columnCells(tamed);
  if (form === 'pairs') return pairCells(tamed);
  if (form === 'settings') return settingCells(tamed);
  return lineCells(tamed);
}

/** Takes the name and the comment that break lines out of a text, in the forms that Slurm gives them. */
function tame(text: string): string {
  const pipes = ['env | grep -E "CUDA|GPU"', 'echo "q" \'x\' | cat # ü\nsleep 900'];
  const tamers = [
    [weirdName, 'WEIRD-NAME'],
    [weirdComment, 'WEIRD-COMMENT'],
    ['admin|comment "x" ü', 'ADMIN-COMMENT'],
    ...pipes.map((pipe) => [pipe, 'A-PIPE'] as const),
  ] as const;
  let tamed = text;
  for (const [wild, word] of tamers) {
    tamed = tamed.replaceAll(wild, word).replaceAll(wild.replaceAll('"', '`'), `${word}-WITH-BACKTICKS`);
    tamed = tamed.replaceAll(wild.replaceAll('"', '*'), `${word}-WITH-STARS`);
  }
  return tamed;
}

/** Makes the names of rows unique: what comes a second time is numbered. */
function numberer(): (name: string) => string {
  const seen = new Map<string, number>();
  return (name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  };
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

function lineCells(text: string): readonly Cell[] {
  return text === '' ? [] : linesOf(text).map((value, index) => ({ row: `line ${index + 1}`, column: 'line', value }));
}

function delimitedCells(text: string, argv: readonly string[]): readonly Cell[] {
  const delimiter = argv.find((word) => word.startsWith('--delimiter='))?.slice('--delimiter='.length) ?? '|';
  const lines = linesOf(text);
  const headAt = lines.findIndex((line) => line.includes(delimiter));
  if (headAt < 0) return lineCells(text);
  const number = numberer();
  const heads = (lines[headAt] ?? '').split(delimiter).map(numberer());
  const keys = keyColumns(heads);
  const cells: Cell[] = lines.slice(0, headAt).map((value, index) => ({ row: `line ${index + 1}`, column: 'line', value }));
  cells.push(...heads.map((value, index) => ({ row: 'header', column: `head ${index + 1}`, value })));
  for (const line of lines.slice(headAt + 1)) {
    const fields = line.split(delimiter);
    const row = number(keys.map((key) => (fields[key] ?? '').trim()).join(' '));
    if (fields.length !== heads.length) cells.push({ row, column: 'line', value: line });
    else cells.push(...fields.map((value, index) => ({ row, column: heads[index] ?? '', value })));
  }
  return cells;
}

/** The columns by which a row is known. */
function keyColumns(heads: readonly string[]): readonly number[] {
  const at = (...names: readonly string[]): readonly number[] => names.map((name) => heads.findIndex((head) => head.trim() === name));
  const known = [at('JobID'), at('JOBID'), at('HOSTNAMES', 'PARTITION'), at('HOSTNAMES'), at('NODELIST'), at('Account', 'User')];
  return known.find((columns) => !columns.includes(-1)) ?? [0];
}

/** Columns between blanks, under one line of heads; a line of dashes is no row. */
function columnCells(text: string): readonly Cell[] {
  const lines = linesOf(text);
  const headAt = lines.findIndex((line) => /^\s*[A-Z][A-Za-z]+\*?(\s+[A-Z][\w:/%()]*)+\s*$/.test(line));
  if (headAt < 0) return lineCells(text);
  const number = numberer();
  const head = lines[headAt] ?? '';
  const heads = head.trim().split(/\s+/).map(numberer());
  const cells: Cell[] = lines.slice(0, headAt).map((value, index) => ({ row: `line ${index + 1}`, column: 'line', value }));
  cells.push({ row: 'header', column: 'head', value: head });
  const dashed = /^[- ]+$/.test(lines[headAt + 1] ?? '') ? lines[headAt + 1] : undefined;
  if (dashed !== undefined) cells.push({ row: 'header', column: 'dashes', value: dashed });
  for (const line of lines.slice(headAt + (dashed === undefined ? 1 : 2))) {
    const fields = dashed === undefined ? line.trim().split(/\s+/) : cut(line, dashed);
    const row = number(fields.slice(0, heads[0] === 'NODELIST' ? 3 : 1).join(' '));
    for (const [index, value] of fields.entries()) cells.push({ row, column: heads[index] ?? 'beyond', value });
  }
  return cells;
}

function cut(line: string, dashed: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  for (const { length } of dashed.trimEnd().split(' ')) {
    fields.push(line.slice(at, at + length).trim());
    at += length + 1;
  }
  return fields;
}

/** Records of scontrol: in blocks of lines or one to a line; a value ends where the next key begins. */
function pairCells(text: string): readonly Cell[] {
  const number = numberer();
  const cells: Cell[] = [];
  const records = text.split(/\n(?=\w+=)|\n\s*\n/).filter((record) => record.trim() !== '');
  for (const record of records) {
    const keys = [...record.matchAll(/(?:^|\s)([A-Z][A-Za-z/:_]*(?:\d(?==))?)=/g)];
    if (keys.length === 0) {
      cells.push({ row: number('text'), column: 'line', value: record });
      continue;
    }
    const unique = numberer();
    const pairs = keys.map((match, index) => {
      const from = match.index + match[0].length;
      return { column: unique(match[1] ?? ''), value: record.slice(from, keys[index + 1]?.index ?? record.length).trim() };
    });
    const row = number(pairs[0]?.value ?? '');
    cells.push({ row, column: 'order', value: pairs.map(({ column }) => column).join(' ') });
    cells.push(...pairs.map((pair) => ({ row, ...pair })));
  }
  return cells;
}

/** `Key = value` and `Key: value`; other lines stand for themselves. */
function settingCells(text: string): readonly Cell[] {
  const number = numberer();
  const cells: Cell[] = [];
  for (const line of linesOf(text)) {
    const [, key, value] = /^\s*([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    const at = number(key ?? 'text');
    cells.push({ row: 'all', column: at, value: value ?? line });
  }
  return cells;
}

/** Maps and lists of YAML as paths, as far as Slurm writes them. */
function yamlCells(text: string): readonly Cell[] {
  const number = numberer();
  const path: { indent: number; key: string }[] = [];
  return linesOf(text).map((line) => {
    const [, blanks = '', dash = '', rest = ''] = /^( *)(- )?(.*)$/.exec(line) ?? [];
    const indent = blanks.length + dash.length;
    while (path.length > 0 && (path.at(-1)?.indent ?? 0) >= indent) path.pop();
    const [, key, value] = /^(?:!!\w+ )?"?([\w/.-]+)"?:(?: (.*))?$/.exec(rest) ?? [];
    const column = [...path.map((one) => one.key), key ?? '-'].join('.');
    if (key !== undefined) path.push({ indent, key });
    return { row: number(column), column, value: key === undefined ? rest : (value ?? '') };
  });
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function jsonCells(text: string): readonly Cell[] {
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    return lineCells(text);
  }
  const cells: Cell[] = [];
  walk(document, '', '', cells);
  return cells;
}

function walk(value: Json, row: string, column: string, cells: Cell[]): void {
  if (Array.isArray(value)) {
    if (value.every((one) => one === null || typeof one !== 'object')) {
      cells.push({ row, column: `${column}[]`, value: JSON.stringify(value) });
      return;
    }
    const number = numberer();
    for (const [index, one] of (value as readonly Json[]).entries())
      walk(one, `${row}/${number(nameOf(one) ?? String(index))}`, `${column}[]`, cells);
  } else if (value !== null && typeof value === 'object') {
    const keys = Object.keys(value);
    if (keys.length === 0) cells.push({ row, column, value: '{}' });
    for (const [key, one] of Object.entries(value)) walk(one, row, column === '' ? key : `${column}.${key}`, cells);
  } else cells.push({ row, column, value: JSON.stringify(value) });
}

/** By what an element of a list is known, whatever its place. */
function nameOf(value: Json): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const record = value as { readonly [key: string]: Json };
  const { partition, nodes, step } = record;
  const rows = [partition, nodes].map((part) => (part !== null && typeof part === 'object' ? part : undefined));
  if (rows[0] !== undefined && rows[1] !== undefined && 'nodes' in rows[1])
    return JSON.stringify([rows[0], rows[1]].map((part) => ('name' in part ? part.name : 'nodes' in part ? part.nodes : '')));
  const own = step !== null && typeof step === 'object' && 'id' in step ? (step as { readonly id: Json }).id : undefined;
  for (const key of ['job_id', 'id', 'name', 'account', 'nodename', 'hostname', 'index', 'type'] as const) {
    const found = own !== undefined && key === 'id' ? own : record[key];
    if (typeof found === 'number' || (typeof found === 'string' && found !== '')) return String(found);
    if (found !== null && typeof found === 'object' && !Array.isArray(found) && Object.keys(found).length > 0) return JSON.stringify(found);
  }
  return undefined;
}
