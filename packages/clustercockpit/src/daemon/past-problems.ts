import type { Clock } from '@sluice/io';
import type { SaidOnce } from '@sluice/service';
import type { PastProblem } from '../status/note.ts';

/** So many are kept; the oldest is forgotten first. */
const keptAtMost = 10;

/** Says lasting problems as before, and remembers the last of those that ended, for whoever asks later what was wrong. */
export function rememberingSaid(said: SaidOnce, clock: Clock): SaidOnce & { past(): readonly PastProblem[] } {
  const past: PastProblem[] = [];
  return {
    begins: (...problem) => said.begins(...problem),
    ends(key, message) {
      const known = said.lasting().get(key);
      if (known) past.unshift({ message: known.message, since: known.since, count: known.count, endedMs: clock.now() });
      past.length = Math.min(past.length, keptAtMost);
      said.ends(key, message);
    },
    lasting: () => said.lasting(),
    past: () => past,
  };
}
