import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** How many sleep now. */
  readonly sleeping: number;
  /**
   * Moves time on by `ms`. Sleepers wake in the order of their time, at their time; what a woken one does, as far as it
   * needs no more than a turn of the event loop, is done before the next wakes, so that it may sleep again meanwhile.
   */
  advance(ms: number): Promise<void>;
  /** Resolves once at least `count` sleep; 1 by default. */
  untilSleeping(count?: number): Promise<void>;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** Time for tests and for the emulator; `start` in milliseconds since the epoch, 0 by default. */
export function manualClock(start = 0): ManualClock {
  let now = start;
  const sleepers: Sleeper[] = [];
  const watchers = new Set<() => void>();

  function fallAsleep(sleeper: Sleeper): void {
    const later = sleepers.findIndex((other) => other.at > sleeper.at);
    sleepers.splice(later < 0 ? sleepers.length : later, 0, sleeper);
    for (const watcher of watchers) watcher();
  }

  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const onAbort = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        };
        const sleeper = {
          at: now + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        fallAsleep(sleeper);
      }),
    get sleeping() {
      return sleepers.length;
    },
    async advance(ms) {
      const target = now + ms;
      await turn();
      for (let first = sleepers[0]; first && first.at <= target; first = sleepers[0]) {
        sleepers.shift();
        now = Math.max(now, first.at);
        first.wake();
        await turn();
      }
      now = Math.max(now, target);
    },
    untilSleeping: (count = 1) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (sleepers.length < count) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
