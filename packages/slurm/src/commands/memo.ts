const limit = 4096;

/**
 * Remembers what a pure function made of a text, for columns in which few values repeat; the value before is looked at
 * first, for neighbouring rows are often alike. Bounded: it forgets everything when it is full. What it gives is shared,
 * hence not to be changed.
 */
export function memoize<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  let lastText: string | undefined;
  let lastValue: T;
  return function remembered(text) {
    if (text === lastText) return lastValue;
    let value = known.get(text);
    if (value === undefined) {
      const key = own(text);
      value = read(key);
      if (known.size >= limit) known.clear();
      known.set(key, value);
    }
    lastText = text;
    lastValue = value;
    return value;
  };
}

/** Whether a part of a text was copied out of it: V8 makes substrings from 13 characters on as views of the whole. */
export function isOwn(text: string): boolean {
  return text.length < 13;
}

/** A copy that does not keep the chunk alive of which it is a part: one kept job name would hold 64 KiB. */
export function own(text: string): string {
  return isOwn(text) ? text : ` ${text}`.slice(1);
}
