/** What Slurm prints as JSON or YAML. {@link Real} keeps that a number is a floating point number, which both print differently. */
export type Value = null | boolean | number | string | Real | readonly Value[] | Fields;

export interface Fields {
  readonly [key: string]: Value;
}

/** A floating point number of Slurm's: printed with a fraction (`2.0`) even where it is whole. */
export class Real {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }

  /** As a plain number, for those who compare. */
  toJSON(): number | string {
    return Number.isFinite(this.number) ? this.number : `${this.number}`;
  }
}

/** Slurm's number that may be unset or infinite, as data_parser plugins print it since v0.0.39. */
export function maybeNumber(value: number | Real | null | 'unlimited'): Fields {
  if (value === null) return { set: false, infinite: false, number: 0 };
  if (value === 'unlimited') return { set: false, infinite: true, number: 0 };
  return { set: true, infinite: false, number: value };
}
