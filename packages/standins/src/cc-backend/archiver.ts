import type { Clock } from '@sluice/io';
import type { Database } from './database.ts';
import { jobJson } from './job-json.ts';
import type { JobRow, JobStore } from './store.ts';
import type { TagStore } from './store-tags.ts';

/** How jobs get into the archive (contract §7.1). */
export interface ArchiveOptions {
  /** What one job takes, in milliseconds; 0 by default: archived before the answer leaves. */
  readonly delayMs?: number | ((job: JobRow) => number);
  /** Places in the queue beside the job in work; 128 by default. */
  readonly capacity?: number;
  /** `failed` leaves monitoring status 2, `unfinished` leaves 1; neither is tried again. */
  readonly outcome?: (job: JobRow) => 'archived' | 'failed' | 'unfinished';
}

/** One archived job. */
export interface ArchivedJob {
  /** `cluster/thousands of the job id/rest of it/start`, the directory below the archive's root. */
  readonly path: string;
  /** What its `meta.json` holds. */
  readonly meta: Readonly<Record<string, unknown>>;
}

/** The single archiver and the queue before it. What waits when the server stops is never archived. */
export class Archiver {
  readonly #options: ArchiveOptions;
  readonly #clock: Clock;
  readonly #db: Database;
  readonly #jobs: JobStore;
  readonly #tags: TagStore;
  readonly #onCrash: () => void;
  readonly #stopping = new AbortController();
  readonly #queue: JobRow[] = [];
  readonly #blocked: { readonly job: JobRow; readonly placed: () => void }[] = [];
  #working: Promise<void> | undefined;

  constructor(
    options: ArchiveOptions,
    clock: Clock,
    stores: { readonly db: Database; readonly jobs: JobStore; readonly tags: TagStore },
    onCrash: () => void,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#db = stores.db;
    this.#jobs = stores.jobs;
    this.#tags = stores.tags;
    this.#onCrash = onCrash;
  }

  /** Jobs that wait, in the queue and before it. */
  get waiting(): number {
    return this.#queue.length + this.#blocked.length;
  }

  /** Takes a stopped job; a promise is returned when the queue is full, and resolves once there is a place. */
  enqueue(job: JobRow): Promise<void> | undefined {
    if (!this.#working && this.#delay(job) === 0) {
      this.#finish(job);
      return undefined;
    }
    if (this.#queue.length < (this.#options.capacity ?? 128) || !this.#working) {
      this.#queue.push(job);
      this.#working ??= this.#work();
      return undefined;
    }
    return new Promise((placed) => this.#blocked.push({ job, placed }));
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  stop(): void {
    this.#stopping.abort();
    for (const { placed } of this.#blocked.splice(0)) placed();
  }

  /** Every archived job, by path. */
  list(): readonly ArchivedJob[] {
    return this.#db.all<{ path: string; meta: string }>('SELECT path, meta FROM archived ORDER BY path').map(archived);
  }

  find(job: JobRow): ArchivedJob | undefined {
    const row = this.#db.get<{ path: string; meta: string }>('SELECT path, meta FROM archived WHERE path = ?', archivePath(job));
    return row && archived(row);
  }

  /** Writes `meta.json` anew. */
  write(job: JobRow, meta: object): void {
    this.#db.run('INSERT OR REPLACE INTO archived (path, meta) VALUES (?, ?)', archivePath(job), JSON.stringify(meta));
  }

  /** Makes an entry unreadable. */
  lose(path: string): void {
    this.#db.run('DELETE FROM archived WHERE path = ?', path);
  }

  #delay(job: JobRow): number {
    const { delayMs = 0 } = this.#options;
    return typeof delayMs === 'number' ? delayMs : delayMs(job);
  }

  async #work(): Promise<void> {
    try {
      for (let job = this.#take(); job; job = this.#take()) {
        await this.#clock.sleep(this.#delay(job), this.#stopping.signal);
        this.#finish(job);
      }
    } catch {
      this.#queue.length = 0;
    } finally {
      this.#working = undefined;
    }
  }

  /** The next job; the first that waits before the queue moves up. */
  #take(): JobRow | undefined {
    const next = this.#blocked.shift();
    if (next) {
      this.#queue.push(next.job);
      next.placed();
    }
    return this.#queue.shift();
  }

  #finish(job: JobRow): void {
    if (job.resources.includes('null') && (JSON.parse(job.resources) as unknown[]).includes(null)) {
      this.#onCrash();
      return;
    }
    const outcome = this.#options.outcome?.(job) ?? 'archived';
    if (outcome === 'archived') {
      this.write(job, { ...jobJson(job, 0, { tags: this.#tags.of(job.id), metaData: true }), statistics: {}, monitoringStatus: 3 });
    }
    if (outcome !== 'unfinished') this.#jobs.setMonitoringStatus(job.id, outcome === 'archived' ? 3 : 2);
  }
}

/** Where a job lies in the archive (contract §7.1). */
function archivePath(job: JobRow): string {
  const rest = String(job.job_id % 1000).padStart(3, '0');
  return `${job.cluster}/${Math.trunc(job.job_id / 1000)}/${rest}/${job.start_time}`;
}

function archived({ path, meta }: { readonly path: string; readonly meta: string }): ArchivedJob {
  return { path, meta: JSON.parse(meta) as Record<string, unknown> };
}
