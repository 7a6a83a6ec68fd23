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

/** YAML as Slurm's own serializer prints it: every node with its tag. */
export function printYaml(value: Value): string {
  return `%YAML 1.1\n--- ${yamlNode(value, '')}\n...\n\n`;
}

function yamlNode(value: Value, indent: string): string {
  if (value instanceof Real) return `!!float ${value.number.toFixed(6)}`;
  if (value === null) return '!!null null';
  if (typeof value === 'string') return value === '' ? '!!str' : `!!str ${yamlText(value)}`;
  if (typeof value === 'number') return `!!int ${value}`;
  if (typeof value === 'boolean') return `!!bool ${value}`;
  if (isList(value)) {
    return value.length === 0 ? '!!seq []' : `!!seq${value.map((item) => `\n${indent}- ${yamlNode(item, `${indent}  `)}`).join('')}`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '!!map {}';
  return `!!map${entries.map(([key, item]) => `\n${indent}!!str ${key}: ${yamlNode(item, isList(item) ? indent : `${indent}  `)}`).join('')}`;
}

/** Plain where YAML allows it, in double quotes elsewhere. */
function yamlText(text: string): string {
  return /^(?:-(?=\S))?[\w/.+(][\w/.,:=()@%+-]*( [\w/.,=()@%+-]+)*$/.test(text) && !/:( |$)/.test(text) ? text : JSON.stringify(text);
}

function printReal(number: number): string {
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : Number.isNaN(number) ? 'NaN' : '-Infinity';
  return Number.isInteger(number) && Math.abs(number) < 1e16 ? `${number}.0` : `${number}`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
