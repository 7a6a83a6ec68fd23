import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, SluiceError } from '@sluice/io';
import { type Log, saidOnce } from '@sluice/service';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { AdapterConfig } from '../config/adapter-config.ts';
import { decideSettings } from '../daemon/decide-settings.ts';
import { Decisions } from '../daemon/decisions.ts';
import { Delivery } from '../deliver/delivery.ts';
import { restSink } from '../deliver/rest-sink.ts';
import type { Outcome, Sink } from '../deliver/sink.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import type { SetAside, SinkCounts } from '../journal/types.ts';
import { ClusterObserver } from '../observe/cluster-observer.ts';
import { settling } from '../observe/history.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { recogniseUndelivered } from '../verify/comparison.ts';

export interface BackfillOptions {
  readonly config: AdapterConfig;
  readonly cluster: string;
  /** The span by the ends of jobs, in seconds since the epoch, both ends included. */
  readonly since: number;
  readonly until: number;
  readonly connector: SlurmReader;
  readonly client: CcBackendClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly pid: number;
  /** Forgets how far an earlier attempt at the same span came. */
  readonly fresh?: boolean;
  readonly progress?: (progress: BackfillProgress) => void;
  readonly signal: AbortSignal;
}

export interface BackfillProgress {
  /** Up to when history has been read, in seconds since the epoch. */
  readonly read: number;
  readonly runs: number;
  readonly counts: SinkCounts;
  readonly delivered: { readonly start: number; readonly stop: number };
  readonly trouble: string | null;
}

export interface BackfillReport {
  /** Runs that ended in the span and ran at all. */
  readonly runs: number;
  /** Of them, those that this attempt brought to cc-backend; the others stood there, or an earlier attempt brought them. */
  readonly sent: number;
  /** Not sent by policy or configuration. */
  readonly unsent: number;
  readonly aside: readonly SetAside[];
  /** False when it was interrupted; the same command goes on from there. */
  readonly whole: boolean;
}

/** Waiting starts above which no further history is read: the server sets the pace, and the journal stays small. */
const readAhead = 2000;
const lookMs = 500;
const longestRestMs = 2000;
const readNote = 'read';

/**
 * Brings the history of a span into cc-backend, oldest first. What it has done stands in a journal of its own beside the daemon's, so
 * that it goes on where it was interrupted and may run beside the daemon. Errors: `instance.running` when the same span is
 * already being brought in; `cc.no-route` when cc-backend takes jobs by NATS alone; those of the journal and of the connector.
 */
export async function backfill(options: BackfillOptions): Promise<BackfillReport> {
  const { config, clock, pid, cluster, since, until } = options;
  await refuseNatsMode(options.client);
  const path = backfillJournalPath(config.journalPath, cluster, since, until);
  if (options.fresh) forget(path);
  const journal = await openRunJournal(path, { clock, pid, sinks: ['rest'], first: 'rest' });
  let report: BackfillReport;
  try {
    report = await new Backfill(options, journal).run();
  } finally {
    journal.close();
  }
  if (report.whole) forget(path);
  return report;
}

/** Such a server would be waited for in vain; one that does not answer yet is not. */
async function refuseNatsMode(client: CcBackendClient): Promise<void> {
  try {
    if ((await client.profile()).starts === 'rest') return;
  } catch (error) {
    if (error instanceof SluiceError) return;
    throw error;
  }
  throw new SluiceError('cc.no-route', 'cc-backend takes jobs by NATS alone (main.api-subjects); history goes by REST', {
    hint: 'Take main.api-subjects out of cc-backend’s configuration while history is brought in, and restart it.',
  });
}

/** Where the state of a backfill lies. */
function backfillJournalPath(journalPath: string, cluster: string, since: number, until: number): string {
  const name = createHash('sha256').update(`${cluster}/${since}/${until}`).digest('hex').slice(0, 12);
  return join(dirname(journalPath), `backfill-${name}.db`);
}

function forget(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '.lock']) rmSync(`${path}${suffix}`, { force: true });
}

class Backfill {
  readonly #options: BackfillOptions;
  readonly #journal: RunJournal;
  readonly #observer: ClusterObserver;
  readonly #delivery: Delivery;
  #fresh = 0;

