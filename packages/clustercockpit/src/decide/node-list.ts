/**
 * Which hosts a `nodes` expression of cc-backend names (contract §5.7). It is not Slurm's host list: a bracket holds ranges
 * only, their ends have equally many digits, and exactly that many digits of the host are read.
 */
export interface NodeListMatcher {
  test(host: string): boolean;
  /** What is wrong with the expression, or null. cc-backend does not start with such a one; it names no host. */
  readonly fault: string | null;
}

interface DigitRange {
  readonly low: number;
  readonly high: number;
  readonly digits: number;
}
type Term = readonly (string | readonly DigitRange[])[];

/**
 * Reads a `nodes` expression; nothing is expanded, so that a hundred thousand hosts cost as much as one. `*` is not of the
 * language: what it means depends on where it stands.
 */
export function nodeListMatcher(text: string): NodeListMatcher {
  const names = new Set<string>();
  const terms: Term[] = [];
  for (const written of splitTerms(text)) {
    const term = parseTerm(written);
    if (typeof term === 'string') return { test: () => false, fault: term };
    const [only] = term;
    if (term.length === 1 && typeof only === 'string') names.add(only);
    else terms.push(term);
  }
  return { test: (host) => names.has(host) || terms.some((term) => matches(term, host)), fault: null };
}

function splitTerms(text: string): readonly string[] {
  const terms: string[] = [];
  let start = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[') inside = true;
    else if (character === ']') inside = false;
    else if (character === ',' && !inside) {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (start < text.length) terms.push(text.slice(start));
  return terms;
}

/** The term, or what is wrong with it. */
function parseTerm(text: string): Term | string {
  const term: (string | readonly DigitRange[])[] = [];
  const part = /([A-Za-z0-9][A-Za-z0-9-]*)|\[([^\]]*)\]/y;
  while (part.lastIndex < text.length) {
    const from = part.lastIndex;
    const [, literal, ranges] = part.exec(text) ?? [];
    if (literal !== undefined) term.push(literal);
    else if (ranges === undefined) return `${JSON.stringify(text.slice(from, from + 20))} cannot stand in a node list of cc-backend`;
    else {
      const parsed = ranges.split(',').map(parseRange);
      if (!parsed.every((range) => range !== undefined)) return `[${ranges}] is not of ranges whose ends have equally many digits`;
      term.push(parsed);
    }
  }
  return term;
}

function parseRange(text: string): DigitRange | undefined {
  const [, low = '', high = ''] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  if (low === '' || low.length !== high.length || Number(high) > largest) return undefined;
  return { low: Number(low), high: Number(high), digits: low.length };
}

/** cc-backend reads 32 bits. */
const largest = 2 ** 31 - 1;

function matches(term: Term, host: string): boolean {
  let at = 0;
  for (const part of term) {
    if (typeof part === 'string') {
      if (!host.startsWith(part, at)) return false;
      at += part.length;
      continue;
    }
    // The first range that takes something wins, as in cc-backend, even if what is left then fits nothing.
    const range = part.find((candidate) => takes(candidate, host, at));
    if (range === undefined) return false;
    at += range.digits;
  }
  return term.length > 0 && at === host.length;
}

function takes({ low, high, digits }: DigitRange, host: string, at: number): boolean {
  if (at + digits > host.length) return false;
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const digit = host.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return low <= value && value <= high;
}
