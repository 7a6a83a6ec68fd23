import type { Fields } from './value.ts';

/** CPU time as slurmdbd prints it. */
export function cpuTime(seconds: number): Fields {
  const whole = Math.floor(seconds);
  return { seconds: whole, microseconds: Math.round((seconds - whole) * 1_000_000) };
}