  constructor(options: BackfillOptions, journal: RunJournal) {
    const { config, cluster, connector, client, clock, random, log } = options;
    this.#options = options;
    this.#journal = journal;
    this.#observer = new ClusterObserver({
      cluster,
      connector,
      journal,
      clock,
      wants: () => ({ script: false, description: false, environment: false }),
    });
    const said = saidOnce({ log, clock });
    const decider = new Decisions({ settings: decideSettings(config), client, nodes: () => this.#observer.nodes, clock, said });
    const sink = restSink({
      client,
      decider,
      deliveries: journal.deliveries,
      clock,
      requeuedJobs: config.requeuedJobs,
      commitIntervalMs: config.ccCommitInterval * 1000,
      tagged: config.startTag !== null,
      concurrency: { start: 2, stop: 1 },
    });
    this.#delivery = new Delivery({
      sink: paced(sink, clock, (outcome) => {
        if (outcome.kind === 'stands' && outcome.fresh) this.#fresh++;
      }),
      deliveries: journal.deliveries,
      clock,
      random,
      log,
      said,
    });
  }

  async run(): Promise<BackfillReport> {
    const { signal } = this.#options;
    const ended = new AbortController();
    const delivering = this.#delivery.run(AbortSignal.any([signal, ended.signal]));
    let whole = false;
    try {
      await this.#observer.askNodes();
      await this.#read();
      await this.#waitUntil(({ startsWaiting, stopsWaiting }) => startsWaiting + stopsWaiting === 0);
      whole = true;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ended.abort();
      await delivering;
    }
    return this.#report(whole);
  }

  /**
   * Reads the span from where it was left, no further ahead of delivery than need be; where it ends just now, its last seconds once
   * more when accounting has settled.
   */
  async #read(): Promise<void> {
    const { since, until, clock, signal } = this.#options;
    const from = Math.max(since, Number(this.#journal.book.note(readNote) ?? since));
    const passed = async (to: number) => {
      await this.#recognise();
      await this.#journal.book.setNotes({ [readNote]: String(to) });
      this.#delivery.wake();
      await this.#waitUntil(({ startsWaiting }) => startsWaiting < readAhead);
    };
    if (from < until) await this.#observer.readHistory({ from, to: until }, passed, signal);
    const unsettledMs = (until + settling + 1) * 1000 - clock.now();
    if (unsettledMs <= 0) return;
    await clock.sleep(unsettledMs, signal);
    await this.#observer.readHistory({ from: Math.max(since, until - settling), to: until }, passed, signal);
  }

  async #recognise(): Promise<void> {
    const { client, config, cluster, signal } = this.#options;
    const ccCluster = config.clusterNames.get(cluster) ?? cluster;
    const found = await recogniseUndelivered({ client, journal: this.#journal, sink: 'rest', cluster, ccCluster, signal });
    await this.#journal.deliveries.correct('rest', found);
  }

  async #waitUntil(reached: (counts: SinkCounts) => boolean): Promise<void> {
    const { clock, signal, progress } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const counts = this.#journal.deliveries.counts('rest');
      progress?.({
        read: Number(this.#journal.book.note(readNote) ?? this.#options.since),
        runs: this.#journal.runs.count(),
        counts,
        delivered: this.#delivery.state.delivered,
        trouble: this.#delivery.state.trouble?.message ?? null,
      });
      if (reached(counts)) return;
      await clock.sleep(lookMs, signal);
    }
  }

  #report(whole: boolean): BackfillReport {
    const { aside, unsent } = this.#journal.deliveries.counts('rest');
    const runs = this.#journal.runs.count();
    return { runs, sent: this.#fresh, unsent, aside: aside === 0 ? [] : this.#journal.deliveries.setAside(), whole };
  }
}

/** A sink that rests after each answer for as long as the answer took: the server is busy with others, too. */
function paced(sink: Sink, clock: Clock, told: (outcome: Outcome) => void): Sink {
  async function rested(work: () => Promise<Outcome>, isStart: boolean): Promise<Outcome> {
    const began = clock.monotonic();
    const outcome = await work();
    if (isStart) told(outcome);
    await clock.sleep(Math.min(clock.monotonic() - began, longestRestMs));
    return outcome;
  }
  return { ...sink, start: (run) => rested(() => sink.start(run), true), stop: (run) => rested(() => sink.stop(run), false) };
}
