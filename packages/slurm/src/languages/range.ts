import { parseNatural } from './text.ts';

/**
 * Numbers of a bitmap as Slurm writes it, `0-3,8-9` (CPU_IDs, IDX, S), in the order written. Empty text is the empty
 * list. Undefined when it is not such a list, when a range runs backwards, or when there are more than `max` numbers.
 */
export function parseRanges(text: string, max = 1_000_000): readonly number[] | undefined {
  const numbers: number[] = [];
  if (text === '') return numbers;
  for (const part of text.split(',')) {
    const dash = part.indexOf('-');
    const low = parseNatural(dash < 0 ? part : part.slice(0, dash));
    const high = dash < 0 ? low : parseNatural(part.slice(dash + 1));
    if (low === undefined || high === undefined || high < low || numbers.length + (high - low + 1) > max) return undefined;
    for (let number = low; number <= high; number++) numbers.push(number);
  }
  return numbers;
}

/** `0-3,8-9`: neighbours that count up by one become a range; the order stays. Takes natural numbers. */
export function formatRanges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let index = 0; index < numbers.length; ) {
    const low = numbers[index] ?? 0;
    let high = low;
    for (index++; numbers[index] === high + 1; index++) high++;
    parts.push(low === high ? `${low}` : `${low}-${high}`);
  }
  return parts.join(',');
}
