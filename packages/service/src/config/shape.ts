import * as z from 'zod';
import { metaOf, unwrap } from './meta.ts';

type Schema = z.core.$ZodType;

/**
 * What may stand at one place of a configuration: the alternatives of a union, each without its wrappers, and whether
 * any layer passed on the way says that the value is secret.
 */
export interface Place {
  readonly alternatives: readonly Schema[];
  readonly secret: boolean;
  readonly unit: string | undefined;
  readonly deprecatedBy: string | undefined;
}

export function placeOf(...schemas: readonly Schema[]): Place {
  const metas = schemas.map(metaOf);
  return {
    alternatives: schemas.flatMap(alternativesOf),
    secret: metas.some((meta) => meta.secret === true),
    unit: metas.find((meta) => meta.unit)?.unit,
    deprecatedBy: metas.find((meta) => meta.deprecatedBy)?.deprecatedBy,
  };
}

function alternativesOf(schema: Schema): readonly Schema[] {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodUnion) return bare.def.options.flatMap(alternativesOf);
  if (bare instanceof z.ZodIntersection) return [...alternativesOf(bare.def.left), ...alternativesOf(bare.def.right)];
  return [bare];
}

/** Which keys a mapping at this place may have; `undefined` when any key may stand there. */
export function knownKeys(place: Place): readonly string[] | undefined {
  const keys = new Set<string>();
  for (const schema of place.alternatives) {
    if (schema instanceof z.ZodObject) {
      if (schema.def.catchall && !(schema.def.catchall instanceof z.ZodNever)) return undefined;
      for (const key of Object.keys(schema.shape)) keys.add(key);
    } else if (schema instanceof z.ZodRecord || schema instanceof z.ZodAny || schema instanceof z.ZodUnknown) {
      return undefined;
    }
  }
  return keys.size > 0 ? [...keys] : undefined;
}

/** The names that the objects at this place give their keys; the basis of reading keys in any case. */
export function declaredKeys(place: Place): readonly string[] {
  return place.alternatives.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
}

/** The place below a key or an index; without alternatives when nothing is known of it. */
export function placeBelow(place: Place, step: string | number): Place {
  const below: Schema[] = [];
  for (const schema of place.alternatives) {
    if (schema instanceof z.ZodObject) {
      const known = Object.hasOwn(schema.shape, step) ? schema.shape[step] : schema.def.catchall;
      if (known) below.push(known);
    } else if (schema instanceof z.ZodRecord) {
      below.push(schema.def.valueType);
    } else if (schema instanceof z.ZodArray) {
      below.push(schema.def.element);
    } else if (schema instanceof z.ZodTuple) {
      const item = schema.def.items[Number(step)] ?? schema.def.rest;
      if (item) below.push(item);
    }
  }
  const found = placeOf(...below);
  return place.secret ? { ...found, secret: true } : found;
}

/** Leaves out the objects whose literal keys contradict what is written, so that a discriminated union is judged by its own keys. */
export function narrowed(place: Place, written: ReadonlyMap<string, unknown>): Place {
  const fitting = place.alternatives.filter((schema) => !(schema instanceof z.ZodObject) || literalsFit(schema, written));
  return fitting.length > 0 ? { ...place, alternatives: fitting } : place;
}

function literalsFit(schema: z.ZodObject, written: ReadonlyMap<string, unknown>): boolean {
  for (const [key, value] of Object.entries(schema.shape)) {
    if (value instanceof z.ZodLiteral && written.has(key) && !value.values.has(written.get(key) as z.core.util.Literal)) return false;
  }
  return true;
}
