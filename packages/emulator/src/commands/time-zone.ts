import type { Epoch } from '@sluice/slurm';

/** A moment as a calendar and a clock on the wall show it. `month` from 1, `weekday` from Sunday = 0, `yearDay` from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
  readonly yearDay: number;
  /** Seconds east of Greenwich. */
  readonly offset: number;
}

/** The time zone in which a command reads and writes times: TZ of its environment, else the machine's. */
export interface TimeZone {
  readonly name: string;
  wall(epoch: Epoch): WallTime;
  /** The moment of a wall time; fields beyond their bounds carry over (day 0, second 75), as mktime(3) has it. */
  epoch(wall: Pick<WallTime, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'>): Epoch;
}

/** Offsets change at quarters of an hour at the earliest. */
const offsetStep = 900;

/** The zone that TZ names: a name of the time zone database (`:` before it is read over), `UTC-2`, or nothing for the machine's own. */
export function timeZone(tz: string | undefined): TimeZone {
  const offsetAt = offsets(tz?.replace(/^:/, ''));

  function wall(epoch: Epoch): WallTime {
    const offset = offsetAt(epoch);
    const date = new Date((epoch + offset) * 1000);
    const year = date.getUTCFullYear();
    return {
      year,
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: date.getUTCDay(),
      yearDay: Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
      offset,
    };
  }

  return {
    name: tz ?? '',
    wall,
    epoch: ({ year, month, day, hour, minute, second }) => {
      const asUtc = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
      const around = [offsetAt(asUtc - 86_400), offsetAt(asUtc + 86_400)];
      const [only, another] = [...new Set(around)].filter((offset) => offsetAt(asUtc - offset) === offset);
      // A clock that shows the time twice, or never, is read as winter's: so glibc answers Slurm's mktime(3).
      return asUtc - (only !== undefined && another === undefined ? only : Math.min(...around));
    },
  };
}

function offsets(tz: string | undefined): (epoch: Epoch) => number {
  const posix = /^[A-Za-z]{3,}([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(tz ?? '');
  if (posix) {
    const [, sign, hours, minutes = '0'] = posix;
    const west = Number(hours) * 3600 + Number(minutes) * 60;
    return () => (sign === '-' ? west : -west);
  }
  if (tz === '' || tz === 'UTC' || tz === 'UTC0') return () => 0;
  const format = formatOf(tz);
  if (format === null) return () => 0;
  const known = new Map<number, number>();
  return (epoch) => {
    const step = Math.floor(epoch / offsetStep);
    const there = known.get(step);
    if (there !== undefined) return there;
    const offset = offsetOf(format, step * offsetStep);
    known.set(step, offset);
    return offset;
  };
}

/** Null for a name that is not known: the C library takes it for UTC. */
function formatOf(tz: string | undefined): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', { ...(tz === undefined ? {} : { timeZone: tz }), timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
}

function offsetOf(format: Intl.DateTimeFormat, epoch: Epoch): number {
  const name = format.formatToParts(new Date(epoch * 1000)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes = '0', seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  const east = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -east : east;
}
