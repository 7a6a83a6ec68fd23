import type * as z from 'zod';
import { narrowed, type Place, placeBelow, placeOf } from './shape.ts';

const redactedText = '[redacted]';

/**
 * A copy of a configuration that may be printed: what the schema marks as secret is replaced, except the names of files
 * and credentials that hold it.
 */
export function showConfig(schema: z.ZodType, value: unknown): unknown {
  return shown(value, placeOf(schema));
}

function shown(value: unknown, place: Place): unknown {
  if (value === null || value === undefined) return value;
  if (place.secret) return isReference(value) ? value : redactedText;
  if (Array.isArray(value)) return value.map((item, index) => shown(item, placeBelow(place, index)));
  if (typeof value !== 'object') return value;
  const here = narrowed(place, new Map(Object.entries(value)));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item, placeBelow(here, key))]));
}

/** Whether it only says where a secret is. */
export function isReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'file' || keys[0] === 'credential');
}
