const limit = 4096;

/**
 * Remembers what a pure function made of a text, for columns in which few values repeat. Bounded: it forgets everything
 * when it is full. What it gives is shared, hence not to be changed.
 */
export function memoize<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return function remembered(text) {
    const value = known.get(text);
    if (value !== undefined) return value;
    const fresh = read(text);
    if (known.size >= limit) known.clear();
    known.set(ownKey(text), fresh);
    return fresh;
  };
}

/** A key that does not keep the chunk alive of which it was a part. */
function ownKey(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
