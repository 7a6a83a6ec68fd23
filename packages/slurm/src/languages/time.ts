import type { Epoch, TimeLimit } from '../records.ts';
import { parseDecimal, parseNatural } from './text.ts';

const inSeconds = { minute: 60, hour: 3600, day: 86_400 } as const;

/** Days, hours, minutes and seconds of `[D-][HH:][MM:]SS[.mmm]`, or of `D-HH[:MM[:SS]]`; the fields are not bounded, as in Slurm. */
function clockSeconds(text: string, single: 'minutes' | 'seconds'): number | undefined {
  if (text.length > 64) return undefined;
  const dash = text.indexOf('-');
  const days = dash < 0 ? 0 : parseNatural(text.slice(0, dash));
  const words = text.slice(dash + 1).split(':');
  if (days === undefined || words.length > 3) return undefined;
  const fields = words.map((word, index) => (index === words.length - 1 ? parseDecimal(word) : parseNatural(word)));
  const [first, middle, last] = fields;
  if (fields.includes(undefined) || first === undefined) return undefined;
  let seconds: number;
  if (dash >= 0) seconds = days * inSeconds.day + first * inSeconds.hour + (middle ?? 0) * inSeconds.minute + (last ?? 0);
  else if (last !== undefined) seconds = first * inSeconds.hour + (middle ?? 0) * inSeconds.minute + last;
  else if (middle !== undefined) seconds = first * inSeconds.minute + middle;
  else seconds = single === 'minutes' ? first * inSeconds.minute : first;
  return seconds <= Number.MAX_SAFE_INTEGER / 1000 ? Math.round(seconds * 1000) / 1000 : undefined;
}

/**
 * A span of time in seconds: `1-02:03:04`, `02:03:04`, `03:04`, `03:04.567`, `1-02`, and plain seconds as in
 * ElapsedRaw. Rounded to milliseconds. Undefined when it is none (Slurm's `INVALID` too).
 */
export function parseDuration(text: string): number | undefined {
  return clockSeconds(text, 'seconds');
}

/** `[D-]HH:MM:SS`, with `.mmm` when there is a fraction; the form of sacct's Elapsed. Takes what is not negative. */
export function formatDuration(seconds: number): string {
  const thousandths = Math.round(seconds * 1000);
  const whole = Math.floor(thousandths / 1000);
  const rest = thousandths - whole * 1000;
  const days = Math.floor(whole / inSeconds.day);
  const clock = [
    Math.floor((whole % inSeconds.day) / inSeconds.hour),
    Math.floor((whole % inSeconds.hour) / inSeconds.minute),
    whole % inSeconds.minute,
  ]
    .map((field) => `${field}`.padStart(2, '0'))
    .join(':');
  return (days > 0 ? `${days}-` : '') + clock + (rest > 0 ? `.${`${rest}`.padStart(3, '0')}` : '');
}

/**
 * A time limit in minutes, from the forms of sbatch(1) `--time` and of Slurm's output: `minutes`, `minutes:seconds`,
 * `hours:minutes:seconds`, `days-hours[:minutes[:seconds]]`; seconds round up to the minute, as in Slurm. Null when
 * there is none (empty, `NONE`, `N/A`, `NOT_SET`, …). 0 stays 0; sbatch takes it for no limit (measured with 22.05).
 */
export function parseTimeLimit(text: string): TimeLimit | null | undefined {
  // Letters beyond ASCII have capitals within it: `ı` becomes `I`.
  if (!/^[!-~]*$/.test(text)) return undefined;
  switch (text.toUpperCase()) {
    case 'UNLIMITED':
    case 'INFINITE':
    case '-1':
    case '4294967295':
      return 'unlimited';
    case 'PARTITION_LIMIT':
      return 'partition';
    case '':
    case 'NONE':
    case 'N/A':
    case 'NOT_SET':
    case '(NULL)':
    case 'UNKNOWN':
    case '4294967294':
      return null;
    default: {
      const seconds = text.includes('.') ? undefined : clockSeconds(text, 'minutes');
      return seconds === undefined ? undefined : Math.ceil(seconds / inSeconds.minute);
    }
  }
}

/** `[D-]HH:MM:00`, `UNLIMITED` or `Partition_Limit`, as scontrol writes it. sbatch does not read the last: leave its option out. */
export function formatTimeLimit(limit: TimeLimit): string {
  if (limit === 'unlimited') return 'UNLIMITED';
  return limit === 'partition' ? 'Partition_Limit' : formatDuration(limit * inSeconds.minute);
}

const wordsForNone: ReadonlySet<string> = new Set([
  '',
  'None',
  'NONE',
  'Unknown',
  'N/A',
  'n/a',
  '(null)',
  'INFINITE',
  'Never',
  'NEVER',
  // NO_VAL64 and INFINITE64.
  '18446744073709551614',
  '18446744073709551615',
]);
/** Zero, NO_VAL and INFINITE. */
const numbersForNone: ReadonlySet<number> = new Set([0, 0xffff_fffe, 0xffff_ffff]);

/**
 * A point in time, from seconds since the epoch (SLURM_TIME_FORMAT=%s) or from `2026-11-21T09:38:14`, which is UTC
 * because Slurm's commands are always run with TZ=UTC; a local time could not be told from another in the hour that the
 * clock change repeats. Null when Slurm has none (`Unknown`, `None`, `N/A`, `INFINITE`, `0`).
 */
export function parseTime(text: string): Epoch | null | undefined {
  if (wordsForNone.has(text)) return null;
  const epoch = parseNatural(text) ?? parseUtc(text);
  return epoch !== undefined && numbersForNone.has(epoch) ? null : epoch;
}

function parseUtc(text: string): Epoch | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$/.test(text)) return undefined;
  const epoch = Date.parse(`${text}Z`) / 1000;
  // Date.parse takes 31 February for 3 March and 24:00 for the next day.
  const exists = epoch >= 0 && new Date(epoch * 1000).toISOString().slice(0, 19) === text;
  return exists ? epoch : undefined;
}

/** Slurm refuses smaller numbers after `uts` (measured with sacct of 22.05 and 26.05). */
const earliestUts = 1_000_000;

/**
 * `uts1792882800`: the one form of a time that all releases read alike, whatever the time zone. Times before
 * 1970-01-12T13:46:40Z, which Slurm does not read, become that one: nothing of Slurm's is older.
 */
export function formatUts(epoch: Epoch): string {
  return `uts${Math.max(Math.floor(epoch), earliestUts)}`;
}
