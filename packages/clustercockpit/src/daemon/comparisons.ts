import { type Clock, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import type { SinkName } from '../journal/types.ts';
import { endsCcBackendTrouble, saysCcBackendTrouble, told } from '../trouble.ts';
import { type Compared, compare } from '../verify/comparison.ts';
import type { ClusterWatch } from './cluster-watch.ts';

export interface ComparisonsOptions {
  readonly client: CcBackendClient;
  readonly journal: RunJournal;
  /** By the first of them cc-backend is told of runs: by REST, or by NATS where that is the only way. */
  readonly sinks: readonly SinkName[];
  /** Whether this daemon is the one that delivers. */
  readonly delivers: () => boolean;
  readonly watches: () => readonly ClusterWatch[];
  readonly ccName: (cluster: string) => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Milliseconds between two comparisons that nothing gave cause for. */
  readonly intervalMs: number;
  /** Milliseconds within which a write may not be visible yet. */
  readonly marginMs: number;
  /** Called when a comparison has corrected the journal. */
  readonly corrected: () => void;
}

/** Compares each cluster with cc-backend: at the start, now and then, and after every doubt. */
export class Comparisons {
  readonly #options: ComparisonsOptions;
  readonly #last = new Map<string, Compared & { readonly atMs: number }>();
  /** By the clock that nobody sets back. */
  #dueMs = 0;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: ComparisonsOptions) {
    this.#options = options;
  }

  /** What the last one came to, by cluster. */
  get last(): ReadonlyMap<string, Compared & { readonly atMs: number }> {
    return this.#last;
  }

  /** Something may not stand as believed; compares once everything written until now is visible. */
  doubt(): void {
    const now = this.#options.clock.monotonic();
    const dueMs = now + this.#options.marginMs;
    if (this.#dueMs <= dueMs && this.#dueMs > now) return;
    this.#dueMs = dueMs;
    this.#wake.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    // A doubt that came up before holds.
    if (this.#dueMs === 0) this.#dueMs = clock.monotonic() + intervalMs;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      const waitMs = this.#dueMs - clock.monotonic();
      if (waitMs > 0) {
        const woken = new AbortController();
        const slept = clock.sleep(waitMs, AbortSignal.any([signal, woken.signal])).catch(() => {});
        await Promise.race([slept, this.#wake.promise]);
        woken.abort();
        continue;
      }
      this.#dueMs = clock.monotonic() + intervalMs;
      await this.all(signal);
    }
  }

  /**
   * Compares all clusters; where one could not be compared, it is tried again before long. `takesOver`: another daemon has delivered
   * until now.
   */
  async all(signal: AbortSignal, takesOver = false): Promise<void> {
    const elsewhere = takesOver || !this.#options.delivers();
    let whole = true;
    for (const watch of this.#options.watches()) whole = (await this.#one(watch, elsewhere, signal)) && whole;
    if (!whole) this.doubt();
  }

  async #one(watch: ClusterWatch, elsewhere: boolean, signal: AbortSignal): Promise<boolean> {
    const { client, journal, sinks, ccName, clock, log, said, marginMs, corrected } = this.#options;
    const { cluster } = watch.observer;
    const [sink = 'rest', ...others] = sinks;
    try {
      const compared = await compare({
        client,
        journal,
        sink,
        toldElsewhere: elsewhere ? others : undefined,
        cluster,
        ccCluster: ccName(cluster),
        now: () => clock.now(),
        marginMs,
        signal,
        async askSlurm(standing, strangers) {
          watch.observer.assume({ standing });
          if (strangers.length === 0) return;
          // The controller first: a job that runs needs nothing of accounting.
          await watch.controller.once(signal);
          const unknown = strangers.filter((key) => journal.runs.stateOf(key) === undefined);
          if (unknown.length > 0) await watch.observer.askAccounting([...new Set(unknown.map(({ jobId }) => jobId))], signal);
        },
      });
      this.#last.set(cluster, { ...compared, atMs: clock.now() });
      endsCcBackendTrouble(said);
      said.ends(`comparison ${cluster}`, `cluster ${cluster} can be compared with cc-backend again`);
      tell(log, cluster, compared);
      corrected();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof SluiceError)) log.error({ err: error, cluster }, 'the comparison with cc-backend failed');
      if (saysCcBackendTrouble(said, error)) return false;
      said.begins(
        `comparison ${cluster}`,
        `cluster ${cluster} cannot be compared with cc-backend: ${told(error)}; nothing is concluded from it`,
      );
      return false;
    }
  }
}

function tell(log: Log, cluster: string, { listed, recognised, lostStarts, lostStops, wronglyEnded, strays }: Compared): void {
  const fields = { cluster, listed, recognised, lostStarts, lostStops, wronglyEnded: wronglyEnded.length, strays: strays.length };
  const wrong = lostStarts + lostStops + wronglyEnded.length + strays.length;
  log[wrong > 0 ? 'warn' : 'info'](fields, `compared with cc-backend: ${listed} running there, ${wrong} otherwise than they should be`);
}
