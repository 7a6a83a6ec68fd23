import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Attempts, 10 ms apart, on a pipe whose reader is slow. */
const attempts = 50;

/**
 * Writes lines to a file descriptor at once, so that the last words before an exit arrive. What cannot be written (full disk,
 * closed pipe) is dropped and counted, and the count is told before the next line that arrives: a broken log neither ends
 * the program nor fills its memory, as a buffered one would.
 */
export function descriptorDestination(descriptor: number, write: typeof writeSync = writeSync): DestinationStream {
  let lost = 0;

  function deliver(text: string): boolean {
    let rest = Buffer.from(text);
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        rest = rest.subarray(write(descriptor, rest));
        if (rest.length === 0) return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
    return false;
  }

  return {
    write(line: string): void {
      if (lost > 0 && deliver(`{"level":"warn","lost":${lost},"msg":"lines of this log could not be written"}\n`)) lost = 0;
      if (lost > 0 || !deliver(line)) lost += 1;
    },
  };
}
