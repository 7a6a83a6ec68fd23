import { type Quarter, quarterOf } from '@sluice/policy';
import type { Epoch } from '@sluice/slurm';

/** A stretch of the calendar; what is absent is none. */
export interface Stretch {
  readonly seconds?: number;
  readonly days?: number;
  readonly months?: number;
  readonly quarters?: number;
}

/** A moment so much later, in UTC: months first, and a day that the month has not is its last (January 31 and a month is February 29). */
export function later(from: Epoch, { seconds = 0, days = 0, months = 0, quarters = 0 }: Stretch): Epoch {
  const date = new Date(from * 1000);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + months + 3 * quarters;
  const [year, inYear] = [Math.floor(month / 12), month % 12];
  const lastDay = new Date(Date.UTC(year, inYear + 1, 0)).getUTCDate();
  const midnight = Date.UTC(year, inYear, Math.min(date.getUTCDate(), lastDay)) / 1000;
  return midnight + (from % 86_400) + days * 86_400 + seconds;
}

/** `2024-04-01`, `2024-04-01T12:00:00`, with `Z` or without: UTC. Undefined when it is no moment. */
export function parseDate(text: string): Epoch | undefined {
  const [, date, time = '00:00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${time}${zone}`);
  // A day that the month has not rolls over to the next.
  const rolled = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(milliseconds) || Number.isNaN(rolled.getTime()) || rolled.toISOString().slice(0, 10) !== date) return undefined;
  return Math.floor(milliseconds / 1000);
}

/** `2024-04-01T00:00:00Z` */
export function dateText(epoch: Epoch): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}

/** For how long an allocation is: `total` is for ever. */
export type Period = 'month' | 'quarter' | 'total';

/** The period that a moment lies in, or one so many later; in UTC. Before and after `total` there is nothing. */
export function periodOf(epoch: Epoch, period: Period, periodsLater = 0): Quarter {
  if (period === 'quarter') return quarterOf(epoch, periodsLater);
  if (period === 'total') return { name: 'total', start: 0, end: periodsLater === 0 ? Number.MAX_SAFE_INTEGER : 0 };
  const date = new Date(epoch * 1000);
  const start = (more: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + periodsLater + more, 1) / 1000;
  return { name: new Date(start(0) * 1000).toISOString().slice(0, 7), start: start(0), end: start(1) };
}
