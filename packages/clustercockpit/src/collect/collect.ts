import { type Clock, SluiceError } from '@sluice/io';
import type { Log } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { knownClusters } from '../daemon/clusters.ts';
import { sinksOf } from '../daemon/sinks-of.ts';
import { openSpool, type SpooledEvent } from '../hook/spool.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import { ClusterObserver } from '../observe/cluster-observer.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';

export interface CollectOptions {
  readonly config: AdapterConfig;
  readonly connect: (cluster: string | undefined) => SlurmReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly pid: number;
  /** Milliseconds to wait for further events before it ends; each question takes those of a second together. */
  readonly lingerMs: number;
  readonly signal: AbortSignal;
}

export interface Collected {
  /** Jobs that were asked about and recorded. */
  readonly recorded: number;
  /** Events that stay in the spool, for the daemon. */
  readonly left: number;
}

const atOnce = 200;
const secondMs = 1000;
/** Questions about a job that is just beginning or ending. */
const triesAtMost = 10;

/**
 * Stands in for a daemon that does not run: asks, at most once a second, about the jobs of the events that the hook has spooled, and
 * puts what they hold into the journal. Nothing is delivered. Without it the allocation of a job that begins and is forgotten
 * while the daemon is away would be lost. Errors: `instance.running` when the daemon runs after all; those of the journal.
 */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { config, clock, pid } = options;
  const journal = await openRunJournal(config.journalPath, { clock, pid, ...sinksOf(config) });
  try {
    return await new Collector(options, journal).run();
  } finally {
    journal.close();
  }
}

class Collector {
  readonly #options: CollectOptions;
  readonly #journal: RunJournal;
  readonly #observers = new Map<string, ClusterObserver>();
  /** Events that were asked about and stay: their end is not known, or Slurm did not answer. */
  readonly #kept = new Set<string>();
  readonly #tries = new Map<string, number>();
  #recorded = 0;

  constructor(options: CollectOptions, journal: RunJournal) {
    this.#options = options;
    this.#journal = journal;
  }

  async run(): Promise<Collected> {
    const { config, clock, lingerMs, signal } = this.#options;
    const spool = openSpool({ path: config.spoolPath, clock });
    let idleMs = 0;
    while (!signal.aborted && idleMs <= lingerMs) {
      const events = spool.read(this.#kept.size + atOnce).events.filter(({ file }) => !this.#kept.has(file));
      idleMs = events.length === 0 ? idleMs + secondMs : 0;
      const done = await this.#ask(events);
      spool.remove(done);
      await clock.sleep(secondMs, signal).catch(() => {});
    }
    return { recorded: this.#recorded, left: this.#kept.size };
  }

  /** The files of the events that nobody needs to ask about any more. */
  async #ask(events: readonly SpooledEvent[]): Promise<readonly string[]> {
    const done: string[] = [];
    const byCluster = Map.groupBy(events, ({ event }) => event.cluster);
    for (const [cluster, ofCluster] of byCluster) {
      const observer = await this.#observer(cluster);
      const answers = observer && (await this.#answers(observer, [...new Set(ofCluster.map(({ event }) => event.jobId))]));
      for (const { event, file } of ofCluster) {
        const answer = answers?.get(event.jobId);
        const tries = (this.#tries.get(file) ?? 0) + 1;
        if (answer === 'ended' || (answer === 'running' && event.kind === 'start')) {
          this.#recorded++;
          done.push(file);
        } else if (answer === 'not final' && tries < triesAtMost) this.#tries.set(file, tries);
        else this.#kept.add(file);
      }
    }
    return done;
  }

  async #answers(observer: ClusterObserver, jobIds: readonly number[]) {
    try {
      return await observer.askEvents(jobIds);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#options.log.warn({ err: error }, 'Slurm cannot be asked about the jobs of events; they stay in the spool');
      return undefined;
    }
  }

  async #observer(cluster: string): Promise<ClusterObserver | undefined> {
    const known = this.#observers.get(cluster);
    if (known) return known;
    const { config, connect, clock } = this.#options;
    const names = knownClusters(this.#journal);
    // A daemon that has never run has not learned which clusters there are; the hook's own is the local one.
    if (names.all.length > 0 && !names.all.includes(cluster)) return undefined;
    const isLocal = names.local === undefined || names.local === cluster;
    const observer = new ClusterObserver({
      cluster,
      connector: connect(isLocal ? undefined : cluster),
      journal: this.#journal,
      clock,
      wants: () => ({ script: config.sendScript, description: config.sendSlurmInfo, environment: config.sendEnvironment }),
    });
    try {
      await observer.askNodes();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      // How large nodes are matters only for jobs whose allocation is lost.
    }
    this.#observers.set(cluster, observer);
    return observer;
  }
}
