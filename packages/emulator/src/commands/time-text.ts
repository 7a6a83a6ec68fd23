import type { Epoch } from '@sluice/slurm';
import { type TimeZone, timeZone, type WallTime } from './time-zone.ts';

/** Writes times and spans of time as Slurm's commands do, in the zone and the form of a command's environment. */
export interface TimeTexts {
  readonly zone: TimeZone;
  /** `2026-11-21T09:38:14`, or as SLURM_TIME_FORMAT says; `Unknown` when there is none. */
  time(epoch: Epoch | null): string;
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
] as const;

/** Formats that are longer are refused. */
const longestFormat = 31;

/**
 * `now` is what `relative` is relative to. An invalid SLURM_TIME_FORMAT is as none. `longest` are the characters that a time has at most: 22.05 cuts it.
 */
export function timeTexts(env: Readonly<Record<string, string>>, now: Epoch, longest = 255): TimeTexts {
  const zone = timeZone(env['TZ']);
  const format = formatOf(env['SLURM_TIME_FORMAT'] ?? '');
  const today = zone.wall(now);
  const known = new Map<Epoch, string>();

  function write(epoch: Epoch): string {
    const wall = zone.wall(epoch);
    if (format === 'standard') return `${dayText(wall)}T${clockText(wall)}`;
    return strftime(format === 'relative' ? relativeFormat(wall, today) : format, epoch, wall, zone.name);
  }

  return {
    zone,
    time: (epoch) => {
      if (epoch === null || epoch === 0) return 'Unknown';
      const there = known.get(epoch);
      if (there !== undefined) return there;
      const text = write(epoch).slice(0, longest);
      known.set(epoch, text);
      return text;
    },
  };
}

function formatOf(format: string): string {
  if (format === 'relative') return format;
  return format.includes('%') && format.length <= longestFormat ? format : 'standard';
}

/** `Sat Nov 21 09:38:22 2026`, as ctime(3) writes it. */
export function ctimeText(epoch: Epoch, zone: TimeZone): string {
  const wall = zone.wall(epoch);
  return `${(weekdays[wall.weekday] ?? '').slice(0, 3)} ${monthName(wall).slice(0, 3)} ${`${wall.day}`.padStart(2)} ${clockText(wall)} ${wall.year}`;
}

/** `1-02:03:04`, `02:03:04`: spans of scontrol and sacct. */
export function spanText(seconds: number): string {
  if (seconds < 0) return 'INVALID';
  const days = Math.floor(seconds / 86_400);
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days}-${clock}` : clock;
}

/** `1-02:03:04`, `2:03:04`, `3:04`: spans of squeue; `INVALID` below zero and above a year. */
export function shortSpanText(seconds: number): string {
  if (seconds < 0 || seconds > 31_536_000) return 'INVALID';
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  if (days > 0) return `${days}-${two(hours)}:${two(minutes)}:${rest}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function relativeFormat(wall: WallTime, today: WallTime): string {
  const distance = 1000 * wall.year + wall.yearDay - (1000 * today.year + today.yearDay);
  if (distance === -1) return 'Ystday %H:%M';
  if (distance === 0) return '%H:%M:%S';
  if (distance === 1) return 'Tomorr %H:%M';
  if (distance < -365 || distance > 365) return '%-d %b %Y';
  return distance < -1 || distance > 6 ? '%-d %b %H:%M' : '%a %H:%M';
}

/** strftime(3) in the C locale, with the conversions that make sense for a moment; others stay as they are. */
function strftime(format: string, epoch: Epoch, wall: WallTime, zone: string): string {
  return format.replace(/%([-_0]?)([A-Za-z%])/g, (whole, flag: string, letter: string) => {
    const text = conversion(letter, epoch, wall, zone);
    if (text === undefined) return whole;
    return flag === '-' ? text.replace(/^0+(?=\d)/, '').trimStart() : text;
  });
}

function conversion(letter: string, epoch: Epoch, wall: WallTime, zone: string): string | undefined {
  const half = wall.hour % 12 === 0 ? 12 : wall.hour % 12;
  switch (letter) {
    case '%':
      return '%';
    case 'a':
      return (weekdays[wall.weekday] ?? '').slice(0, 3);
    case 'A':
      return weekdays[wall.weekday];
    case 'b':
    case 'h':
      return monthName(wall).slice(0, 3);
    case 'B':
      return monthName(wall);
    case 'd':
      return two(wall.day);
    case 'D':
      return `${two(wall.month)}/${two(wall.day)}/${two(wall.year % 100)}`;
    case 'e':
      return `${wall.day}`.padStart(2);
    case 'F':
      return dayText(wall);
    case 'H':
      return two(wall.hour);
    case 'I':
      return two(half);
    case 'j':
      return `${wall.yearDay}`.padStart(3, '0');
    case 'm':
      return two(wall.month);
    case 'M':
      return two(wall.minute);
    case 'n':
      return '\n';
    case 'p':
      return wall.hour < 12 ? 'AM' : 'PM';
    case 'R':
      return `${two(wall.hour)}:${two(wall.minute)}`;
    case 's':
      return `${epoch}`;
    case 'S':
      return two(wall.second);
    case 't':
      return '\t';
    case 'T':
      return clockText(wall);
    case 'u':
      return `${wall.weekday === 0 ? 7 : wall.weekday}`;
    case 'w':
      return `${wall.weekday}`;
    case 'y':
      return two(wall.year % 100);
    case 'Y':
      return `${wall.year}`;
    case 'z':
      return offsetText(wall.offset);
    case 'Z':
      return zone === '' ? 'UTC' : zone;
    default:
      return undefined;
  }
}

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / 60;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(Math.floor(minutes % 60))}`;
}

function monthName(wall: WallTime): string {
  return months[wall.month - 1] ?? '';
}

function dayText(wall: WallTime): string {
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}`;
}

function clockText(wall: WallTime): string {
  return `${two(wall.hour)}:${two(wall.minute)}:${two(wall.second)}`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}
