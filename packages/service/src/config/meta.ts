import * as z from 'zod';

/** What is said about a key beside its type: one source for messages, the JSON Schema and the reference page. */
export interface KeyMeta {
  /** What the key means, one or two sentences. */
  readonly description?: string;
  /** Unit of a number, e.g. `seconds`. */
  readonly unit?: string;
  /** The value is never shown: not in messages, logs or a printed configuration. */
  readonly secret?: boolean;
  /** The program whose configuration the key comes from, e.g. `cc-slurm-adapter`, or `Sluice addition`. */
  readonly origin?: string;
  /** Release of Sluice that brought the key. */
  readonly since?: string;
  /** The key that took this one's place; using this one warns. */
  readonly deprecatedBy?: string;
  readonly examples?: readonly unknown[];
}

type Schema = z.core.$ZodType;

/** Attaches what is said about a key. Put it last: `described(z.string().default('x'), {…})`. */
export function described<T extends z.ZodType>(schema: T, meta: KeyMeta): T {
  return schema.meta({ ...metaOf(schema), ...meta });
}

/** What is said about a schema, looking through `optional`, `default` and their like; the outermost word wins. */
export function metaOf(schema: Schema): KeyMeta {
  let found: KeyMeta = {};
  for (let layer: Schema | undefined = schema; layer; layer = innerOf(layer)) {
    found = { ...(z.globalRegistry.get(layer) as KeyMeta | undefined), ...found };
  }
  return found;
}

/** The schema beneath `optional`, `nullable`, `default`, `readonly`, `catch`, `lazy` and the input side of pipes. */
export function unwrap(schema: Schema): Schema {
  let layer = schema;
  for (let inner = innerOf(layer); inner; inner = innerOf(layer)) layer = inner;
  return layer;
}

/** The default of a key, if it has one. */
export function defaultOf(schema: Schema): { readonly value: unknown } | undefined {
  for (let layer: Schema | undefined = schema; layer; layer = innerOf(layer)) {
    if (layer instanceof z.ZodDefault || layer instanceof z.ZodPrefault) return { value: layer.def.defaultValue };
  }
  return undefined;
}

function innerOf(schema: Schema): Schema | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly
  ) {
    return schema.def.innerType;
  }
  if (schema instanceof z.ZodLazy) return schema.def.getter();
  if (schema instanceof z.ZodPipe) return schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in;
  return undefined;
}
