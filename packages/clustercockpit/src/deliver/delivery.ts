import { Backoff, type Clock, fullJitter, isCode, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { Deliveries } from '../journal/deliveries.ts';
import type { DueRun, DueStop, Settled, SinkName } from '../journal/types.ts';
import { endsCcBackendTrouble, saysCcBackendTrouble, told } from '../trouble.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Outcome, Sink } from './sink.ts';

export interface DeliveryOptions {
  readonly sink: Sink;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  /** A number in [0, 1), like Math.random. */
  readonly random: () => number;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Told of each attempt, for metrics. */
  readonly observe?: (attempt: Attempt) => void;
  /** Told when what stands on the other side has become doubtful: an answer was lost, or the server was away. */
  readonly doubt?: (reason: string) => void;
  /** Called when outcomes are in the journal: other sinks may have waited for them. */
  readonly settled?: () => void;
}

export interface Attempt {
  readonly what: 'start' | 'stop';
  readonly result: Outcome['kind'] | 'error';
  /** Seconds since the event itself. */
  readonly lag: number;
}

/** What a sink is doing, for status and metrics. */
export interface DeliveryState {
  /** Why nothing is delivered at the moment, and since when (milliseconds since the epoch). */
  readonly trouble: { readonly message: string; readonly sinceMs: number } | null;
  readonly delivered: { readonly start: number; readonly stop: number };
}

/** Errors that are the sink's, not the run's: nothing else would fare better before somebody or something mends it. */
const sinkTrouble = [
  'http.unreachable',
  'http.tls',
  'cc.denied',
  'cc.no-route',
  'nats.unreachable',
  'nats.denied',
  'nats.no-stream',
  'config.unreadable',
  'config.invalid',
] as const;
/** When so many runs have failed without a success between, it is the sink; one run that always fails is its own trouble. */
const failuresOfSink = 10;
const retryOfRun = { firstMs: 500, maxMs: 60_000 };
/** After so many attempts a run that fails while others pass is tried rarely. */
const manyAttempts = 30;
const rarelyMs = 600_000;
const sinkPause = { intervalMs: 1000, maxMs: 60_000 };
/** Outcomes are noted together, at the latest after this time; what is lost of them by a kill is repeated. */
const settleAfterMs = 20;
const settleAtMost = 200;
/** While much is delivered they are noted so far apart: each time waits for the disk. */
const settleApartMs = 150;
const longestSleepMs = 60_000;
/** A cause that concerns many runs gives one line, not one for each. */
const asideSaidEveryMs = 60_000;
const turnMs = 250;

/** Delivers what is due in one sink, until it is stopped. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #pause: Backoff;
  readonly #journalPause: Backoff;
  /** Runs that were taken from the journal and whose outcome is not in it yet. */
  readonly #taken = new Set<number>();
  readonly #ready: { readonly start: DueRun[]; readonly stop: DueStop[] } = { start: [], stop: [] };
  readonly #ahead = { start: new ReadAhead(), stop: new ReadAhead() };
  readonly #running = { start: 0, stop: 0 };
  /** Whether the journal has been seen to hold nothing further that is due; asked again after a call or a while. */
  readonly #nothingMore = { start: false, stop: false };
  readonly #delivered = { start: 0, stop: 0 };
  #outcomes: Settled[] = [];
  #settling: Promise<void> | undefined;
  #settledMs = Number.NEGATIVE_INFINITY;
  #trouble: { message: string; sinceMs: number } | null = null;
  /** Runs that have failed since the last success. */
  readonly #failed = new Set<number>();
  #pausedUntilMs = 0;
  /** Runs that were set aside since that was last said, and when it was. */
  #asideUnsaid = 0;
  #asideSaidMs = Number.NEGATIVE_INFINITY;
  #held = false;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#pause = new Backoff({ ...sinkPause, random: options.random });
    this.#journalPause = new Backoff({ ...sinkPause, random: options.random });
  }

  get name(): SinkName {
    return this.#options.sink.name;
  }

  get state(): DeliveryState {
    return { trouble: this.#trouble, delivered: this.#delivered };
  }

  /** Something may have fallen due. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Delivers nothing from now on, or again: another daemon delivers, or a comparison is under way. */
  hold(held: boolean): void {
    this.#held = held;
    // What was read ahead may stand otherwise by then.
    if (held) this.#giveBackReady();
    this.wake();
  }

  /** Tries at once what waits because of trouble. */
  hurry(): void {
    this.#pausedUntilMs = 0;
    this.wake();
  }

  /** Delivers until the signal aborts, then waits for what is under way and notes it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      this.#nothingMore.start = false;
      this.#nothingMore.stop = false;
      if (!this.#held && clock.monotonic() >= this.#pausedUntilMs) this.#launch(signal);
      const ended = new AbortController();
      const sleeping = clock.sleep(this.#sleepMs(), AbortSignal.any([signal, ended.signal])).catch(() => {});
      await Promise.race([this.#wake.promise, sleeping]);
      // A reason of its own would cost a stack each time.
      ended.abort('woken');
    }
    while (this.#running.start + this.#running.stop > 0) {
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    await this.#settle();
  }

  /** How long nothing can fall due, unless somebody calls. */
  #sleepMs(): number {
    const { clock, deliveries, sink } = this.#options;
    if (this.#held) return longestSleepMs;
    const pauseMs = this.#pausedUntilMs - clock.monotonic();
    if (pauseMs > 0) return pauseMs;
    const next = deliveries.nextDueMs(sink.name);
    if (next === null) return longestSleepMs;
    // What is due and not begun is under way or waits for its turn; its end wakes us.
    const aheadMs = next - clock.now();
    return aheadMs > 0 ? Math.min(longestSleepMs, aheadMs) : turnMs;
  }

  /** Begins as many writes as may be under way, starts before stops. */
  #launch(signal: AbortSignal): void {
    const { sink, deliveries, clock } = this.#options;
    const { start, stop } = this.#ready;
    if (this.#wants('start')) {
      const limit = this.#ahead.start.limit(clock.monotonic());
      start.push(...deliveries.due(sink.name, 'start', limit, this.#taken));
      for (const { run } of start) this.#ahead.start.read(run.script?.length ?? 0);
      this.#took('start', limit);
    }
    while (this.#running.start < sink.concurrency.start) {
      const due = start.shift();
      if (!due) break;
      void this.#attempt('start', due, sink.start(due), signal);
    }
    if (this.#wants('stop')) {
      const limit = this.#ahead.stop.limit(clock.monotonic());
      stop.push(...deliveries.due(sink.name, 'stop', limit, this.#taken));
      this.#took('stop', limit);
    }
    while (this.#running.stop < sink.concurrency.stop) {
      const due = stop.shift();
      if (!due) break;
      void this.#attempt('stop', due, sink.stop(due), signal);
    }
  }

  /** Whether there is a place for a write, and perhaps one in the journal that is due. */
  #wants(what: 'start' | 'stop'): boolean {
    const { concurrency } = this.#options.sink;
    return this.#ready[what].length === 0 && this.#running[what] < concurrency[what] && !this.#nothingMore[what];
  }

  #took(what: 'start' | 'stop', limit: number): void {
    const ready = this.#ready[what];
    for (const { id } of ready) this.#taken.add(id);
    this.#nothingMore[what] = ready.length < limit;
  }

  async #attempt(what: 'start' | 'stop', run: DueStop, sent: Promise<Outcome>, signal: AbortSignal): Promise<void> {
    const { observe } = this.#options;
    this.#running[what]++;
    try {
      const outcome = await sent;
      observe?.({ what, result: outcome.kind, lag: this.#lagOf(what, run) });
      this.#sayOutcome(what, run, outcome);
      this.#noteOutcome(what, run, outcome);
      this.#answered();
    } catch (error) {
      observe?.({ what, result: 'error', lag: this.#lagOf(what, run) });
      this.#noteError(what, run, error);
    } finally {
      this.#running[what]--;
      if (!signal.aborted && !this.#held && this.#options.clock.monotonic() >= this.#pausedUntilMs) this.#launch(signal);
      else this.wake();
    }
  }

  #sayOutcome(what: 'start' | 'stop', { run }: DueStop, outcome: Outcome): void {
    const { log, sink, clock } = this.#options;
    const { cluster, jobId } = run;
    if (log.isLevelEnabled('debug'))
      log.debug({ cluster, start: run.start, ...outcome }, `${what} of job ${jobId} to ${nameOf(sink)}: ${outcome.kind}`);
    if (outcome.kind !== 'aside') return;
    this.#asideUnsaid++;
    if (clock.monotonic() - this.#asideSaidMs < asideSaidEveryMs) return;
    log.warn(
      { cluster, jobId, runs: this.#asideUnsaid },
      `the ${what} of job ${jobId} is set aside, for it was refused for good: ${outcome.reason}. What is set aside is listed by: sluice cc status; it is tried again by: sluice cc retry`,
    );
    this.#asideSaidMs = clock.monotonic();
    this.#asideUnsaid = 0;
  }

  #lagOf(what: 'start' | 'stop', { run }: DueStop): number {
    return this.#options.clock.now() / 1000 - (what === 'start' ? run.start : (run.ended?.time ?? run.start));
  }

  #noteOutcome(what: 'start' | 'stop', { id, attempts }: DueStop, outcome: Outcome): void {
    const now = this.#options.clock.now();
    switch (outcome.kind) {
      case 'stands':
        this.#delivered[what]++;
        if (what === 'stop') this.#note({ id, did: 'stop' });
        else this.#note({ id, did: 'start', stopAfterMs: this.#options.sink.stopAfterMs() });
        return;
      case 'missing':
        this.#options.doubt?.(outcome.reason);
        this.#note({ id, did: 'missing', reason: outcome.reason, dueMs: now + (attempts === 0 ? 0 : this.#delayMs(attempts)) });
        return;
      case 'later':
        this.#note({ id, did: 'later', reason: outcome.reason, dueMs: now + outcome.afterMs });
        return;
      default:
        this.#note({ id, did: outcome.kind, reason: outcome.reason });
    }
  }

  #noteError(what: 'start' | 'stop', run: DueStop, error: unknown): void {
    const { log, clock, doubt } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    log.debug({ cluster: run.run.cluster, start: run.run.start }, `${what} of job ${run.run.jobId}: ${message}`);
    if (isCode(error, ...sinkTrouble)) {
      this.#inTrouble(error);
      // It falls due again with the sink, for it has not been tried.
      this.#taken.delete(run.id);
      return;
    }
    // A fault of ours in one run must not cost the others; it is said each time, for somebody has to mend it.
    if (!(error instanceof SluiceError))
      log.error({ err: error, cluster: run.run.cluster }, `the ${what} of job ${run.run.jobId} could not be sent`);
    if (isCode(error, 'http.timeout', 'http.dropped')) doubt?.(message);
    this.#note({ id: run.id, did: 'later', reason: message, dueMs: clock.now() + this.#delayMs(run.attempts + 1) });
    this.#failed.add(run.id);
    if (this.#failed.size >= failuresOfSink) this.#inTrouble(error);
  }

  #delayMs(attempts: number): number {
    if (attempts > manyAttempts) return rarelyMs;
    return fullJitter(attempts, retryOfRun, this.#options.random);
  }

  #inTrouble(error: unknown): void {
    const { clock, said, sink, doubt } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    this.#trouble ??= { message, sinceMs: clock.now() };
    this.#trouble.message = message;
    if (!saysCcBackendTrouble(said, error)) {
      said.begins(`sink ${sink.name}`, `${nameOf(sink)} takes nothing at the moment: ${told(error)}; what waits is kept`);
    }
    doubt?.(message);
    if (clock.monotonic() < this.#pausedUntilMs) return;
    this.#pause.failed();
    this.#pausedUntilMs = clock.monotonic() + this.#pause.delayMs();
    // What was read ahead may wait long; it is read again then, in the order of then.
    this.#giveBackReady();
  }

  #giveBackReady(): void {
    for (const ready of [this.#ready.start, this.#ready.stop]) for (const { id } of ready.splice(0)) this.#taken.delete(id);
  }

  #answered(): void {
    this.#failed.clear();
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#pausedUntilMs = 0;
    this.#pause.succeeded();
    const { said, sink } = this.#options;
    if (sink.name === 'rest') endsCcBackendTrouble(said);
    said.ends(`sink ${sink.name}`, `${nameOf(sink)} takes jobs again`);
  }

  #note(outcome: Settled): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length >= settleAtMost) void this.#settle();
    else this.#settling ??= this.#settleSoon();
  }

  async #settleSoon(): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(Math.max(settleAfterMs, this.#settledMs + settleApartMs - clock.monotonic()));
    await this.#settle();
  }

  /** Brings the outcomes into the journal. If that fails, the runs fall due again: every write may be repeated. */
  async #settle(): Promise<void> {
    this.#settling = undefined;
    this.#settledMs = this.#options.clock.monotonic();
    const outcomes = this.#outcomes;
    if (outcomes.length === 0) return;
    this.#outcomes = [];
    const { deliveries, sink, said, settled } = this.#options;
    try {
      await deliveries.settle(sink.name, outcomes);
      this.#journalPause.succeeded();
      said.ends('journal', 'the journal can be written again');
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      said.begins('journal', `${error.message}; what was delivered meanwhile is sent once more afterwards`);
      this.#journalPause.failed();
      this.#pausedUntilMs = this.#options.clock.monotonic() + this.#journalPause.delayMs();
    }
    for (const { id } of outcomes) this.#taken.delete(id);
    this.wake();
    settled?.();
  }
}

function nameOf({ name }: Sink): string {
  return name === 'rest' ? 'cc-backend' : 'NATS';
}
