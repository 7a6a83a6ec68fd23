/**
 * Reading of digits, shared by the small languages. Regular expressions here are anchored and free of nested
 * repetition, so that each runs in linear time on any input.
 */

/** Decimal digits (ASCII only) as a number, or undefined when there are none, other characters, or more than 2^53 - 1. */
export function parseNatural(text: string): number | undefined {
  if (text.length === 0 || text.length > 64 || !/^[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** As {@link parseNatural}, but refusing more than 32 bits, the width of ids and codes in Slurm. */
export function parseUint32(text: string): number | undefined {
  const value = parseNatural(text);
  return value !== undefined && value <= 0xffff_ffff ? value : undefined;
}

/** `12` or `62.50` as a number; no sign, no exponent. */
export function parseDecimal(text: string): number | undefined {
  if (text.length === 0 || text.length > 64 || !/^[0-9]+(?:\.[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** Powers of 1024 by the letter that Slurm appends to a number (convert_num_unit of its API). */
function unitExponent(letter: string): number | undefined {
  const exponent = '_KMGTPEZ'.indexOf(letter.toUpperCase());
  return letter.length === 1 && exponent > 0 ? exponent : undefined;
}

/** A number with an optional letter of a power of 1024, in `base` (0: single, 2: MiB) units; not rounded. */
export function parseScaled(text: string, base: number): number | undefined {
  const last = text.slice(-1);
  const exponent = /^[A-Za-z]$/.test(last) ? unitExponent(last) : base;
  if (exponent === undefined) return undefined;
  const digits = /^[A-Za-z]$/.test(last) ? text.slice(0, -1) : text;
  const value = parseDecimal(digits);
  if (value === undefined) return undefined;
  const scaled = value * 1024 ** (exponent - base);
  return scaled <= Number.MAX_SAFE_INTEGER ? scaled : undefined;
}
