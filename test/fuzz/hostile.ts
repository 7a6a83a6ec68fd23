import type { Random } from './random.ts';

/**
 * The nonce of every scripted call: which text is its author's and which Slurm's must not depend on chance, and nobody
 * who writes a job's name can know it. Beginnings of it are what such an author could hit upon.
 */
export const nonce = 'Q7fZ0c2LmX9';
/** What the connector makes of it. */
export const delimiter = `\x1f${nonce}`;

const pieces: readonly string[] = [
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  '\t',
  ' ',
  '  ',
  '|',
  '||',
  '"',
  "'",
  '`',
  '\\',
  '\\n',
  '%s%j',
  '$(id)',
  ',',
  ';',
  '=',
  '\x1b[31m',
  '\x01',
  '\x7f',
  '\x1f',
  '\x1e',
  '\x1fR3otherCall00aaaa',
  '\xff',
  '\xfe\xff',
  '\xc3',
  '\xc3\xa9',
  '\xe2\x98',
  '\xe2\x98\x83',
  '\xf0\x9f\x92\xa9',
  '\xf0\x9f',
  '\x80',
  '\xed\xa0\x80',
  '\xef\xbb\xbf',
  '\xc2\xa0',
  '\xe2\x80\xa8',
  '(null)',
  'N/A',
  'None',
  'Unknown',
  '0',
  '4294967296',
  'COMPLETED',
  '__proto__',
];

/** Text of a user, harmless: as most of it is. */
export function plainText(random: Random): string {
  return random.pick(['wrap', 'train', 'my job', 'a.b-c_d', 'x=1', 'run #7', 'caf\xc3\xa9', '']);
}

/**
 * Text of a user who wants to deceive, one character per byte and without NUL, which Slurm's strings cannot hold.
 * `lures` are whole records, keys and lines of the answer it will stand in.
 */
export function hostileText(random: Random, lures: readonly string[]): string {
  const kind = random.below(8);
  if (kind === 0) return plainText(random);
  if (kind === 1) return random.pick(lures);
  const parts = random.list(random.oneIn(50) ? 200 : 5, () => {
    if (random.oneIn(3)) return random.pick(lures);
    if (random.oneIn(12)) return `\x1f${nonce.slice(0, random.below(nonce.length))}`;
    return random.oneIn(4) ? plainText(random) : random.pick(pieces);
  });
  if (random.oneIn(4)) parts.unshift('\n');
  return withoutNonce(parts.join(''));
}

/** What joins to the nonce by chance is taken out: it would be a guess right in 64 bits. */
function withoutNonce(text: string): string {
  let left = text;
  while (left.includes(nonce)) left = left.replaceAll(nonce, '');
  return left;
}

/** What a reader must make of a user's bytes: UTF-8, with U+FFFD for what is none. */
export function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
