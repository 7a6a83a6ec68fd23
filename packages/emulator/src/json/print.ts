import { Real, type Value } from './value.ts';

/** JSON as json-c prints it for Slurm: two spaces, slashes escaped, an empty list over two lines, reals with a fraction. */
export function printJson(value: Value): string {
  return jsonNode(value, '\n');
}

/** `line` is a line break with the indentation of the value's own lines. */
function jsonNode(value: Value, line: string): string {
  if (typeof value === 'string') return jsonText(value);
  if (value === null || typeof value !== 'object') return `${value}`;
  if (value instanceof Real) return printReal(value.number);
  const inner = `${line}  `;
  let text = '';
  if (isList(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${inner}${jsonNode(item, inner)}`;
    return `[${text}${line}]`;
  }
  for (const key in value) {
    const item = value[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${inner}"${key}": ${jsonNode(item, inner)}`;
  }
  return `{${text}${line}}`;
}

/** What JSON, or json-c, writes in another way than it is. */
const escaped = /["\\/\u0000-\u001f\u007f]/;

function jsonText(text: string): string {
  return escaped.test(text) ? JSON.stringify(text).replaceAll('/', '\\/') : `"${text}"`;
}

/** YAML as libyaml writes it for Slurm: every node with its tag, long texts folded. */
export function printYaml(value: Value): string {
  return `%YAML 1.1\n--- ${yamlNode(value, '', 4)}\n...\n\n`;
}

/** `column` is how much stands on the line already. */
function yamlNode(value: Value, indent: string, column: number): string {
  if (value instanceof Real) return `!!float ${value.number.toFixed(6)}`;
  if (value === null) return '!!null null';
  if (typeof value === 'string') return value === '' ? '!!str' : `!!str ${yamlText(value, `${indent}  `, column + 6)}`;
  if (typeof value === 'number') return `!!int ${value}`;
  if (typeof value === 'boolean') return `!!bool ${value}`;
  if (isList(value)) {
    const items = value.map((item) => `\n${indent}- ${yamlNode(item, isNested(item) ? `${indent}  ` : indent, indent.length + 2)}`);
    return items.length === 0 ? '!!seq []' : `!!seq${items.join('')}`;
  }
  const entries = Object.entries(value).map(([key, item]) => {
    const name = `${indent}!!str ${key}: `;
    return `\n${name}${yamlNode(item, isNested(item) && !isList(item) ? `${indent}  ` : indent, name.length)}`;
  });
  return entries.length === 0 ? '!!map {}' : `!!map${entries.join('')}`;
}

function isNested(value: Value): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Real);
}

/** Plain where YAML allows it, in single quotes where they do, in double quotes elsewhere. */
function yamlText(text: string, indent: string, column: number): string {
  if (/[^\x20-\x7e]/.test(text)) return JSON.stringify(text);
  const isPlain = !/^(?:[#,[\]{}&*!|>'"%@`]|[-?:](?: |$)|---|\.\.\.)|: |:$| #|^ | $/.test(text);
  return isPlain ? folded(text, indent, column) : `'${folded(text.replaceAll("'", "''"), indent, column + 1)}'`;
}

/** libyaml breaks a line at the first single blank past its eightieth column. */
function folded(text: string, indent: string, start: number): string {
  let column = start;
  return text.replace(/ +|[^ ]+/g, (part) => {
    if (part === ' ' && column > 80) {
      column = indent.length;
      return `\n${indent}`;
    }
    column += part.length;
    return part;
  });
}

function printReal(number: number): string {
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : Number.isNaN(number) ? 'NaN' : '-Infinity';
  return Number.isInteger(number) && Math.abs(number) < 1e16 ? `${number}.0` : `${number}`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
