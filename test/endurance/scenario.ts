/** One long run: what it came to, as figures that are committed. A broken promise is thrown. */
export interface EnduranceScenario {
  readonly name: string;
  run(options: EnduranceOptions): Promise<Readonly<Record<string, number | string>>>;
}

export interface EnduranceOptions {
  /** From it all random choices are made. */
  readonly seed: number;
  /** Lengthens or shortens the run; 1 is what is committed. */
  readonly scale: number;
  readonly progress: (line: string) => void;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
