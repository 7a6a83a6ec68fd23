import type { Epoch, Tres } from '@sluice/slurm';
import type { JsonContext } from './context.ts';
import { tresList } from './tres-text.ts';
import { type Fields, maybeNumber, Real, type Value } from './value.ts';

/**
 * One key of an object: how it is read from the record, and how a dialect wraps it. An object is a list of these, in the order in which
 * Slurm prints them.
 */
export interface Column<T> {
  readonly key: string;
  /** First and last dialect (38 for v0.0.38) that has the key. */
  readonly from: number;
  readonly to: number;
  /** Undefined leaves the key out. */
  readonly write: Read<T, Value | undefined>;
}

export type Table<T> = readonly Column<T>[];
type Read<T, V> = (record: T, context: JsonContext) => V;
type MaybeNumber = number | null | 'unlimited';

/** The object that a dialect prints for a record. */
export function writeObject<T>(table: Table<T>, record: T, context: JsonContext): Fields {
  const fields: Record<string, Value> = {};
  for (const { key, from, to, write } of table) {
    if (context.dialect < from || context.dialect > to) continue;
    const written = write(record, context);
    if (written !== undefined) fields[key] = written;
  }
  return fields;
}

/** The words that tables of one record are written in. */
export interface Columns<T> {
  /** Columns that a dialect brought, or that one had last; or both. */
  since(dialect: number, ...columns: Table<T>): Table<T>;
  until(dialect: number, ...columns: Table<T>): Table<T>;
  /** Whatever the other words do not cover. */
  value(key: string, write: Read<T, Value | undefined>): Column<T>;
  /** Always the same: what the emulator has no notion of, as Slurm shows it where it is not used. */
  constant(key: string, fixed: Value): Column<T>;
  /** Null in v0.0.38, always the same later. */
  unused(key: string, later: Value): Column<T>;
  text(key: string, read: Read<T, string>): Column<T>;
  /** An empty string is null in v0.0.38 of slurmdbd. */
  nullable(key: string, read: Read<T, string>): Column<T>;
  /** A plain number in every dialect. */
  integer(key: string, read: Read<T, number>): Column<T>;
  flag(key: string, read: Read<T, boolean>): Column<T>;
  /** May be unset (null) or infinite: null or a number in v0.0.38, an object later. */
  number(key: string, read: Read<T, MaybeNumber>): Column<T>;
  /** A limit; none (null) is null in v0.0.38 and infinite later. */
  limit(key: string, read: Read<T, number | null>): Column<T>;
  /** A limit that the emulator keeps none of. */
  endless(key: string): Column<T>;
  tres(key: string, read: Read<T, Tres>): Column<T>;
  /** `number` of a floating point number. */
  real(key: string, read: Read<T, MaybeNumber>): Column<T>;
  /** A moment: a plain number up to v0.0.39, an object that is always set later; 0 stands for never. */
  time(key: string, read: Read<T, Epoch | null>): Column<T>;
  words(key: string, read: Read<T, readonly string[]>): Column<T>;
  /** An object within the object. */
  group(key: string, ...columns: Table<T>): Column<T>;
}

export function columnsOf<T>(): Columns<T> {
  const column = (key: string, write: Read<T, Value | undefined>): Column<T> => ({ key, from: 0, to: Number.POSITIVE_INFINITY, write });
  const words: Columns<T> = {
    since: (dialect, ...columns) => columns.map((one) => ({ ...one, from: Math.max(dialect, one.from) })),
    until: (dialect, ...columns) => columns.map((one) => ({ ...one, to: Math.min(dialect, one.to) })),
    value: column,
    constant: (key, fixed) => column(key, () => fixed),
    unused: (key, later) => column(key, (_, context) => (context.dialect < 39 ? null : later)),
    text: column,
    nullable: (key, read) => column(key, (record, context) => textOrNull(read(record, context), context)),
    integer: column,
    flag: column,
    number: (key, read) => column(key, (record, context) => wrapNumber(read(record, context), context)),
    limit: (key, read) => words.number(key, (record, context) => read(record, context) ?? 'unlimited'),
    endless: (key) => words.number(key, () => 'unlimited'),
    tres: (key, read) => column(key, (record, context) => tresList(read(record, context), context)),
    real: (key, read) => column(key, (record, context) => wrapReal(read(record, context), context)),
    time: (key, read) => column(key, (record, context) => wrapTime(read(record, context), context)),
    words: column,
    group: (key, ...columns) => column(key, (record, context) => writeObject(columns, record, context)),
  };
  return words;
}

export function textOrNull(word: string, context: JsonContext): Value {
  return word === '' && context.dialect < 39 ? null : word;
}

export function wrapNumber(given: MaybeNumber | Real, context: JsonContext): Value {
  if (context.dialect >= 39) return maybeNumber(given);
  return given === 'unlimited' ? null : given;
}

export function wrapReal(given: MaybeNumber, context: JsonContext): Value {
  if (typeof given === 'number') return wrapNumber(new Real(given), context);
  return context.dialect < 39 ? null : { ...maybeNumber(given), number: new Real(0) };
}

export function wrapTime(given: Epoch | null, context: JsonContext): Value {
  return context.dialect >= 40 ? maybeNumber(given ?? 0) : (given ?? 0);
}
