import * as z from 'zod';
import { defaultOf, metaOf } from './meta.ts';

/** What is said about a configuration as a whole. */
export interface ConfigMeta {
  readonly title: string;
  readonly description: string;
  /** Address under which editors find the schema. */
  readonly id?: string;
}

/**
 * The JSON Schema (2020-12) of what may be written into a configuration, with meanings, defaults and examples. Unknown
 * keys are refused there, so that an editor underlines them.
 */
export function jsonSchema(schema: z.ZodType, meta: ConfigMeta): Record<string, unknown> {
  const generated = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    // What only code can check (transforms) is left open instead of failing.
    unrepresentable: 'any',
    override: ({ jsonSchema: node, zodSchema }) => {
      if (zodSchema instanceof z.ZodObject) node.additionalProperties ??= false;
      const { description, unit, secret, deprecatedBy, origin, since, examples } = metaOf(zodSchema);
      for (const key of ['unit', 'secret', 'deprecatedBy', 'origin', 'since']) delete (node as Record<string, unknown>)[key];
      if (unit !== undefined) node.description = [description, `Unit: ${unit}.`].filter(Boolean).join(' ');
      if (secret === true) node.writeOnly = true;
      if (deprecatedBy !== undefined) node['deprecated'] = true;
      if (origin !== undefined) node['x-origin'] = origin;
      if (since !== undefined) node['x-since'] = since;
      if (examples !== undefined) node['examples'] ??= [...examples];
      // zod leaves out the default of a schema with a transform; ours are written as they are read.
      const standard = defaultOf(zodSchema)?.value;
      if (node.default === undefined && isScalar(standard)) node.default = standard;
    },
  });
  const { $schema, ...rest } = generated;
  return { $schema, ...(meta.id === undefined ? {} : { $id: meta.id }), title: meta.title, description: meta.description, ...rest };
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
