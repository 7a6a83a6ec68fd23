/** Numbers from a seed (mulberry32): the same on every machine, so that a failing input can be made again. */
export class Random {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = seeds.reduce((state, seed) => Math.imul(state ^ seed, 0x9e37_79b1) + 0x85eb_ca6b, 0x1234_5678) | 0;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** A whole number in [0, 2^bits) of a random size: small ones are as likely as large ones. */
  natural(bits: number): number {
    const size = this.below(bits + 1);
    return Math.floor((this.below(2 ** 26) / 2 ** 26 + this.below(2 ** 26) / 2 ** 52) * 2 ** size);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** A list of 0 to `most` items. */
  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /** A string of 0 to `most` characters out of `alphabet`. */
  text(alphabet: string, most: number): string {
    return this.list(most, () => alphabet.charAt(this.below(alphabet.length))).join('');
  }
}
