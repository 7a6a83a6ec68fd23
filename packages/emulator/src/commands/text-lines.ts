/** Characters that are written at once. */
const chunkLength = 65_536;

/** Hands texts on in large pieces, so that an answer of many lines costs little more than its text. */
export class TextOut {
  readonly #out: (text: string) => void;
  #waiting: string[] = [];
  #length = 0;

  constructor(out: (text: string) => void) {
    this.#out = out;
  }

  write(text: string): void {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length >= chunkLength) this.flush();
  }

  /** To be called at the end. */
  flush(): void {
    if (this.#length > 0) this.#out(this.#waiting.join(''));
    this.#waiting = [];
    this.#length = 0;
  }
}
