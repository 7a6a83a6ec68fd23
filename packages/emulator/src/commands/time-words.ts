import type { Epoch } from '@sluice/slurm';
import type { TimeZone } from './time-zone.ts';

/** A time that a user gave, or the place at which it stops to be one. */
export type ReadTime = { readonly epoch: Epoch } | { readonly position: number };

/** What a command prints about a time that is none, on stderr and without its own name. */
export function invalidTimeText(position: number, text: string): string {
  return `Invalid time specification (pos=${position}): ${text}\n`;
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

interface Day {
  readonly month: number;
  readonly day: number;
  readonly year: number | null;
}

const clockWords: Readonly<Record<string, Clock>> = {
  midnight: { hour: 0, minute: 0, second: 0 },
  noon: { hour: 12, minute: 0, second: 0 },
  elevenses: { hour: 11, minute: 0, second: 0 },
  fika: { hour: 15, minute: 0, second: 0 },
  teatime: { hour: 16, minute: 0, second: 0 },
};

const unitSeconds: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/**
 * Reads a time as Slurm's commands do: `uts1792882800`, `HH:MM[:SS][AM|PM]`, `MMDD[YY]`, `MM/DD[/YY]`, `MM.DD[.YY]`, `YYYY-MM-DD[THH:MM[:SS]]`,
 * `now[{+|-}N[unit]]`, `today`, `tomorrow`, `midnight`, `noon`, `elevenses`, `fika`, `teatime`. What leaves the day or the year open is the
 * last such moment where `past` is set, else the next. Positions of errors are those that Slurm prints.
 */
export function readTimeWords(text: string, { now, zone, past }: { now: Epoch; zone: TimeZone; past: boolean }): ReadTime {
  if (/^uts/i.test(text)) {
    const epoch = /^uts\s*(\d{1,18})$/i.exec(text)?.[1];
    return epoch !== undefined && Number(epoch) >= 1_000_000 ? { epoch: Number(epoch) } : { position: 0 };
  }
  const today = zone.wall(now);
  let clock: Clock | null = null;
  let day: Day | null = null;
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const skipped = /^[\sT-]+/.exec(rest)?.[0].length ?? 0;
    const word = /^(?:today|tomorrow|midnight|noon|elevenses|fika|teatime|now)/i.exec(rest)?.[0].toLowerCase();
    if (word !== undefined) {
      at += word.length;
      if (word === 'now') {
        const delta = readDelta(text, at);
        if (typeof delta === 'number') return { position: delta };
        const then = zone.wall(now + delta.seconds);
        [day, clock, at] = [then, then, delta.end];
      } else if (word === 'today') day = today;
      else if (word === 'tomorrow') day = zone.wall(now + 86_400);
      else clock = clockWords[word] ?? null;
    } else if (skipped > 0) at += skipped;
    else if (!/^\d/.test(rest)) return { position: at };
    else if (rest[1] === ':' || rest[2] === ':') {
      const read = readClock(rest);
      if (typeof read === 'number') return { position: at + read };
      clock = read.clock;
      at += read.length;
    } else {
      const read = readDay(rest);
      if (typeof read === 'number') return { position: at + read };
      day = read.day;
      at += read.length;
    }
  }
  if (clock === null && day === null) return { epoch: 0 };
  const { hour, minute, second } = clock ?? { hour: 0, minute: 0, second: 0 };
  const isLater = hour > today.hour || (hour === today.hour && minute > today.minute);
  if (day === null) day = past || isLater ? today : zone.wall(now + 86_400);
  const { month, day: dayOfMonth } = day;
  const isAhead = month > today.month || (month === today.month && (dayOfMonth > today.day || (dayOfMonth === today.day && isLater)));
  const year = day.year ?? (past ? today.year - (month > today.month ? 1 : 0) : today.year + (isAhead ? 0 : 1));
  return { epoch: zone.epoch({ year, month, day: dayOfMonth, hour, minute, second }) };
}

/** `+2hours`, `-90`, or nothing, behind `now`. */
function readDelta(text: string, from: number): { readonly seconds: number; readonly end: number } | number {
  const [whole = '', sign] = /^[ \t]*([+-]?)/.exec(text.slice(from)) ?? [];
  const at = from + whole.length;
  if (sign === undefined || sign === '') return at >= text.length ? { seconds: 0, end: at } : at;
  const [amount = '', digits, unit] = /^\s*(\d+)\s*(second|minute|hour|day|week|)/i.exec(text.slice(at)) ?? [];
  if (digits === undefined || unit === undefined) return at - 1;
  let end = at + amount.length;
  if (unit !== '' && /^s/i.test(text.slice(end))) end += 1;
  else if (unit === '' && end < text.length) return end - 1;
  const seconds = Number(digits) * (unitSeconds[unit.toLowerCase()] ?? 1);
  return { seconds: sign === '-' ? -seconds : seconds, end };
}

function readClock(text: string): { readonly clock: Clock; readonly length: number } | number {
  const [head = '', hours = '', minutes] = /^(\d\d?):(\d\d)?/.exec(text) ?? [];
  if (Number(hours) > 23) return 0;
  if (minutes === undefined) return hours.length + 1 + (/^\d/.test(text.slice(hours.length + 1)) ? 1 : 0);
  if (Number(minutes) > 59) return hours.length + 1;
  const [tail = '', seconds = '0'] = /^:(\d\d)/.exec(text.slice(head.length)) ?? [];
  if (tail === '' && text[head.length] === ':') return head.length + 1;
  if (Number(seconds) > 59) return head.length + 1;
  const [half = '', word = ''] = /^\s*(am|pm)/i.exec(text.slice(head.length + tail.length)) ?? [];
  const hour = Number(hours);
  const isPm = word.toLowerCase() === 'pm';
  if (word !== '' && hour > 12) return head.length + tail.length;
  const read = word === '' ? hour : (hour % 12) + (isPm ? 12 : 0);
  return { clock: { hour: read, minute: Number(minutes), second: Number(seconds) }, length: head.length + tail.length + half.length };
}

function readDay(text: string): { readonly day: Day; readonly length: number } | number {
  const iso = /^(\d{4})-(\d\d?)-(\d\d?)/.exec(text);
  if (iso) {
    const [whole, year = '', month = '', day = ''] = iso;
    if (!isBetween(month, 12)) return 5 + month.length - 2;
    if (!isBetween(day, 31)) return whole.length - 2;
    return { day: { year: Number(year), month: Number(month), day: Number(day) }, length: whole.length };
  }
  const [whole = '', month = '', , day = '', , year] = /^(\d\d?)([./]?)(\d\d?)?(?:([./]?)(\d\d))?/.exec(text) ?? [];
  if (!isBetween(month, 12)) return Math.max(0, month.length - 2);
  if (day === '') return whole.length;
  if (!isBetween(day, 31)) return whole.length - 2;
  return { day: { year: year === undefined ? null : 2000 + Number(year), month: Number(month), day: Number(day) }, length: whole.length };
}

function isBetween(text: string, most: number): boolean {
  return Number(text) >= 1 && Number(text) <= most;
}
