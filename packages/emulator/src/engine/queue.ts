import type { JobRecord } from './job-record.ts';

/** Jobs that may start as soon as there is room, highest priority first, of equals the lower id. */
export class JobQueue {
  readonly #jobs: JobRecord[] = [];
  readonly #known = new Set<number>();

  get size(): number {
    return this.#jobs.length;
  }

  has(job: JobRecord): boolean {
    return this.#known.has(job.jobId);
  }

  add(job: JobRecord): void {
    if (this.#known.has(job.jobId)) return;
    this.#known.add(job.jobId);
    job.own.queued = true;
    this.#jobs.splice(this.#place(job), 0, job);
  }

  remove(job: JobRecord): void {
    if (!this.#known.delete(job.jobId)) return;
    job.own.queued = false;
    const place = this.#place(job);
    const at = this.#jobs[place] === job ? place : this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }

  /** Gives a job another priority without losing its place. */
  reprioritise(job: JobRecord, priority: number): void {
    const queued = this.#known.has(job.jobId);
    if (queued) this.remove(job);
    job.priority = priority;
    if (queued) this.add(job);
  }

  /** New priorities for all at once. */
  reprioritiseAll(priority: (job: JobRecord) => number): void {
    for (const job of this.#jobs) job.priority = priority(job);
    this.#jobs.sort(before);
  }

  /** All, in order. Jobs may leave while one looks. */
  inOrder(): readonly JobRecord[] {
    return [...this.#jobs];
  }

  at(index: number): JobRecord | undefined {
    return this.#jobs[index];
  }

  #place(job: JobRecord): number {
    let low = 0;
    let high = this.#jobs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.#jobs[middle] as JobRecord, job) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function before(a: JobRecord, b: JobRecord): number {
  return b.priority - a.priority || a.jobId - b.jobId;
}
