import { type Characters, classOf, escapedCharacter, literal, octal, PatternProblem } from './python-escapes.ts';

/** One thing within brackets: a character, which may begin or end a range, or a class such as `\d`. */
type Item = { readonly codePoint: number } | { readonly class: string };

/** Translates a class of characters; the reading place is behind its `[`. What has a meaning outside has none here, as `{` and `,`. */
export function translateClass(source: Characters, ascii: boolean): string {
  const start = source.at - 1;
  const negated = source.take('^');
  const parts: string[] = [];
  // `\W` and its like get brackets of their own. JavaScript has none within brackets but with the flag v, with which Node 24 lets
  // `(?i:…)` hold on behind its end.
  const others: string[] = [];
  const add = (single: Item) => ('class' in single && single.class.startsWith('[^') ? others.push(single.class) : parts.push(text(single)));
  for (let first = true; first || !source.take(']'); first = false) {
    const at = source.at;
    const low = item(source, ascii, start);
    if (!source.take('-')) {
      add(low);
    } else if (source.take(']')) {
      add(low);
      parts.push(literal(0x2d));
      break;
    } else {
      parts.push(range(low, item(source, ascii, start), at));
    }
  }
  if (others.length === 0) return `[${negated ? '^' : ''}${parts.join('')}]`;
  const any = [...(parts.length > 0 ? [`[${parts.join('')}]`] : []), ...others].join('|');
  return negated ? `(?:(?!${any})[\\s\\S])` : `(?:${any})`;
}

function item(source: Characters, ascii: boolean, start: number): Item {
  const at = source.at;
  const character = source.next;
  if (character === undefined) throw new PatternProblem('this class of characters has no ] at its end', start);
  source.at++;
  if (character !== '\\') return { codePoint: character.codePointAt(0) ?? 0 };
  const letter = source.next;
  if (letter === undefined) throw new PatternProblem('the pattern ends with a backslash', at);
  source.at++;
  const known = classOf(letter, ascii);
  if (known !== undefined) return { class: known };
  if (letter === 'b') return { codePoint: 8 };
  if (/[0-7]/.test(letter)) return { codePoint: octal(letter + source.run(/[0-7]/, 2), at) };
  return { codePoint: escapedCharacter(source, letter, at) };
}

function range(low: Item, high: Item, at: number): string {
  if ('class' in low || 'class' in high) throw new PatternProblem('a class such as \\d is no end of a range', at);
  if (low.codePoint > high.codePoint) throw new PatternProblem('this range ends before it begins', at);
  return `${literal(low.codePoint)}-${literal(high.codePoint)}`;
}

function text(single: Item): string {
  return 'class' in single ? single.class.slice(1, -1) : literal(single.codePoint);
}
