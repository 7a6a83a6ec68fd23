/** One word of sacctmgr's language: `name=value`, `name+=value`, `name-=value`, or a value without a name. */
export interface Word {
  /** As it was given. */
  readonly text: string;
  /** Empty when there is no `=`. */
  readonly key: string;
  readonly how: '=' | '+' | '-';
  readonly value: string;
}

export function readWord(text: string): Word {
  const equals = text.indexOf('=');
  if (equals < 0) return { text, key: '', how: '=', value: unquoted(text) };
  const sign = text[equals - 1];
  const how = sign === '+' || sign === '-' ? sign : '=';
  return { text, key: text.slice(0, how === '=' ? equals : equals - 1), how, value: unquoted(text.slice(equals + 1)) };
}

/** A quote at the beginning is sacctmgr's own, and ends at the next of its kind; others are stored as `` ` `` (strip_quotes). */
function unquoted(text: string): string {
  const quote = /^["']/.exec(text)?.[0];
  if (quote === undefined) return text.replace(/["']/g, '`');
  const end = text.indexOf(quote, 1);
  return (end < 0 ? text.slice(1) : text.slice(1, end)).replace(/["']/g, '`');
}

/** Whether a key stands for a name: a beginning of it that is at least so long, in any case. */
export function means(key: string, name: string, least: number): boolean {
  return key.length >= Math.min(least, name.length) && name.toLowerCase().startsWith(key.toLowerCase());
}

/** `a,B,c` in lower case, each once; none for an empty text. */
export function nameList(value: string): readonly string[] {
  return [...new Set(value.split(',').map((name) => name.trim().toLowerCase()))].filter((name) => name !== '');
}

/** Words before and behind `set`; `where` and `and` are dropped where they stand alone. */
export function splitWords(words: readonly string[]): {
  readonly where: readonly Word[];
  readonly set: readonly Word[];
  readonly hasSet: boolean;
} {
  const where: Word[] = [];
  const set: Word[] = [];
  let into = where;
  let hasSet = false;
  for (const text of words) {
    if (/^where$/i.test(text)) into = where;
    else if (/^set$/i.test(text)) {
      into = set;
      hasSet = true;
    } else if (!/^and$/i.test(text)) into.push(readWord(text));
  }
  return { where, set, hasSet };
}
