import type { Epoch, Tres } from '@sluice/slurm';
import type { ClusterHour, HourlyUsage } from '../model/slurmdbd.ts';
import type { Store } from '../store/store.ts';
import type { StoredEvent } from './books.ts';
import type { JobRows, RowSpan } from './job-rows.ts';

const hourSeconds = 3600;

export interface RollUpContext {
  readonly store: Store;
  readonly rows: JobRows;
  /** What the cluster has, by resource. */
  readonly total: Tres;
  /** What a node has. */
  readonly ofNode: (node: string) => Tres;
  readonly events: () => readonly StoredEvent[];
  /** When the cluster registered: before there was nothing. */
  readonly since: () => Epoch;
  now(): Epoch;
}

/**
 * Hourly usage as slurmdbd rolls it up: of whole hours that are over. Here an hour is worked out when somebody asks for it, and again when
 * a row came that changes it.
 */
export class RollUp {
  readonly #context: RollUpContext;
  #upTo: Epoch;

  constructor(context: RollUpContext) {
    this.#context = context;
    this.#upTo = context.store.get<Epoch>('dbd-rollup', 'up-to') ?? 0;
  }

  /** A row that began then is new or has changed. */
  touch(start: Epoch): void {
    const hour = floorHour(start);
    if (hour < this.#upTo) this.#remember(hour);
  }

  *hours(from: Epoch, to: Epoch): Iterable<HourlyUsage> {
    this.#bringUp();
    const sql = 'SELECT hour, association_id, seconds FROM usage_hour WHERE hour >= ? AND hour < ? ORDER BY hour, association_id';
    for (const row of this.#context.store.iterate(sql, floorHour(from), to)) {
      yield {
        hour: Number(row['hour']),
        associationId: Number(row['association_id']),
        seconds: JSON.parse(String(row['seconds'])) as Tres,
      };
    }
  }

  /** Of the cluster: what was allocated, down, waited for; measured on the recordings sreport/cluster-Utilization of every release. */
  cluster(from: Epoch, to: Epoch): readonly ClusterHour[] {
    const { rows, total } = this.#context;
    const since = this.#context.since();
    const first = floorHour(Math.max(from, since));
    const last = floorHour(Math.min(to, this.#context.now()));
    if (last <= first) return [];
    const sums = new Map<string, { allocated: number; waited: number }>();
    const sumOf = (hour: number, name: string) => {
      const key = `${hour} ${name}`;
      const sum = sums.get(key) ?? { allocated: 0, waited: 0 };
      sums.set(key, sum);
      return sum;
    };
    for (const span of rows.spans(first, last)) {
      eachHour(runOf(span, last), (hour, seconds) => {
        for (const [name, count] of Object.entries(span.tres)) sumOf(hour, name).allocated += count * seconds;
      });
      const waited = { from: Math.max(span.eligible, first), to: span.started || span.ended || last, share: 1 };
      eachHour(waited, (hour, seconds) => {
        sumOf(hour, 'cpu').waited += span.cpus * seconds;
      });
    }
    const hours: ClusterHour[] = [];
    for (let hour = first; hour < last; hour += hourSeconds) {
      const present = hour + hourSeconds - Math.max(hour, since);
      for (const [tres, count] of Object.entries(total)) {
        const { allocated, waited } = sumOf(hour, tres);
        const all = count * present;
        const down = Math.min(this.#down(hour, tres), Math.max(0, all - allocated));
        const planned = Math.min(waited, Math.max(0, all - allocated - down));
        hours.push({
          hour,
          tres,
          allocated,
          down,
          plannedDown: 0,
          idle: Math.max(0, all - allocated - down - planned),
          planned,
          total: all,
        });
      }
    }
    return hours;
  }

  #down(hour: Epoch, tres: string): number {
    return this.#context.events().reduce((sum, { node, start, end }) => {
      if (node === '') return sum;
      const seconds = Math.min(end ?? Number.POSITIVE_INFINITY, hour + hourSeconds) - Math.max(start, hour);
      return sum + Math.max(0, seconds) * (this.#context.ofNode(node)[tres] ?? 0);
    }, 0);
  }

  #bringUp(): void {
    const { store, rows } = this.#context;
    const to = floorHour(this.#context.now());
    if (to <= this.#upTo) return;
    const sums = new Map<string, Record<string, number>>();
    for (const span of rows.spans(this.#upTo, to)) {
      eachHour({ ...runOf(span, to), from: Math.max(span.started, this.#upTo) }, (hour, seconds) => {
        const key = `${hour} ${span.associationId}`;
        const sum = sums.get(key) ?? {};
        for (const [name, count] of Object.entries(span.tres)) sum[name] = (sum[name] ?? 0) + count * seconds;
        sums.set(key, sum);
      });
    }
    store.run('DELETE FROM usage_hour WHERE hour >= ?', this.#upTo);
    for (const [key, seconds] of sums) {
      const [hour = 0, association = 0] = key.split(' ').map(Number);
      store.run('INSERT INTO usage_hour (hour, association_id, seconds) VALUES (?, ?, ?)', hour, association, JSON.stringify(seconds));
    }
    this.#remember(to);
  }

  #remember(upTo: Epoch): void {
    this.#upTo = upTo;
    this.#context.store.put('dbd-rollup', 'up-to', upTo);
  }
}

interface Run {
  readonly from: Epoch;
  readonly to: Epoch;
  /** Part of the time that counts. */
  readonly share: number;
}

/** Suspensions are spread over the run, for when they were is not known. */
function runOf({ started, ended, suspended }: RowSpan, last: Epoch): Run {
  if (started === 0) return { from: 0, to: 0, share: 1 };
  const to = ended || last;
  const length = to - started;
  return { from: started, to, share: length <= 0 ? 1 : Math.max(0, length - suspended) / length };
}

function eachHour({ from, to, share }: Run, visit: (hour: Epoch, seconds: number) => void): void {
  for (let hour = floorHour(from); hour < to; hour += hourSeconds) {
    const seconds = Math.min(to, hour + hourSeconds) - Math.max(from, hour);
    if (seconds > 0) visit(hour, share === 1 ? seconds : Math.round(seconds * share));
  }
}

function floorHour(time: Epoch): Epoch {
  return Math.floor(time / hourSeconds) * hourSeconds;
}
