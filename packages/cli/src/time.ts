/** `2026-11-21 10:58:26`, UTC; `-` for null. */
export function formatEpoch(epoch: number | null): string {
  return epoch === null ? '-' : new Date(epoch * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * A point in time as the user writes it, in seconds since the epoch: `2h` or `3d` ago (s, m, h, d, w), a number of
 * seconds since the epoch, or ISO 8601 (a date alone is its midnight, UTC). Undefined when it is none of these.
 */
export function parseMoment(text: string, now: number): number | undefined {
  const ago = /^(\d+)([smhdw])$/.exec(text);
  if (ago) return now - Number(ago[1]) * (seconds[ago[2] ?? ''] ?? Number.NaN);
  if (/^\d{9,11}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const withZone = text.includes('T') && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text;
  const milliseconds = Date.parse(withZone);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
