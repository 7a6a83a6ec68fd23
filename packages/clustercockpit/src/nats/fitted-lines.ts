import { type JobEvent, jobLines } from './line-protocol.ts';

/** What a job can do without in cc-backend, in the order in which it goes. */
const expendable = ['jobScript', 'slurmInfo'] as const;

/**
 * The lines of one message in at most `maxBytes` bytes, with job scripts and then Slurm's texts cut as far as needed, each
 * with a note at its end that says so; undefined when that does not suffice.
 */
export function fittedLines(events: readonly JobEvent[], hostname: string, maxBytes: number): string | undefined {
  const kept = [...events];
  for (const key of expendable) {
    for (const [at, event] of kept.entries()) {
      const excess = Buffer.byteLength(jobLines(kept, hostname)) - maxBytes;
      if (excess <= 0) break;
      kept[at] = withCut(event, key, excess, maxBytes);
    }
  }
  const lines = jobLines(kept, hostname);
  return Buffer.byteLength(lines) <= maxBytes ? lines : undefined;
}

function withCut(event: JobEvent, key: (typeof expendable)[number], excess: number, maxBytes: number): JobEvent {
  if (event.function !== 'start_job') return event;
  const { payload } = event;
  const text = payload.metaData[key];
  if (text === undefined) return event;
  const note = `\n[Cut by Sluice: ${text.length} characters do not fit into a NATS message of ${maxBytes} bytes.]`;
  const room = bytesOnTheLine(text) - excess - bytesOnTheLine(note);
  const cut = `${head(text, room)}${note}`;
  if (bytesOnTheLine(cut) >= bytesOnTheLine(text)) return event;
  return { ...event, payload: { ...payload, metaData: { ...payload.metaData, [key]: cut } } };
}

/** As much of the text's beginning as takes `room` bytes on the line. */
function head(text: string, room: number): string {
  let taken = 0;
  let length = 0;
  for (const character of text) {
    taken += cost(character);
    if (taken > room) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/** Bytes that the text takes as part of a JSON string within a field of a line. */
export function bytesOnTheLine(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += cost(character);
  return bytes;
}

function cost(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  // Escaped by JSON, and each backslash and quote of that escaped once more by the line.
  if (character === '"' || character === '\\') return 4;
  if ('\n\r\t\b\f'.includes(character)) return 3;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 7;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
