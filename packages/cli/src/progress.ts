import type { Output } from './surroundings.ts';

/** One line of a terminal that is overwritten; nothing is written when the output is no terminal. */
export interface Progress {
  show(text: string): void;
  /** Removes the line, so that something else can be printed. */
  clear(): void;
}

export function progressLine(output: Output): Progress {
  let shown = false;
  const clear = () => {
    if (shown) output.write('\r\x1b[K');
    shown = false;
  };
  return {
    clear,
    show: (text) => {
      clear();
      // A line that wraps could not be removed.
      if (output.columns === undefined || output.columns <= text.length) return;
      output.write(text);
      shown = true;
    },
  };
}
