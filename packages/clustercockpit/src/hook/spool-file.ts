import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { eventOf, type HookEvent } from './event.ts';
import { endMark, keptVariables, seenMsOf } from './spool-layout.ts';

/** What the script writes is below 4 KiB; anything larger was not written by it. */
const largestEvent = 8192;

const known: ReadonlySet<string> = new Set(keptVariables);

/** `gone` when another took the file meanwhile; `refused` with the reason when it is no event. */
export type SpoolFile = { readonly event: HookEvent } | { readonly refused: string } | { readonly gone: true };

/**
 * Reads one file of the spool. Links are not followed, nothing but a regular file is read, and of that no more than an event needs;
 * `owners`, if given, are the uids a file may belong to. `buffer` is scratch space. Never throws.
 */
export function readSpoolFile(path: string, name: string, buffer: Buffer, owners?: readonly number[]): SpoolFile {
  const seenMs = seenMsOf(name);
  if (seenMs === null) return { refused: 'its name is not one that the hook gives' };
  let descriptor: number;
  try {
    // Without O_NONBLOCK opening a FIFO would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return unopened((error as NodeJS.ErrnoException).code);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { refused: 'it is not a regular file' };
    if (stat.size > largestEvent) return { refused: `it is larger than ${largestEvent} bytes` };
    if (owners !== undefined && !owners.includes(stat.uid)) return { refused: `it belongs to uid ${stat.uid}` };
    const length = readSync(descriptor, buffer, 0, largestEvent, 0);
    return decodeEvent(buffer.toString('latin1', 0, length), seenMs);
  } catch (error) {
    return { refused: `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}` };
  } finally {
    closeSync(descriptor);
  }
}

/** Scratch space for `readSpoolFile`. */
export function spoolBuffer(): Buffer {
  return Buffer.alloc(largestEvent);
}

function unopened(code: string | undefined): SpoolFile {
  if (code === 'ENOENT') return { gone: true };
  if (code === 'ELOOP') return { refused: 'it is a symbolic link' };
  if (code === 'ENXIO') return { refused: 'it is not a regular file' };
  return { refused: `it cannot be opened: ${code ?? 'unknown error'}` };
}

/** An event's text, one NAME=value a line up to the end mark; of a name that stands twice the first counts. */
export function decodeEvent(text: string, seenMs: number): SpoolFile {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.pop() !== endMark) return { refused: 'it does not end as an event does' };
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(at, 0));
    if (known.has(name) && !Object.hasOwn(fields, name)) fields[name] = line.slice(at + 1);
  }
  const event = eventOf(fields, seenMs, 'spool');
  return typeof event === 'string' ? { refused: event } : { event };
}
