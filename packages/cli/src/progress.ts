import type { Clock } from '@sluice/io';
import type { Output } from './surroundings.ts';

/** One line of a terminal that is overwritten. Where there is no terminal nothing is written, or a line now and then. */
export interface Progress {
  show(text: string): void;
  /** Removes the line, so that something else can be printed. */
  clear(): void;
}

/** How often a log gets a line of work that takes long. */
export interface Seldom {
  readonly clock: Clock;
  readonly everyMs: number;
}

export function progressLine(output: Output, seldom?: Seldom): Progress {
  let shown = false;
  let lastMs = seldom?.clock.now() ?? 0;
  const clear = () => {
    if (shown) output.write('\r\x1b[K');
    shown = false;
  };
  return {
    clear,
    show: (text) => {
      clear();
      if (output.columns === undefined && seldom && seldom.clock.now() - lastMs >= seldom.everyMs) {
        lastMs = seldom.clock.now();
        output.write(`${text}\n`);
      }
      // A line that wraps could not be removed.
      if (output.columns === undefined || output.columns <= text.length) return;
      output.write(text);
      shown = true;
    },
  };
}
