import type { Output } from '../surroundings.ts';
import { formatTable } from '../table.ts';

/** What the demo shows, at one moment. */
export interface Snapshot {
  /** Seconds since it began. */
  readonly seconds: number;
  /** The hour of the day that is played. */
  readonly hour: number;
  /** Jobs by state, as slurmctld and slurmdbd have them. */
  readonly slurm: Readonly<Record<'pending' | 'running' | 'completed' | 'failed' | 'timeout' | 'cancelled', number>>;
  /** Rows by state, as cc-backend's stand-in has them. */
  readonly cc: Readonly<Record<'running' | 'completed' | 'failed' | 'timeout' | 'cancelled', number>>;
  readonly starts: number;
  readonly stops: number;
  /** Starts and stops that wait. */
  readonly waiting: number;
  /** Age of the oldest start or end of Slurm that ClusterCockpit does not have; Slurm's times are whole seconds. */
  readonly lagSeconds: number;
  readonly setAside: number;
  /** CPUs in use, and all of them. */
  readonly cpus: { readonly used: number; readonly all: number };
  /** What the daemon has trouble with; null without. */
  readonly trouble: string | null;
}

const states = ['pending', 'running', 'completed', 'failed', 'timeout', 'cancelled'] as const;

/** The live table. */
export function tableOf(now: Snapshot): string {
  const cc: Readonly<Record<string, number>> = now.cc;
  const rows = states.map((state) => [state, now.slurm[state], state === 'pending' ? null : (cc[state] ?? 0)]);
  const table = formatTable([{ title: 'JOBS' }, { title: 'SLURM', align: 'right' }, { title: 'CLUSTERCOCKPIT', align: 'right' }], rows);
  const lines = [
    `${clockOf(now.hour)} of a day in fast motion, ${now.seconds} s · ${now.cpus.used} of ${now.cpus.all} CPUs in use`,
    '',
    ...table.trimEnd().split('\n'),
    '',
    `delivered ${now.starts} starts, ${now.stops} stops · ${now.waiting} wait · lag ${now.lagSeconds} s · ${now.setAside} set aside`,
    ...(now.trouble === null ? [] : [`trouble: ${now.trouble}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The same in a line, for a log. */
export function lineOf({ seconds, slurm, starts, stops, waiting, lagSeconds, setAside, trouble }: Snapshot): string {
  const ended = slurm.completed + slurm.failed + slurm.timeout + slurm.cancelled;
  const wrong = trouble === null ? '' : ` · trouble: ${trouble}`;
  return `${String(seconds).padStart(4)} s  ${slurm.pending} pending, ${slurm.running} running, ${ended} ended · delivered ${starts} starts, ${stops} stops · ${waiting} wait, lag ${lagSeconds} s · ${setAside} set aside${wrong}\n`;
}

function clockOf(hour: number): string {
  const minutes = Math.floor((hour % 24) * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Shows snapshots: a table that is overwritten on a terminal, a line now and then elsewhere. */
export class DemoView {
  readonly #output: Output;
  readonly #everySeconds: number;
  #height = 0;
  #arrived = false;
  #lastSeconds = Number.NEGATIVE_INFINITY;

  constructor(output: Output, everySeconds = 5) {
    this.#output = output;
    this.#everySeconds = everySeconds;
  }

  /** Shows it however soon it comes after the one before. */
  last(now: Snapshot): void {
    this.#lastSeconds = Number.NEGATIVE_INFINITY;
    this.show(now);
  }

  show(now: Snapshot): void {
    const { columns } = this.#output;
    if (columns === undefined) {
      // The first job that arrives is news.
      const news = now.starts > 0 && !this.#arrived;
      if (now.seconds - this.#lastSeconds < this.#everySeconds && !news) return;
      this.#arrived ||= news;
      this.#lastSeconds = now.seconds;
      this.#output.write(lineOf(now));
      return;
    }
    // A terminal that does not know its size says 0.
    const width = columns > 0 ? columns : 80;
    // A line that wraps would be counted wrongly when the table is taken away again.
    const lines = tableOf(now)
      .trimEnd()
      .split('\n')
      .map((line) => [...line].slice(0, width - 1).join(''));
    this.#output.write(`${this.#height > 0 ? `\x1b[${this.#height}A\x1b[J` : ''}${lines.join('\n')}\n`);
    this.#height = lines.length;
  }
}
