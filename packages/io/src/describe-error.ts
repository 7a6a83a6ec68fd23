import { errorTable, SluiceError } from './errors.ts';
import { redactText } from './redact.ts';

const longestLine = 2000;
const mostCauses = 4;

/**
 * The lines with which a command tells the user of an error: what happened, why as far as the causes say more, and what to
 * do. Total for anything that can be thrown; secrets are redacted; a stack comes only with `stack`.
 */
export function describeError(error: unknown, options: { readonly stack?: boolean } = {}): string[] {
  const chain = causes(error);
  const messages = chain.map(messageOf);
  // A message that repeats its cause's needs not the cause's line.
  const told = messages.filter((message, at) => message !== '' && !messages.slice(0, at).some((earlier) => earlier.includes(message)));
  const [what = 'unknown error', ...why] = told;
  const hint = chain.map(hintOf).find((text) => text !== '');
  const lines = [what, ...why.map((message) => `because: ${message}`), ...(hint === undefined ? [] : [`hint: ${hint}`])];
  const stack = options.stack ? stackOf(error) : [];
  return [...lines.map(oneLine), ...stack];
}

/** The exit code of a command that ends with this error: that of its code, or that of a fault of our own. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SluiceError ? error.exitCode : errorTable.internal.exit;
}

/** The error and its causes, outermost first; of several errors at once the first few. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  const waiting = [error];
  while (waiting.length > 0 && chain.length <= mostCauses) {
    const next = waiting.shift();
    if (next === undefined || next === null || chain.includes(next)) continue;
    chain.push(next);
    waiting.push(read(next, 'cause'), ...several(next));
  }
  return chain;
}

function several(error: unknown): unknown[] {
  const errors = error instanceof AggregateError ? read(error, 'errors') : undefined;
  return Array.isArray(errors) ? errors.slice(0, mostCauses) : [];
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' && typeof error !== 'function') return text(error);
  const message = read(error, 'message');
  const code = read(error, 'code');
  const said = typeof message === 'string' && message !== '' ? message : typeof code === 'string' ? code : nameOf(error);
  if (error instanceof SluiceError || !(error instanceof Error)) return redactText(said);
  // Of errors that are not ours the class often says more than the message.
  const name = nameOf(error);
  return redactText(name === 'Error' || said.startsWith(name) ? said : `${name}: ${said}`);
}

function hintOf(error: unknown): string {
  const hint = error instanceof SluiceError ? error.hint : undefined;
  return hint === undefined ? '' : redactText(hint);
}

function stackOf(error: unknown): string[] {
  const stack = typeof error === 'object' ? read(error, 'stack') : undefined;
  return typeof stack === 'string' ? redactText(stack).split('\n') : [];
}

function nameOf(error: unknown): string {
  const name = read(error, 'name');
  return typeof name === 'string' && name !== '' ? name : 'unknown error';
}

/** A property of anything, also of what throws when it is read. */
function read(of: unknown, name: string): unknown {
  try {
    return (of as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? redactText(value) : String(value);
}

/** Text from elsewhere must neither break the lines of a terminal nor steer it. */
function oneLine(line: string): string {
  const plain = line.replace(/\s*[\r\n]+\s*/g, '; ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
  return plain.length > longestLine ? `${plain.slice(0, longestLine)}…` : plain;
}
