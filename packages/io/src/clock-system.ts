import type { Clock } from './clock.ts';

/** What setTimeout can count in milliseconds; above it Node would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** The machine's time. A sleeper keeps the process alive until it wakes or is aborted. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    async sleep(ms, signal) {
      const end = performance.now() + ms;
      for (let left = ms; left > longestTimer; left = end - performance.now()) await pause(longestTimer, signal);
      await pause(Math.max(0, end - performance.now()), signal);
    },
  };
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
