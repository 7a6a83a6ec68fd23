/** One at a time, in the order of arrival; whoever finds it free is served at once, without a turn of the event loop. */
export class Mutex {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  run<T>(work: () => T | Promise<T>): T | Promise<T> {
    if (!this.#held) return this.#hold(work);
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#hold(work));
  }

  #hold<T>(work: () => T | Promise<T>): T | Promise<T> {
    this.#held = true;
    let result: T | Promise<T>;
    try {
      result = work();
    } catch (error) {
      this.#release();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.#release());
    this.#release();
    return result;
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#held = false;
  }
}
