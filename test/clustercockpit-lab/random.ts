/** Choices that follow from a seed. */
export class Choices {
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
  }

  /** In [0, 1). */
  number(): number {
    return this.#next();
  }

  /** A whole number, both bounds included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  one<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#next() * items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    const order: T[] = [];
    while (rest.length > 0) order.push(...rest.splice(this.between(0, rest.length - 1), 1));
    return order;
  }
}
