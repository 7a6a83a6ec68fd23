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
  /** Called after an answer, of which something may have been recorded. */
  readonly recorded: (who: Whom) => void;
  /** Called with a failure that is no answer. */
  readonly failed: (who: Whom, error: unknown) => void;
}

/** Who is asked about the jobs of events. */
export type Whom = 'controller' | 'accounting';

interface Waiting {
  readonly events: PendingEvent[];
  attempts: number;
  dueMs: number;
  /** Who is asked next. */
  whom: Whom;
}

type Due = readonly [jobId: number, waiting: Waiting];

/** Between two questions: what happens meanwhile is asked together. */
const gapMs = 50;
/** Slurm begins jobs in bursts: an event waits so long for its neighbours, or they would wait for the answer about it alone. */
const gatherMs = 20;
/** Waits before the question is asked again, for a job that begins or ends at this moment; the last one repeats. */
const retryMs = [50, 100, 200, 400, 800, 1600];
/** A controller that cannot be asked is left to the poll, which backs off; until then the event waits. */
const unaskedMs = 5000;
/** What happens meanwhile waits for the answer about so many at most. */
const jobsAtOnce = 200;
const longestSleepMs = 3_600_000;

/** Asks Slurm about the jobs of events, many at a time, one question after the other to each of the two daemons. */
export class EventPump {
  readonly #options: EventPumpOptions;
  readonly #waiting = new Map<string, Map<number, Waiting>>();
  readonly #wakes: Record<Whom, PromiseWithResolvers<void>> = { controller: Promise.withResolvers(), accounting: Promise.withResolvers() };

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
    const waiting = jobs.get(event.jobId) ?? { events: [], attempts: 0, dueMs: 0, whom: 'controller' };
    waiting.events.push(event);
    // What is new the controller knows first, also of a job that accounting was to be asked about.
    waiting.attempts = 0;
    waiting.whom = 'controller';
    waiting.dueMs = this.#options.clock.monotonic() + gatherMs;
    jobs.set(event.jobId, waiting);
    this.#wakes.controller.resolve();
    return true;
  }

  /** Asks each of the two at its own pace: an accounting that hangs does not keep the controller from being asked. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#run('controller', signal), this.#run('accounting', signal)]);
  }

  /** Each cluster at its own pace, too: one whose controller hangs does not hold up the others. */
  async #run(who: Whom, signal: AbortSignal): Promise<void> {
    const asking = new Map<string, Promise<void>>();
    while (!signal.aborted) {
      this.#wakes[who] = Promise.withResolvers();
      for (const [cluster, jobs] of this.#waiting) {
        const observer = this.#options.observerOf(cluster);
        const due = asking.has(cluster) ? [] : dueOf(jobs, who, this.#options.clock.monotonic());
        if (!observer || due.length === 0) continue;
        const asked = this.#ask(who, observer, jobs, due, signal).finally(() => {
          asking.delete(cluster);
          this.#wakes[who].resolve();
        });
        asking.set(cluster, asked);
      }
      await this.#sleep(who, asking, signal);
    }
    await Promise.all(asking.values());
  }

  /** Until something falls due of those that are not being asked, or is added. */
  async #sleep(who: Whom, asking: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let next = clock.monotonic() + longestSleepMs;
    for (const [cluster, jobs] of this.#waiting) {
      if (asking.has(cluster)) continue;
      for (const waiting of jobs.values()) if (waiting.whom === who) next = Math.min(next, waiting.dueMs);
    }
    const woken = new AbortController();
    const slept = clock.sleep(Math.max(0, next - clock.monotonic()), AbortSignal.any([signal, woken.signal])).catch(() => {});
    await Promise.race([this.#wakes[who].promise, slept]);
    woken.abort();
  }

  /** One question to one cluster, and the pause after it. */
  async #ask(who: Whom, observer: Asked, jobs: Map<number, Waiting>, due: readonly Due[], signal: AbortSignal): Promise<void> {
    const { clock, recorded, failed } = this.#options;
    try {
      if (who === 'controller') await this.#askController(observer, jobs, due);
      else await this.#askAccounting(observer, jobs, due.slice(0, jobsAtOnce), signal);
      recorded(who);
    } catch (error) {
      failed(who, error);
      for (const [, waiting] of due) if (waiting.whom === who) waiting.dueMs = clock.monotonic() + unaskedMs;
    }
    await clock.sleep(gapMs, signal).catch(() => {});
  }

  async #askController(observer: Asked, jobs: Map<number, Waiting>, due: readonly Due[]): Promise<void> {
    const { clock } = this.#options;
    const asked = due.slice(0, jobsAtOnce);
    const counts = new Map(asked.map(([jobId, { events }]) => [jobId, events.length]));
    const answers = await observer.askEvents(asked.map(([jobId]) => jobId));
    const answerOf = (jobId: number) => answers.get(jobId) ?? 'unasked';
    // A controller that could not be asked about these cannot be asked about the others either.
    if (asked.every(([jobId]) => answerOf(jobId) === 'unasked')) {
      for (const [, waiting] of due) waiting.dueMs = clock.monotonic() + unaskedMs;
      return;
    }
    for (const [jobId, waiting] of asked) {
      // An event that came while the question was under way wants one of its own.
      if (waiting.events.length === counts.get(jobId)) this.#judge(jobs, jobId, waiting, answerOf(jobId));
    }
  }

  #judge(jobs: Map<number, Waiting>, jobId: number, waiting: Waiting, answer: EventAnswer): void {
    const { clock, queryDelayMs, maxRetries } = this.#options;
    if (tells(answer, waiting.events)) this.#finish(jobs, jobId, waiting);
    else if (answer === 'unasked') waiting.dueMs = clock.monotonic() + unaskedMs;
    else if (answer === 'gone' || answer === 'pending' || waiting.attempts >= maxRetries) {
      // Of a run that a requeue ended the controller says nothing more.
      waiting.whom = 'accounting';
      waiting.dueMs = clock.monotonic() + queryDelayMs;
      this.#wakes.accounting.resolve();
    } else {
      waiting.dueMs = clock.monotonic() + (retryMs[Math.min(waiting.attempts, retryMs.length - 1)] ?? 0);
      waiting.attempts++;
    }
  }

  /** Once, after the delay; what accounting does not have by then comes with the next poll. */
  async #askAccounting(observer: Asked, jobs: Map<number, Waiting>, due: readonly Due[], signal: AbortSignal): Promise<void> {
    await observer.askAccounting(
      due.map(([jobId]) => jobId),
      signal,
    );
    // An event that came meanwhile is the controller's to answer.
    for (const [jobId, waiting] of due) if (waiting.whom === 'accounting') this.#finish(jobs, jobId, waiting);
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

/** The jobs that are due, and with them those that would be in a moment. */
function dueOf(jobs: ReadonlyMap<number, Waiting>, who: Whom, now: number): readonly Due[] {
  const mine = [...jobs].filter(([, { whom }]) => whom === who);
  if (!mine.some(([, { dueMs }]) => dueMs <= now)) return [];
  return mine.filter(([, { dueMs }]) => dueMs <= now + gatherMs);
}
