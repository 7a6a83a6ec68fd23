/** An object of a request's body; what is not one has no fields. */
export type Given = Readonly<Record<string, unknown>>;

export function given(value: unknown): Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : {};
}

/** The object at a path of keys: `max`, `tres`, `group`. */
export function within(value: Given, ...keys: readonly string[]): Given {
  return keys.reduce((inner, key) => given(inner[key]), value);
}

export function listOf(value: unknown): readonly Given[] {
  return Array.isArray(value) ? value.map(given) : [];
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? `${value}` : undefined;
}

/** A list, or words with commas between. */
export function wordsOf(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.flatMap((one) => textOf(one) ?? textOf(given(one)['name']) ?? []);
  if (typeof value !== 'string') return undefined;
  return value.split(',').filter((word) => word !== '');
}

/** A number, plain, as text, or as `{set, infinite, number}`: null when it is infinite (or -1), undefined when it is unset. */
export function numberOf(value: unknown): number | null | undefined {
  if (typeof value === 'number') return value === -1 ? null : value;
  if (typeof value === 'string' && /^-?[0-9]+$/.test(value)) return numberOf(Number(value));
  const { set, infinite, number } = given(value);
  if (infinite === true) return null;
  return set === true && typeof number === 'number' ? number : undefined;
}

export function countOf(value: unknown): number | undefined {
  return numberOf(value) ?? undefined;
}

export function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** `[{type, name, count}]` as resources by name; a count of null takes the limit away. Undefined when there is no list. */
export function tresOf(value: unknown): Readonly<Record<string, number | null>> | undefined {
  if (!Array.isArray(value)) return undefined;
  const counts: Record<string, number | null> = {};
  for (const one of listOf(value)) {
    const type = textOf(one['type']);
    const name = textOf(one['name']) ?? '';
    const count = numberOf(one['count']);
    if (type !== undefined && count !== undefined) counts[name === '' ? type : `${type}/${name}`] = count;
  }
  return counts;
}

/** Without the keys that are undefined: what was not said is not changed. */
export function said<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
