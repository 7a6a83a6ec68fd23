/** How usage is spread over days: alike, all of it on every fifth day, or four fifths in the last fifth of the days. */
export type UsagePattern = 'steady' | 'bursty' | 'end_of_period';

/** The share of each day; they sum to 1. */
export function dailyShares(days: number, pattern: UsagePattern): readonly number[] {
  const late = Math.max(1, Math.round(days / 5));
  const weights = Array.from({ length: days }, (_, day) => {
    if (pattern === 'bursty') return day % 5 === 0 ? 1 : 0;
    if (pattern === 'steady' || late === days) return 1;
    return day >= days - late ? 0.8 / late : 0.2 / (days - late);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
