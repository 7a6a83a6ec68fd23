import type { Tres } from '@sluice/slurm';

const letters = ['', 'K', 'M', 'G', 'T', 'P'] as const;
export type Unit = (typeof letters)[number];

/**
 * How amounts are written. `exact` rises to the next unit as long as halves of it remain whole (`2G`, `62.50G`, but `2000M`), `rounded` always
 * (`1.95G`), `none` leaves the unit (`--noconvert`); a unit is what `--units` asked for.
 */
export type Conversion = 'exact' | 'rounded' | 'none' | { readonly unit: Unit };

/** An amount as all of Slurm's commands write it; `from` is the unit in which it is given. */
export function amountText(amount: number, from: Unit, how: Conversion): string {
  if (Math.trunc(amount) === 0) return '0';
  let value = amount;
  let unit = letters.indexOf(from);
  if (typeof how === 'object') {
    const wanted = letters.indexOf(how.unit);
    value *= 1024 ** (unit - wanted);
    unit = wanted;
  } else if (how !== 'none') {
    while (value >= 1024 && (how === 'rounded' || Math.trunc(value) % 512 === 0)) {
      value /= 1024;
      unit += 1;
    }
  }
  return `${Number.isInteger(value) ? value : value.toFixed(2)}${letters[unit] ?? '?'}`;
}

/** The resources that every Slurm has, in the order of their ids. */
const ownTres: readonly string[] = ['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages'];

/** What was written of a record of resources before: many jobs share theirs, and each is written in several places. */
const written: Readonly<Record<string, WeakMap<Tres, string>>> = {
  'id exact': new WeakMap(),
  'sorted exact': new WeakMap(),
  'sorted none': new WeakMap(),
};

/** Writes trackable resources: slurmctld's way in the order of their ids, or sorted as texts. Null where there are none. */
export function tresText(tres: Tres, order: 'id' | 'sorted', how: Conversion = 'exact'): string | null {
  const before = written[`${order} ${how}`];
  const known = before?.get(tres);
  if (known !== undefined) return known;
  const names = Object.keys(tres);
  if (names.length === 0) return null;
  const text =
    order === 'sorted'
      ? names
          .map((name) => `${name}=${countText(name, tres[name] ?? 0, how)}`)
          .sort(byBytes)
          .join(',')
      : inOrder(names)
          .map((name) => `${name}=${countText(name, tres[name] ?? 0, how)}`)
          .join(',');
  before?.set(tres, text);
  return text;
}

function inOrder(names: readonly string[]): readonly string[] {
  return [...ownTres.filter((name) => names.includes(name)), ...names.filter((name) => !ownTres.includes(name))];
}

function countText(name: string, count: number, how: Conversion): string {
  return name === 'mem' || name === 'vmem' || name.startsWith('bb/') ? amountText(count, 'M', how) : `${count}`;
}

/** The order of strcmp(3). */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
