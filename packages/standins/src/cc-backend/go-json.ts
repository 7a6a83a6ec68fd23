import { GoJsonError, type GoValue, parseGoJson } from './go-json-syntax.ts';

/** A Go type as far as cc-backend's payloads need it. `T` is what a decoded value is here. */
export interface GoType<T> {
  /** The type's name in Go's error messages, e.g. `int64`. */
  readonly name: string;
  /** What a missing or null field is. */
  zero(): T;
  /** Decodes a value that is not null; `previous` is what an earlier duplicate of the key left. */
  decode(value: GoValue, at: Place, previous: T): T;
}

/** Where a value stands: the innermost struct and the keys from the root. */
interface Place {
  readonly struct: string;
  readonly path: readonly string[];
}

/**
 * Decodes the first JSON value of `text` with `DisallowUnknownFields`; throws {@link GoJsonError} with Go's words.
 * `initial` is the variable that Go decodes into: what the text does not name stays as it is.
 */
export function decodeGoJson<T>(text: string, type: GoType<T>, initial: T = type.zero()): T {
  const value = parseGoJson(text);
  return value.kind === 'null' ? initial : type.decode(value, { struct: '', path: [] }, initial);
}

function decodeInto<T>(type: GoType<T>, value: GoValue, at: Place, previous: T): T {
  return value.kind === 'null' ? type.zero() : type.decode(value, at, previous);
}

function mismatch(value: GoValue, at: Place, type: string): GoJsonError {
  const found = value.kind === 'number' ? 'number' : value.kind;
  return cannot(found, at, type);
}

function cannot(found: string, at: Place, type: string): GoJsonError {
  const field = at.path.length > 0 ? `Go struct field ${at.struct}.${at.path.join('.')}` : 'Go value';
  return new GoJsonError(`json: cannot unmarshal ${found} into ${field} of type ${type}`);
}

export const goString: GoType<string> = {
  name: 'string',
  zero: () => '',
  decode(value, at) {
    if (value.kind !== 'string') throw mismatch(value, at, 'string');
    return value.value;
  },
};

export const goFloat: GoType<number> = {
  name: 'float64',
  zero: () => 0,
  decode(value, at) {
    if (value.kind !== 'number') throw mismatch(value, at, 'float64');
    const number = Number(value.literal);
    if (!Number.isFinite(number)) throw cannot(`number ${value.literal}`, at, 'float64');
    return number;
  },
};

/** An integer; numbers above 2^53 lose their last digits here, unlike in Go. */
function goInt(bits: 32 | 64, name = `int${bits}`): GoType<number> {
  const limit = 2n ** BigInt(bits - 1);
  return {
    name,
    zero: () => 0,
    decode(value, at) {
      if (value.kind !== 'number') throw mismatch(value, at, name);
      if (!/^-?\d+$/.test(value.literal)) throw cannot(`number ${value.literal}`, at, name);
      const exact = BigInt(value.literal);
      if (exact >= limit || exact < -limit) throw cannot(`number ${value.literal}`, at, name);
      return Number(exact);
    },
  };
}

export const goInt32 = goInt(32);
export const goInt64 = goInt(64);
export const goIntPlain = goInt(64, 'int');

/** Any JSON value, as Go's `interface{}`. */
export const goAny: GoType<unknown> = {
  name: 'interface {}',
  zero: () => null,
  decode: (value) => plain(value),
};

function plain(value: GoValue): unknown {
  switch (value.kind) {
    case 'null':
      return null;
    case 'number':
      return Number(value.literal);
    case 'array':
      return value.items.map(plain);
    case 'object':
      return Object.fromEntries(value.entries.map(([key, item]) => [key, plain(item)]));
    default:
      return value.value;
  }
}

export function goArray<T>(item: GoType<T>): GoType<readonly T[] | null> {
  return {
    name: `[]${item.name}`,
    zero: () => null,
    decode(value, at) {
      if (value.kind !== 'array') throw mismatch(value, at, `[]${item.name}`);
      return value.items.map((element) => decodeInto(item, element, at, item.zero()));
    },
  };
}

/** An element that null leaves nil (`[]*Resource`): the decoder takes it, the server falls over it later (contract W12). */
export function goPointer<T>(type: GoType<T>): GoType<T | null> {
  return { name: `*${type.name}`, zero: () => null, decode: (value, at, previous) => type.decode(value, at, previous ?? type.zero()) };
}

/** A map with string keys; a duplicate of the whole key adds to it. */
export function goMap<T>(item: GoType<T>): GoType<Readonly<Record<string, T>> | null> {
  return {
    name: `map[string]${item.name}`,
    zero: () => null,
    decode(value, at, previous) {
      if (value.kind !== 'object') throw mismatch(value, at, `map[string]${item.name}`);
      const decoded = new Map(Object.entries(previous ?? {}));
      for (const [key, element] of value.entries) decoded.set(key, decodeInto(item, element, at, item.zero()));
      return Object.fromEntries(decoded);
    },
  };
}

/**
 * A struct: keys match exactly or else in any case; a key it does not have is an error. `absent` are the keys that a release
 * does not know: they are unknown in JSON and zero in what is decoded.
 */
export function goStruct<T extends object>(
  name: string,
  fields: { readonly [K in keyof T]: GoType<T[K]> },
  absent: readonly (keyof T)[] = [],
): GoType<T> {
  const known = Object.keys(fields).filter((key) => !absent.includes(key as keyof T));
  const exact = new Set(known);
  const folded = new Map(known.map((key) => [key.toLowerCase(), key]));
  const zero = () => {
    const empty = {} as T;
    for (const key in fields) empty[key] = fields[key].zero();
    return empty;
  };
  const struct = name.replace(/^.*\./, '');
  return {
    name,
    zero,
    decode(value, at, previous) {
      if (value.kind !== 'object') throw mismatch(value, at, name);
      const decoded = { ...previous };
      for (const [key, item] of value.entries) {
        const field = (exact.has(key) ? key : folded.get(key.toLowerCase())) as keyof T | undefined;
        if (field === undefined) throw new GoJsonError(`json: unknown field ${JSON.stringify(key)}`);
        if (item.kind === 'null') continue;
        const place = { struct, path: [...at.path, String(field)] };
        decoded[field] = fields[field].decode(item, place, decoded[field]);
      }
      return decoded;
    },
  };
}
