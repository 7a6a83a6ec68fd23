import { Backoff, type Clock } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { RunJournal } from '../journal/run-journal.ts';
import type { ClusterObserver, Polled } from '../observe/cluster-observer.ts';
import { readLastRun } from './last-run.ts';
import { Loop } from './loop.ts';

export interface ClusterWatchOptions {
  readonly observer: ClusterObserver;
  readonly journal: RunJournal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Milliseconds between two looks at the controller and at accounting. */
  readonly pollMs: number;
  /** How far back accounting is asked, in seconds. */
  readonly maxSpan: number;
  readonly lastRunPath: string;
  /** Called after something was recorded. */
  readonly recorded: () => void;
  /** Called with all nodes after each look; `changed` when their layout is not what it was. */
  readonly nodesSeen: (nodes: readonly Node[], changed: boolean) => Promise<void>;
}

/** Longest wait for a Slurm that does not answer: when it is back it is to be seen soon. */
const longestPauseMs = 60_000;
/**
 * Seconds by which one reading of accounting overlaps the one before: a record comes to slurmdbd seconds after the fact, and longer
 * delays hold the watermark (slurm.md §9.7).
 */
const overlap = 120;
/** Milliseconds after which accounting is asked less often about a run that nobody knows any more. */
const longMissingMs = 600_000;
const rarely = 10;

/** The periodic looks at one cluster: controller and accounting each at their own rhythm, so that either may be down. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly controller: Loop;
  readonly accounting: Loop;
  #layout = '';
  #round = 0;
  #polled: Polled | undefined;

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    const { clock, log, said, random, pollMs, observer } = options;
    const backoff = () => new Backoff({ intervalMs: pollMs, maxMs: Math.max(longestPauseMs, pollMs), random });
    this.controller = new Loop({
      name: `slurmctld of ${observer.cluster}`,
      clock,
      log,
      said,
      backoff: backoff(),
      work: (signal) => this.#lookAtController(signal),
      meanwhile: 'no job is taken for ended because of it; accounting is asked further',
    });
    this.accounting = new Loop({
      name: `accounting of ${observer.cluster}`,
      clock,
      log,
      said,
      backoff: backoff(),
      work: (signal) => this.#lookAtAccounting(signal),
      meanwhile: 'starts and ends go on through slurmctld; the rest follows when it answers',
    });
    const kept = options.journal.book.note(this.#name('nodes'));
    if (kept !== undefined) {
      this.#layout = kept;
      observer.assume({ nodes: JSON.parse(kept) as readonly Node[] });
    }
  }

  get observer(): ClusterObserver {
    return this.#options.observer;
  }

  /** Running jobs at the last look, or null before the first. */
  get running(): number | null {
    return this.#polled?.running ?? null;
  }

  /** Up to when accounting has been read in whole, in seconds since the epoch; null before the first time. */
  get watermark(): number | null {
    const note = this.#options.journal.book.note(this.#name('accounting'));
    return note === undefined ? null : Number(note);
  }

  #name(what: string): string {
    return `${what}/${this.#options.observer.cluster}`;
  }

  /** Looks at the controller first: what it still knows of the jobs of the first history is worth more than history. */
  async run(signal: AbortSignal): Promise<void> {
    await this.controller.once(signal);
    await Promise.all([this.controller.run(signal), this.accounting.run(signal)]);
  }

  async #lookAtController(signal: AbortSignal): Promise<void> {
    const { observer, recorded, journal, nodesSeen } = this.#options;
    // An upgrade shows as a failure first.
    if (observer.release === null || this.controller.failure !== null) await observer.askRelease();
    const nodes = await observer.askNodes();
    const layout = JSON.stringify(nodes.map(layoutOf));
    const changed = layout !== this.#layout;
    if (changed) {
      await journal.book.setNotes({ [this.#name('nodes')]: layout });
      this.#layout = layout;
    }
    this.#polled = await observer.pollController(signal);
    recorded();
    await this.#followMissing(this.#polled, signal);
    await nodesSeen(nodes, changed);
  }

  /** Asks accounting about open runs that the controller has not any more; rarely about those that nobody has known for long. */
  async #followMissing({ missing }: Polled, signal: AbortSignal): Promise<void> {
    const { observer, clock, said, recorded } = this.#options;
    this.#round++;
    const due = missing.filter(
      ({ missingMs }) => missingMs === null || clock.now() - missingMs < longMissingMs || this.#round % rarely === 0,
    );
    if (due.length === 0) return;
    try {
      await observer.askAccounting([...new Set(due.map(({ jobId }) => jobId))], signal);
      recorded();
    } catch (error) {
      if (signal.aborted) throw error;
      // Accounting has a loop of its own, which says what is wrong with it.
      said.begins(`ends of ${observer.cluster}`, `the ends of ${due.length} jobs cannot be asked of accounting: ${String(error)}`);
      return;
    }
    said.ends(`ends of ${observer.cluster}`, 'accounting answers about ends again');
  }

  async #lookAtAccounting(signal: AbortSignal): Promise<void> {
    const { observer, journal, clock, maxSpan, recorded } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    const completeAt = await observer.accountingCompleteAt();
    const watermark = this.watermark ?? readLastRun(this.#options.lastRunPath);
    const earliest = now - maxSpan;
    if (watermark !== null && watermark < earliest) await this.#noteGap(watermark, earliest);
    const from = Math.max((watermark ?? earliest) - overlap, earliest);
    const passed = async (to: number) => {
      recorded();
      // Nothing beyond what slurmctld has told slurmdbd counts as read.
      const upTo = Math.min(to, completeAt ?? watermark ?? from);
      if (upTo > (this.watermark ?? 0)) await journal.book.setNotes({ [this.#name('accounting')]: String(upTo) });
    };
    await observer.readHistory({ from, to: now }, passed, signal);
  }

  async #noteGap(since: number, until: number): Promise<void> {
    const { observer, journal, log } = this.#options;
    const { cluster } = observer;
    if (this.watermark === null || this.watermark < until) await journal.book.setNotes({ [this.#name('accounting')]: String(until) });
    await journal.book.addGap({ cluster, since, until });
    const command = `sluice cc backfill --since ${iso(since)} --until ${iso(until)}`;
    log.warn(
      { cluster, seconds: until - since },
      `history before ${iso(until)} is not asked (slurmQueryMaxSpan); to bring it in: ${command}`,
    );
  }
}

/** What deciding needs of a node, and nothing that changes with the load. */
function layoutOf(node: Node): Node {
  const none = { total: 0, allocated: 0 };
  return {
    ...node,
    state: '',
    flags: [],
    reason: '',
    partitions: [],
    features: [],
    cpus: { total: node.cpus.total, allocated: 0 },
    memoryMiB: { ...none, free: null },
    gres: { total: node.gres.total, used: [] },
    tres: { total: node.tres.total, allocated: {} },
    version: null,
  };
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
