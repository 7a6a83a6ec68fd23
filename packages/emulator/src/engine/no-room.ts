/**
 * Kinds of jobs for which a partition had no room: as long as nothing is freed in it, there is still none, for what starts only takes more. So that a long
 * queue is not tried anew with every job that comes.
 */
export class NoRoom {
  /** By partition. */
  readonly #known = new Map<string, Set<string>>();

  /** Resources of a partition have been given back, or may be used again. */
  freed(partition: string): void {
    this.#known.get(partition)?.clear();
  }

  has(partition: string, kind: string): boolean {
    return this.#known.get(partition)?.has(kind) ?? false;
  }

  note(partition: string, kind: string): void {
    const known = this.#known.get(partition);
    if (known === undefined) this.#known.set(partition, new Set([kind]));
    else known.add(kind);
  }
}
