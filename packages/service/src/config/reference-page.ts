import * as z from 'zod';
import type { ConfigMeta } from './json-schema.ts';
import { defaultOf, metaOf, unwrap } from './meta.ts';

type Schema = z.core.$ZodType;

interface Row {
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The reference page of a configuration as Markdown: one table with every key, its form, default and meaning. */
export function referencePage(schema: z.ZodType, meta: ConfigMeta): string {
  const head = ['Key', 'Type', 'Default', 'Unit', 'Meaning', 'Origin'];
  const rows = rowsOf(schema, '').map(cells);
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return [`# ${meta.title}`, '', meta.description, '', ...table, ''].join('\n');
}

/** Keys below a key follow it, as `clusters[].name` or `hosts.*`. */
function rowsOf(schema: Schema, prefix: string, above: readonly Schema[] = []): readonly Row[] {
  const bare = unwrap(schema);
  if (above.includes(bare) || metaOf(schema).secret === true) return [];
  const path = [...above, bare];
  if (bare instanceof z.ZodUnion) return distinct(bare.def.options.flatMap((option) => rowsOf(option, prefix, path)));
  if (bare instanceof z.ZodArray) return rowsOf(bare.def.element, `${prefix}[]`, path);
  if (bare instanceof z.ZodRecord) return rowsOf(bare.def.valueType, `${prefix}.*`, path);
  if (!(bare instanceof z.ZodObject)) return [];
  return Object.entries<Schema>(bare.shape).flatMap(([name, value]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const row = { key, schema: value, required: value._zod.optin !== 'optional' };
    return [row, ...rowsOf(value, key, path)];
  });
}

function distinct(rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

function cells({ key, schema, required }: Row): readonly string[] {
  const { description = '', unit = '', origin = '', since, deprecatedBy, examples = [] } = metaOf(schema);
  const found = defaultOf(schema);
  const words = [
    ...(deprecatedBy === undefined ? [] : [`Deprecated: use \`${deprecatedBy}\`.`]),
    description,
    ...(examples.length === 0 ? [] : [`For example ${examples.map(code).join(', ')}.`]),
  ];
  const standard = found ? code(found.value) : required ? '*required*' : '';
  const from = [origin, ...(since === undefined ? [] : [`since ${since}`])].filter(Boolean).join(', ');
  return [`\`${key}\``, typeText(schema), standard, unit, words.filter(Boolean).join(' '), from].map(cell);
}

function typeText(schema: Schema): string {
  if (metaOf(schema).secret === true) return 'secret: text, `{file}` or `{credential}`';
  const bare = unwrap(schema);
  if (bare instanceof z.ZodString || bare instanceof z.ZodStringFormat) return 'text';
  if (bare instanceof z.ZodNumber) return bare.format === 'safeint' ? 'whole number' : 'number';
  if (bare instanceof z.ZodBoolean) return 'true or false';
  if (bare instanceof z.ZodEnum || bare instanceof z.ZodLiteral) {
    const values = bare instanceof z.ZodEnum ? bare.options : [...bare.values];
    return values.map(code).join(', ');
  }
  if (bare instanceof z.ZodArray) return `list of ${typeText(bare.def.element)}`;
  if (bare instanceof z.ZodRecord) return `mapping of ${typeText(bare.def.valueType)}`;
  if (bare instanceof z.ZodObject) return 'mapping';
  if (bare instanceof z.ZodUnion) return [...new Set(bare.def.options.map(typeText))].join(' or ');
  return 'any value';
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
