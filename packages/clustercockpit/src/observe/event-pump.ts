import type { Clock } from '@sluice/io';
import type { EventAnswer } from './cluster-observer.ts';

/** A job about which Slurm is to be asked now, because a hook said so. */
export interface PendingEvent {
  readonly cluster: string;
  readonly jobId: number;
  readonly kind: 'start' | 'end';
  /** Called once when nothing more will be asked because of this event. */
  readonly done: () => void;
}

/** Who is asked. */
export interface Asked {
  askEvents(jobIds: readonly number[]): Promise<ReadonlyMap<number, EventAnswer>>;
  askAccounting(jobIds: readonly number[], signal?: AbortSignal): Promise<void>;
}

export interface EventPumpOptions {
  /** The observer of a cluster; undefined for a cluster that is not observed. */
  readonly observerOf: (cluster: string) => Asked | undefined;
  readonly clock: Clock;
  /** Milliseconds until accounting is asked about a job that the controller does not know. */
  readonly queryDelayMs: number;
  /** Quick questions beyond the first; what Slurm does not say until then the next poll asks. */
  readonly maxRetries: number;
  /** Called when something was recorded. */
  readonly recorded: () => void;
  /** Called with a failure that is no answer. */
  readonly failed: (error: unknown) => void;
}

interface Waiting {
  readonly events: PendingEvent[];
  attempts: number;
  dueMs: number;
  askAccounting: boolean;
}

/** Between two questions: what happens meanwhile is asked together. */
const gapMs = 100;
/** Waits before the question is asked again, for a job that begins or ends at this moment; the last one repeats. */
const retryMs = [50, 100, 200, 400, 800, 1600];
/** A controller that cannot be asked is left to the poll, which backs off; until then the event waits. */
const unaskedMs = 5000;

/** Asks Slurm about the jobs of events, many at a time, one question after the other. */
export class EventPump {
  readonly #options: EventPumpOptions;
  readonly #waiting = new Map<string, Map<number, Waiting>>();
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: EventPumpOptions) {
    this.#options = options;
  }

  /** Jobs whose question has not been answered. */
  get size(): number {
    let size = 0;
    for (const jobs of this.#waiting.values()) size += jobs.size;
    return size;
  }

  /** Takes an event; false for a cluster that is not observed. */
  add(event: PendingEvent): boolean {
    if (!this.#options.observerOf(event.cluster)) return false;
    const jobs = this.#waiting.get(event.cluster) ?? new Map<number, Waiting>();
    this.#waiting.set(event.cluster, jobs);
    const waiting = jobs.get(event.jobId) ?? { events: [], attempts: 0, dueMs: 0, askAccounting: false };
    waiting.events.push(event);
    waiting.attempts = 0;
    waiting.dueMs = this.#options.clock.now();
    jobs.set(event.jobId, waiting);
    this.#wake.resolve();
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      const asked = await this.#askDue(signal);
      const next = this.#nextMs();
      const waitMs = Math.max(asked ? gapMs : 0, next === null ? Number.POSITIVE_INFINITY : next - clock.now());
      if (asked) await clock.sleep(gapMs, signal).catch(() => {});
      else await this.#sleep(Math.min(waitMs, 3_600_000), signal);
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const slept = this.#options.clock.sleep(Math.max(0, ms), AbortSignal.any([signal, woken.signal])).catch(() => {});
    await Promise.race([this.#wake.promise, slept]);
    woken.abort();
  }

  #nextMs(): number | null {
    let next: number | null = null;
    for (const jobs of this.#waiting.values()) for (const { dueMs } of jobs.values()) if (next === null || dueMs < next) next = dueMs;
    return next;
  }

  async #askDue(signal: AbortSignal): Promise<boolean> {
    const now = this.#options.clock.now();
    let asked = false;
    for (const [cluster, jobs] of this.#waiting) {
      const observer = this.#options.observerOf(cluster);
      const due = [...jobs].filter(([, { dueMs }]) => dueMs <= now);
      if (!observer || due.length === 0) continue;
      asked = true;
      try {
        await this.#askController(
          observer,
          jobs,
          due.filter(([, { askAccounting }]) => !askAccounting),
        );
        await this.#askAccounting(
          observer,
          jobs,
          due.filter(([, { askAccounting }]) => askAccounting),
          signal,
        );
      } catch (error) {
        this.#options.failed(error);
        for (const [, waiting] of due) waiting.dueMs = this.#options.clock.now() + unaskedMs;
      }
    }
    return asked;
  }

  async #askController(observer: Asked, jobs: Map<number, Waiting>, due: readonly (readonly [number, Waiting])[]): Promise<void> {
    if (due.length === 0) return;
    const { clock, queryDelayMs, maxRetries, recorded } = this.#options;
    const counts = new Map(due.map(([jobId, { events }]) => [jobId, events.length]));
    const answers = await observer.askEvents(due.map(([jobId]) => jobId));
    recorded();
    for (const [jobId, waiting] of due) {
      // An event that came while the question was under way wants one of its own.
      const news = waiting.events.length > (counts.get(jobId) ?? 0);
      const answer = answers.get(jobId) ?? 'unasked';
      if (news) continue;
      if (tells(answer, waiting.events)) this.#finish(jobs, jobId, waiting);
      else if (answer === 'unasked') waiting.dueMs = clock.now() + unaskedMs;
      else if (answer === 'gone' || answer === 'pending' || waiting.attempts >= maxRetries) {
        // Of a run that a requeue ended the controller says nothing more.
        waiting.askAccounting = true;
        waiting.dueMs = clock.now() + queryDelayMs;
      } else {
        waiting.dueMs = clock.now() + (retryMs[Math.min(waiting.attempts, retryMs.length - 1)] ?? 0);
        waiting.attempts++;
      }
    }
  }

  /** Once, after the delay; what accounting does not have by then comes with the next poll. */
  async #askAccounting(
    observer: Asked,
    jobs: Map<number, Waiting>,
    due: readonly (readonly [number, Waiting])[],
    signal: AbortSignal,
  ): Promise<void> {
    if (due.length === 0) return;
    await observer.askAccounting(
      due.map(([jobId]) => jobId),
      signal,
    );
    this.#options.recorded();
    for (const [jobId, waiting] of due) this.#finish(jobs, jobId, waiting);
  }

  #finish(jobs: Map<number, Waiting>, jobId: number, { events }: Waiting): void {
    jobs.delete(jobId);
    for (const { done } of events) done();
  }
}

/** Whether an answer says all that the events wait for. */
function tells(answer: EventAnswer, events: readonly PendingEvent[]): boolean {
  return answer === 'ended' || (answer === 'running' && events.every(({ kind }) => kind === 'start'));
}
