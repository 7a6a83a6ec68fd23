/**
 * Shapes of jobs for which a partition had no room, and how much had been freed in it by then: as long as nothing is freed since, there is still none, for what
 * starts only takes more. So that a long queue is not tried anew with every job that comes.
 */
export class NoRoom {
  readonly #known = new Map<string, number>();
  readonly #freed = new Map<string, number>();

  /** Resources of a partition have been given back, or may be used again. */
  freed(partition: string): void {
    this.#freed.set(partition, (this.#freed.get(partition) ?? 0) + 1);
  }

  has(partition: string, shape: string): boolean {
    return this.#known.get(`${partition}\n${shape}`) === (this.#freed.get(partition) ?? 0);
  }

  note(partition: string, shape: string): void {
    if (this.#known.size > 20_000) this.#known.clear();
    this.#known.set(`${partition}\n${shape}`, this.#freed.get(partition) ?? 0);
  }
}
