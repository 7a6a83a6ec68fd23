/** Levels that a configuration may have: far above any. */
const maxDepth = 100;

/**
 * What a JSON text says. Undefined when it is not JSON, when a mapping has a key twice or when it is nested deeper than
 * any configuration: there is something to say of it then, and somebody must find out where.
 */
export function plainJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  let keys = 0;
  // In JSON a text with a colon after it is a key, and nothing else is.
  for (const [, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g)) if (colon !== undefined) keys++;
  return keys === keysOf(value, 0) ? value : undefined;
}

function keysOf(value: unknown, depth: number): number {
  if (value === null || typeof value !== 'object') return 0;
  if (depth > maxDepth) return Number.NaN;
  let keys = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) keys += keysOf(item, depth + 1);
  return keys;
}
