import { eventOf, type HookEvent } from './event.ts';

/**
 * The event in a stock hook's message, a JSON object of the hook's environment in which what is not set is an empty string, or why it is none.
 * Keys that are not known are passed over; a value that is not a string counts as not set.
 */
export function decodeMessage(bytes: Buffer, seenMs: number): HookEvent | string {
  if (bytes.length === 0) return 'the message is empty';
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return 'the message is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the message is not a JSON object';
  const fields: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (name.startsWith('SLURM_') && typeof text === 'string' && text !== '') fields[name] = text;
  }
  return eventOf(fields, seenMs, 'socket');
}
