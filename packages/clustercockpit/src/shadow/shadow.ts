import { type Clock, isCode, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { StartPayload, StopPayload } from '../cc/payloads.ts';
import type { Outcome, Sink } from '../deliver/sink.ts';
import type { DueRun, DueStop } from '../journal/types.ts';
import { keyOf, type RunKey } from '../run.ts';
import { type Expected, type Found, LookUp } from './look-up.ts';
import type { ShadowLine, ShadowSummary } from './shadow-line.ts';

export interface ShadowOptions {
  /** Told of each line as it comes. */
  readonly report: (line: ShadowLine) => void;
  /** Milliseconds after a start or an end, beyond the server's commit, until what stands in cc-backend is looked up. */
  readonly patienceMs: number;
}

export interface ShadowSurroundings {
  /** Null where cc-backend cannot be asked: then nothing is compared. */
  readonly client: CcBackendClient | null;
  /** Milliseconds within which a write may not be visible yet. */
  readonly marginMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Clusters with their names in cc-backend. */
  readonly clusters: () => readonly { readonly cluster: string; readonly ccCluster: string }[];
  /** Whether Slurm was seen to have had a run. */
  readonly knows: (key: RunKey) => boolean;
}

const hourMs = 3_600_000;
const triesAtMost = 5;
const againMs = 60_000;
const pendingAtMost = 100_000;
const longestSleepMs = 5000;
const listedAtMost = 100;
const problem = 'dry run';

/**
 * A daemon's shadow: takes the writes that would have gone to cc-backend, writes them down, and later looks up what the program that
 * does deliver has made of the same runs. It writes nothing there.
 */
export class Shadow {
  readonly #options: ShadowOptions;
  readonly #around: ShadowSurroundings;
  readonly #since: string;
  readonly #lookUp: LookUp | undefined;
  readonly #pending = new Map<string, Expected>();
  /** Runs whose start is being decided without anybody knowing all that they hold. */
  readonly #unallocated = new Set<string>();
  readonly #fields = new Map<string, number>();
  readonly #counts = { starts: 0, stops: 0, removals: 0, withheld: 0, compared: 0, same: 0, different: 0, missingThere: 0, unknown: 0 };
  #onlyThere: number | null = null;
  #pausedUntilMs = 0;

  constructor(options: ShadowOptions, around: ShadowSurroundings) {
    this.#options = options;
    this.#around = around;
    this.#since = this.#now();
    this.#lookUp = around.client ? new LookUp(around.client, around.clock) : undefined;
  }

  /** Takes the place of the client that writes: everything is accepted, and nothing sent. */
  get writer(): Pick<CcBackendClient, 'start' | 'stop' | 'remove'> {
    return {
      start: async (payload) => {
        this.#counts.starts++;
        this.#say({ kind: 'start', at: this.#now(), payload });
        this.#expectStart(payload);
        return { kind: 'written' };
      },
      stop: async (payload) => {
        this.#counts.stops++;
        this.#say({ kind: 'stop', at: this.#now(), payload });
        this.#expectStop(payload);
        return { kind: 'written' };
      },
      remove: async (cluster, jobId, startTime) => {
        this.#counts.removals++;
        this.#say({ kind: 'remove', at: this.#now(), cluster, jobId, startTime });
        this.#pending.delete(keyOf({ cluster, jobId, start: startTime }));
        return true;
      },
    };
  }

  /** A sink that goes through `writer`, with what it withholds written down. */
  watch(sink: Sink): Sink {
    const told = (run: RunKey, what: 'start' | 'stop', outcome: Outcome): Outcome => {
      if (outcome.kind !== 'aside' && outcome.kind !== 'unsent') return outcome;
      const { cluster, jobId, start } = run;
      this.#counts.withheld++;
      const { kind: because, reason } = outcome;
      this.#say({ kind: 'withheld', at: this.#now(), run: { cluster, jobId, start }, what, because, reason });
      return outcome;
    };
    return {
      ...sink,
      start: async (due: DueRun) => {
        const key = `${due.run.jobId}/${due.run.start}`;
        if (due.run.allocation === null || (due.run.allocation.devicesLost && due.run.gpus > 0)) this.#unallocated.add(key);
        try {
          return told(due.run, 'start', await sink.start(due));
        } finally {
          this.#unallocated.delete(key);
        }
      },
      stop: async (due: DueStop) => told(due.run, 'stop', await sink.stop(due)),
      stopAfterMs: () => 0,
    };
  }

  /** Compares what has fallen due, and sums up every hour and at the end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#around;
    let summaryMs = clock.now() + hourMs;
    while (!signal.aborted) {
      if (this.#lookUp) await this.#compareDue(this.#lookUp, signal);
      if (clock.now() >= summaryMs) {
        summaryMs += hourMs;
        await this.#strangers(signal);
        this.#sumUp();
      }
      await clock.sleep(longestSleepMs, signal).catch(() => {});
    }
    this.#sumUp();
  }

  #expectStart({ metaData: _texts, submitTime: _submit, tags: _tags, ...start }: StartPayload): void {
    const expected = this.#expect(start);
    if (!expected) return;
    expected.start = start;
    expected.allocated = !this.#unallocated.has(`${start.jobId}/${start.startTime}`);
  }

  #expectStop(stop: StopPayload): void {
    const expected = this.#expect(stop);
    if (expected) expected.stop = stop;
  }

  /** The run as it is to be looked up; later when more has become known of it. */
  #expect({ cluster, jobId, startTime }: Pick<StopPayload, 'cluster' | 'jobId' | 'startTime'>): Expected | undefined {
    const { marginMs, clock } = this.#around;
    if (!this.#lookUp) return undefined;
    const key = keyOf({ cluster, jobId, start: startTime });
    const expected = this.#pending.get(key) ?? { cluster, jobId, startTime, dueMs: 0, tries: 0 };
    if (!this.#pending.has(key) && this.#pending.size >= pendingAtMost) {
      this.#counts.unknown++;
      return undefined;
    }
    expected.dueMs = clock.now() + marginMs + this.#options.patienceMs;
    // At the end again, so that the oldest of the map are those that fall due first.
    this.#pending.delete(key);
    this.#pending.set(key, expected);
    return expected;
  }

  async #compareDue(lookUp: LookUp, signal: AbortSignal): Promise<void> {
    const { clock, said } = this.#around;
    if (clock.now() < this.#pausedUntilMs) return;
    for (const [key, expected] of this.#pending) {
      if (signal.aborted || expected.dueMs > clock.now()) return;
      this.#pending.delete(key);
      try {
        this.#note(expected, await lookUp.find(expected));
        said.ends(problem, 'what stands in cc-backend can be looked up again');
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        said.begins(problem, `what stands in cc-backend cannot be looked up: ${error.message}; it is tried again`);
        this.#again(key, expected, error);
        return;
      }
    }
  }

  /** A run that cannot be read is given up in the end, others wait for a server that is away. */
  #again(key: string, expected: Expected, error: SluiceError): void {
    const now = this.#around.clock.now();
    if (isCode(error, 'cc.failed')) expected.tries++;
    else this.#pausedUntilMs = now + againMs;
    expected.dueMs = now + againMs;
    if (expected.tries >= triesAtMost) this.#counts.unknown++;
    else if (!this.#pending.has(key)) this.#pending.set(key, expected);
  }

  #note(expected: Expected, found: Found): void {
    this.#counts.compared++;
    const names = Object.keys(found.fields);
    if (names.length === 0) {
      this.#counts.same++;
      return;
    }
    this.#counts.different++;
    if (found.missing) this.#counts.missingThere++;
    for (const name of names) this.#fields.set(name, (this.#fields.get(name) ?? 0) + 1);
    const { cluster, jobId, startTime } = expected;
    this.#say({ kind: 'difference', at: this.#now(), cluster, jobId, startTime, fields: found.fields });
  }

  /** Jobs that run for cc-backend and that Slurm was never seen to have. */
  async #strangers(signal: AbortSignal): Promise<void> {
    const { client, clusters, knows, clock, marginMs } = this.#around;
    if (!client) return;
    const before = (clock.now() - marginMs - this.#options.patienceMs) / 1000;
    const strangers: RunKey[] = [];
    try {
      for (const { cluster, ccCluster } of clusters()) {
        for await (const { jobs } of client.running(ccCluster, { signal })) {
          for (const { jobId, startTime: start } of jobs) {
            if (start < before && !knows({ cluster, jobId, start })) strangers.push({ cluster, jobId, start });
          }
        }
      }
    } catch (error) {
      if (signal.aborted || error instanceof SluiceError) return;
      throw error;
    }
    this.#onlyThere = strangers.length;
    if (strangers.length > 0) this.#say({ kind: 'only-there', at: this.#now(), runs: strangers.slice(0, listedAtMost) });
  }

  #sumUp(): void {
    const { log } = this.#around;
    const summary = this.summary();
    this.#say({ kind: 'summary', at: this.#now(), ...summary });
    const { starts, stops, compared, same, missingThere, pending } = summary;
    const differing = Object.entries(summary.fields).map(([field, count]) => `${field} ${count}`);
    log.info(
      { ...summary, fields: undefined },
      `dry run: ${starts} starts and ${stops} stops would have been sent; of ${compared} looked up in cc-backend ${same} stand the same, ${missingThere} are missing${differing.length > 0 ? ` (${differing.join(', ')})` : ''}; ${pending} not due yet`,
    );
  }

  summary(): ShadowSummary {
    return {
      since: this.#since,
      ...this.#counts,
      fields: Object.fromEntries(this.#fields),
      pending: this.#pending.size,
      onlyThere: this.#onlyThere,
    };
  }

  /** A report that cannot be written must not cost the run. */
  #say(line: ShadowLine): void {
    const { said } = this.#around;
    try {
      this.#options.report(line);
      said.ends('report', 'the report of the dry run can be written again');
    } catch (error) {
      said.begins('report', `the report of the dry run cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #now(): string {
    return new Date(this.#around.clock.now()).toISOString();
  }
}
