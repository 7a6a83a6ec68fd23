import { isDeepStrictEqual } from 'node:util';
import { SluiceError } from '@sluice/io';
import type { FuzzVerdict } from './target.ts';

/** A text as Slurm writes it, one character per byte, and what it means. */
export type Pair<T> = readonly [text: string, value: T];

export function forged(detail: string): FuzzVerdict {
  return { accepted: true, failure: { kind: 'forged', detail: detail.slice(0, 600) } };
}

/** What came of a question: its answer, or the typed error; anything else that is thrown is a failure. */
export async function orTyped<T>(question: () => Promise<T>): Promise<T | SluiceError> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof SluiceError && error.code !== 'internal') return error;
    throw error;
  }
}

/**
 * Holds records against the true ones, in order: all of them must be there, or, if `gaps`, each must at least be the
 * next true one that is left. The answer is what is wrong.
 */
export function differ<T>(records: readonly T[], truth: readonly T[], gaps: boolean): string | undefined {
  let next = 0;
  for (const record of records) {
    const at = next;
    while (next < truth.length && !isDeepStrictEqual(record, truth[next])) next++;
    if (next === truth.length) return `${difference(record, truth[at])} (record ${at} of ${truth.length})`;
    if (!gaps && next > at) return `record ${at} of ${truth.length} is missing`;
    next++;
  }
  return gaps || records.length === truth.length ? undefined : `${records.length} records of ${truth.length}`;
}

/** The first field in which two records differ. */
export function difference(found: unknown, truth: unknown): string {
  if (typeof found !== 'object' || typeof truth !== 'object' || found === null || truth === null)
    return `${show(found)} for ${show(truth)}`;
  const expected = new Map(Object.entries(truth));
  const wrong = Object.entries(found).find(([key, value]) => !isDeepStrictEqual(value, expected.get(key)));
  return wrong === undefined ? 'keys are missing' : `${wrong[0]} is ${show(wrong[1])} for ${show(expected.get(wrong[0]))}`;
}

function show(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 200);
}

/** A number in an answer that is none; the answer is where. */
export function unsound(value: unknown, path = 'answer'): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return `${path} is ${value}`;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const wrong = unsound(inner, `${path}.${key}`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
