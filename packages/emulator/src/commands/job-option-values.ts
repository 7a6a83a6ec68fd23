import { expandHostlist, parseMemoryMiB, parseTimeLimit } from '@sluice/slurm';
import { invalidTimeText, readTimeWords } from './time-words.ts';

/** A value of an option that sbatch and srun refuse by themselves: what they say after their name, and their exit code. */
export class OptionValueError extends Error {
  readonly code: number;
  /** Stands before it, without the name of the command. */
  readonly before: string;

  constructor(message: string, code: number, before = '') {
    super(message);
    this.code = code;
    this.before = before;
  }
}

/** Exit code of most refusals: -1. */
const refused = 255;

export function invalidSpecification(option: string, before = ''): OptionValueError {
  return new OptionValueError(`Invalid --${option} specification`, refused, before);
}

/** A number above 0, or of 0 where that means something. */
export function numberValue(option: string, text: string, { zero = false } = {}): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value > 0 || (zero && value === 0)) return value;
  throw new OptionValueError(`Invalid numeric value "${text}" for --${option}.`, 1);
}

/** `4`, `2-4`, `1k`. */
export function nodeCounts(text: string): { readonly min: number; readonly max: number | null } {
  const [, low = '', high] = /^(\d{1,9}[kKmM]?)(?:-(\d{1,9}[kKmM]?))?$/.exec(text) ?? [];
  const min = scaled(low);
  const max = high === undefined ? null : scaled(high);
  if (low === '' || (min === 0 && max === null)) throw new OptionValueError(`"${text}" is not a valid node count`, refused);
  if (max !== null && max < min) throw new OptionValueError(`Maximum node count ${max} is less than minimum node count ${min}`, refused);
  return { min, max };
}

function scaled(text: string): number {
  const factor = /k$/i.test(text) ? 1024 : /m$/i.test(text) ? 1024 ** 2 : 1;
  return Number.parseInt(text, 10) * factor;
}

/** Minutes. */
export function timeLimitValue(option: string, text: string): number | 'unlimited' {
  const limit = parseTimeLimit(text);
  if (limit === 0) return 'unlimited';
  if (limit === undefined || limit === null || limit === 'partition') throw invalidSpecification(option);
  return limit;
}

export function memoryValue(option: string, text: string): number {
  const mib = parseMemoryMiB(/^\d+$/.test(text) ? `${text}M` : text.replace(/b$/i, ''));
  if (mib === undefined) throw invalidSpecification(option);
  return Math.ceil(mib);
}

export function momentValue(option: string, text: string, words: Parameters<typeof readTimeWords>[1]): number {
  const read = readTimeWords(text, words);
  if ('epoch' in read) return read.epoch;
  throw invalidSpecification(option, invalidTimeText(read.position, text));
}

export function hostValues(option: string, text: string): readonly string[] {
  const names = expandHostlist(text);
  if (names === undefined) throw invalidSpecification(option);
  return names;
}
