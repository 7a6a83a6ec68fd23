/** `Key=value` words as `scontrol -o` writes them. Values hold no blanks; of a key that comes twice the first counts. */
export function readPairs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const word of text.split(/\s+/)) {
    const equals = word.indexOf('=');
    if (equals <= 0) continue;
    const key = word.slice(0, equals);
    if (!pairs.has(key)) pairs.set(key, word.slice(equals + 1));
  }
  return pairs;
}

/** Slurm's words for "nothing here" become the empty string. */
export function textOf(pairs: ReadonlyMap<string, string>, key: string): string {
  const text = pairs.get(key) ?? '';
  return text === '(null)' || text === 'N/A' || text === 'n/a' || text === 'NONE' ? '' : text;
}

export function listOf(pairs: ReadonlyMap<string, string>, key: string): readonly string[] {
  const text = textOf(pairs, key);
  return text === '' ? [] : text.split(',');
}

/** A natural number, or null for `N/A`, `UNLIMITED`, an absent key and anything else. */
export function numberOf(pairs: ReadonlyMap<string, string>, key: string): number | null {
  const text = pairs.get(key) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The records of `scontrol -o show …`: each begins on a line of its own with `Key=`; a newline in a value opens none. */
export function splitRecords(text: string, key: string): readonly string[] {
  const records = text.split(new RegExp(`^(?=${key}=)`, 'm'));
  return records.filter((record) => record.startsWith(`${key}=`));
}
