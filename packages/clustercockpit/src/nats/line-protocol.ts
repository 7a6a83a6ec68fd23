import { SluiceError } from '@sluice/io';
import type { NodeStatesPayload, StartPayload, StopPayload } from '../cc/payloads.ts';

/** One event about a job, as a line tells it. */
export type JobEvent =
  | { readonly function: 'start_job'; readonly payload: StartPayload }
  | {
      readonly function: 'stop_job';
      /** Its `startTime` is an addition to what cc-slurm-adapter sends: without it cc-backend takes the newest run of the id. */
      readonly payload: StopPayload;
      /** A tag, because the stop itself has no place for it; may be empty. */
      readonly partition: string;
    };

/** A line of InfluxDB's line protocol with the one field that cc-backend reads. */
export interface EventLine {
  readonly measurement: string;
  /** Written in the order of their keys; one without a value is left out, because an empty one is a syntax error. */
  readonly tags: Readonly<Record<string, string>>;
  /** Becomes the string field `event`. */
  readonly event: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

/**
 * The lines of one message about jobs, each ended by a newline, in the order given: cc-backend's worker goes through a
 * message line by line, while several messages may overtake each other (contract §6.2, §9.3). `hostname` is the name of
 * the machine that sends, as cc-slurm-adapter tags its events; cc-backend ignores it.
 */
export function jobLines(events: readonly JobEvent[], hostname: string): string {
  return events.map((event) => `${encodeLine(lineOf(event, hostname))}\n`).join('');
}

function lineOf(event: JobEvent, hostname: string): EventLine {
  const tags = { hostname, type: 'node', 'type-id': '0', function: event.function };
  const line = { measurement: 'job', event: JSON.stringify(event.payload) };
  return event.function === 'start_job'
    ? { ...line, tags, time: event.payload.startTime }
    : { ...line, tags: { ...tags, partition: event.partition }, time: event.payload.stopTime };
}

/** The line with the states of nodes. cc-backend reads it on a subject of its own. */
export function nodeStateLine(payload: NodeStatesPayload, time: number): string {
  return `${encodeLine({ measurement: 'nodestate', tags: {}, event: JSON.stringify(payload), time })}\n`;
}

/**
 * The line without its newline. Errors: `data.invalid` for a time that is not a whole number of seconds between 1 and the
 * year 2262, where nanoseconds leave the 64 bits that the decoder has (it refuses 0 as well).
 */
export function encodeLine({ measurement, tags, event, time }: EventLine): string {
  const tagged = Object.entries(tags)
    .map(([key, value]) => [key, cleaned(value)] as const)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `,${escapedTag(key)}=${escapedTag(value)}`);
  return `${escapedTag(measurement)}${tagged.join('')} event="${escapedText(event)}" ${nanoseconds(time)}`;
}

/**
 * Backslashes are doubled before quotes are escaped: the decoder turns `\n`, `\r` and `\t` into characters, so that JSON
 * with escapes of its own would not survive otherwise.
 */
function escapedText(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

function escapedTag(value: string): string {
  return value.replace(/[,= ]/g, '\\$&');
}

/** Control characters would end the line; a backslash would escape what follows it, and there is no way to escape itself. */
function cleaned(value: string): string {
  return value.toWellFormed().replace(/[\x00-\x1f\x7f\\]/g, '_');
}

const lastSecond = 9_223_372_036;

function nanoseconds(seconds: number): string {
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= lastSecond) return `${seconds}000000000`;
  throw new SluiceError('data.invalid', `${seconds} is no time that can be sent: seconds between 1 and ${lastSecond} are`);
}
