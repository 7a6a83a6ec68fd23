/**
 * Runs that are read from the journal ahead of their turn. What is new waits for them, and their scripts may be large: more are
 * read only while they last for less than that time and their scripts are short.
 */
const ahead = { least: 32, most: 256, forMs: 100, characters: 2 ** 20 };

/** How many runs to read at a time. */
export class ReadAhead {
  #runs = ahead.least;
  #characters = 0;
  #readMs = 0;

  /** For a reading that begins at `nowMs`, of a clock that only goes on. */
  limit(nowMs: number): number {
    const more = nowMs - this.#readMs < ahead.forMs && this.#characters < ahead.characters;
    this.#runs = more ? Math.min(ahead.most, 2 * this.#runs) : ahead.least;
    this.#characters = 0;
    this.#readMs = nowMs;
    return this.#runs;
  }

  /** Of the scripts that it brought. */
  read(characters: number): void {
    this.#characters += characters;
  }
}
