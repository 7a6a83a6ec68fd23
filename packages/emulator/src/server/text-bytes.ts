/**
 * Words of a command line are bytes; commands handle them as text. A byte that is no part of UTF-8 becomes a lone low surrogate (U+DC80 to U+DCFF,
 * as Python's `surrogateescape` has it) and becomes the byte again on its way out.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function textOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return Array.from(pieces(bytes)).join('');
  }
}

export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const [piece] of text.matchAll(/[\udc80-\udcff]|[^\udc80-\udcff]+|./gsu)) {
    const code = piece.charCodeAt(0);
    parts.push(piece.length === 1 && code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(piece, 'utf8'));
  }
  return Buffer.concat(parts);
}

function* pieces(bytes: Uint8Array): Iterable<string> {
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    yield length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
}

/** Bytes of the character that begins there; 0 when none does. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}
