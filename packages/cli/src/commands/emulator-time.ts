import type { OwnRequest } from '@sluice/emulator';
import { SluiceError } from '@sluice/io';
import { parseDuration } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import { formatEpoch, parseMoment } from '../time.ts';
import type { DirectoryOptions } from './emulator-command.ts';
import { askRunning } from './emulator-holder.ts';

/** `sluice emulator time [show | advance TIME | set MOMENT | rate NUMBER | stop]` */
export async function emulatorTime(
  { what, value }: { readonly what: string; readonly value: string | undefined },
  { dir }: DirectoryOptions,
  around: Surroundings,
): Promise<void> {
  const { time } = await askRunning(dir, requestOf(what, value, Math.floor(around.clock.now() / 1000)));
  around.stdout.write(`${formatEpoch(time.now)} UTC, rate ${time.rate}\n`);
}

function requestOf(what: string, value: string | undefined, now: number): OwnRequest {
  const wrong = (expected: string) => new SluiceError('usage', `time ${what}${value === undefined ? '' : ` ${value}`}: ${expected}`);
  if ((what === 'show' || what === 'stop') && value !== undefined) throw wrong('it takes no value');
  switch (what) {
    case 'show':
      return { ask: 'time' };
    case 'stop':
      return { ask: 'time', rate: 0 };
    case 'advance': {
      const seconds = secondsOf(value ?? '');
      if (seconds === undefined) throw wrong('it needs a time such as 90s, 10m, 6h or 14d');
      return { ask: 'time', advance: seconds };
    }
    case 'set': {
      const moment = parseMoment(value ?? '', now);
      if (moment === undefined) throw wrong('it needs a moment such as 2026-01-31T12:00:00Z or seconds since the epoch');
      return { ask: 'time', set: moment };
    }
    case 'rate':
      return { ask: 'time', rate: rateOf(value ?? '') };
    default:
      throw wrong('it must be show, advance, set, rate or stop');
  }
}

/** A pace of the cluster's time: 0 to 1,000,000. */
export function rateOf(text: string): number {
  const rate = text.trim() === '' ? Number.NaN : Number(text);
  if (rate >= 0 && rate <= 1_000_000) return rate;
  throw new SluiceError('usage', `rate ${text}: it must be a number from 0, which stands still, to 1000000`);
}

/** Seconds of `90s`, `10m`, `6h`, `14d`, or of plain seconds; undefined when it is none. */
export function secondsOf(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : parseDuration(text);
}
