import { Backoff, type Clock } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { Node } from '@sluice/slurm';
import type { RunJournal } from '../journal/run-journal.ts';
import type { ClusterObserver, Polled } from '../observe/cluster-observer.ts';
import { isTestedRelease, testedReleases } from '../observe/tested-releases.ts';
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
  /** Called after each reading of history. */
  readonly caughtUp: () => void;
  /** Called after each look at the controller. */
  readonly looked: () => void;
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
/** Milliseconds after which the requeue of a job ends its earlier run, if accounting says nothing of it. */
const requeuedMs = 60_000;

/** The periodic looks at one cluster: controller and accounting each at their own rhythm, so that either may be down. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly controller: Loop;
  readonly accounting: Loop;
  readonly #ends: Loop;
  /** Of the last look, or as an earlier process has kept them. */
  #nodes: readonly Node[] = [];
  #round = 0;
  #polled: Polled | undefined;
  /** Open runs of the last look whose ends accounting has not been asked for yet. */
  #missing: Polled['missing'] = [];

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
    this.#ends = new Loop({
      name: `ends of ${observer.cluster}`,
      clock,
      log,
      said,
      backoff: backoff(),
      work: (signal) => this.#askEnds(signal),
      meanwhile: 'accounting is asked again; starts go on through slurmctld',
    });
    const kept = options.journal.book.note(this.#name('nodes'));
    if (kept !== undefined) {
      this.#nodes = JSON.parse(kept) as readonly Node[];
      observer.assume({ nodes: this.#nodes });
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
    await Promise.all([this.controller.goOn(signal), this.accounting.run(signal), this.#ends.run(signal)]);
  }

  async #askRelease(): Promise<void> {
    const { observer, log } = this.#options;
    const before = observer.release;
    await observer.askRelease();
    const { release, cluster } = observer;
    if (release === null || release === before || isTestedRelease(release)) return;
    log.warn(
      { cluster, release },
      `Slurm ${release} of ${cluster} is none of the releases that Sluice is tested with (${testedReleases}); whether it understands this one says: sluice slurm check`,
    );
  }

  async #lookAtController(signal: AbortSignal): Promise<void> {
    const { observer, recorded, journal, nodesSeen, looked } = this.#options;
    // An upgrade shows as a failure first.
    if (observer.release === null || this.controller.failure !== null) await this.#askRelease();
    const nodes = await observer.askNodes();
    const changed = !isSameLayout(nodes, this.#nodes);
    if (changed) await journal.book.setNotes({ [this.#name('nodes')]: JSON.stringify(nodes.map(layoutOf)) });
    this.#nodes = nodes;
    this.#polled = await observer.pollController(signal);
    recorded();
    this.#missing = this.#polled.missing;
    if (this.#ends.failure === null) this.#ends.hurry();
    await nodesSeen(nodes, changed);
    looked();
  }

  /**
   * Asks accounting about open runs that the controller has not any more; rarely about those that nobody has known for long. It
   * does not hold up the looks at the controller.
   */
  async #askEnds(signal: AbortSignal): Promise<void> {
    const { observer, clock, recorded } = this.#options;
    const missing = this.#missing;
    if (missing.length === 0) return;
    this.#round++;
    const due = missing.filter(
      ({ missingMs }) => missingMs === null || clock.now() - missingMs < longMissingMs || this.#round % rarely === 0,
    );
    const long = due.filter(({ missingMs }) => missingMs !== null && clock.now() - missingMs > requeuedMs);
    // Asked first: what slurmctld has told slurmdbd by now is in the answer that follows.
    const complete = long.length > 0 && (await observer.accountingCompleteAt()) !== null;
    if (due.length > 0) await observer.askAccounting([...new Set(due.map(({ jobId }) => jobId))], signal);
    // Accounting has had its time to say it better.
    if (complete) await observer.endRequeued(long);
    if (this.#missing === missing) this.#missing = [];
    recorded();
  }

  async #lookAtAccounting(signal: AbortSignal): Promise<void> {
    const { observer, journal, clock, maxSpan, recorded } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    const completeAt = await observer.accountingCompleteAt();
    const earliest = now - maxSpan;
    const mark = this.watermark ?? readLastRun(this.#options.lastRunPath);
    // What a clock that has been set back says of earlier readings is worth nothing: all that may be asked is read again.
    if (mark !== null && mark > now) await this.#forgetMark(mark, earliest);
    const watermark = mark !== null && mark > now ? earliest : mark;
    const from = Math.max((watermark ?? earliest) - overlap, earliest);
    let gap = watermark !== null && watermark < earliest ? watermark : null;
    const passed = async (to: number) => {
      recorded();
      // Noted when accounting answers, so that an accounting that is away for long leaves one gap and not many.
      if (gap !== null) await this.#noteGap(gap, earliest);
      gap = null;
      // Nothing beyond what slurmctld has told slurmdbd counts as read.
      const upTo = Math.min(to, completeAt ?? watermark ?? from);
      if (upTo > (this.watermark ?? 0)) await journal.book.setNotes({ [this.#name('accounting')]: String(upTo) });
    };
    // What the next reading will not overlap, the one before has read.
    await observer.readHistory({ from, to: now, overlapped: now - from <= 2 * overlap }, passed, signal);
    this.#options.caughtUp();
  }

  async #forgetMark(mark: number, earliest: number): Promise<void> {
    const { journal, log, observer } = this.#options;
    log.warn(
      { cluster: observer.cluster },
      `history was read up to ${iso(mark)}, which is still to come: the clock was set back; it is read again from ${iso(earliest)}`,
    );
    await journal.book.setNotes({ [this.#name('accounting')]: String(earliest) });
  }

  async #noteGap(since: number, until: number): Promise<void> {
    const { observer, journal, log } = this.#options;
    const { cluster } = observer;
    if (this.watermark === null || this.watermark < until) await journal.book.setNotes({ [this.#name('accounting')]: String(until) });
    await journal.book.addGap({ cluster, since, until });
    const command = `sluice cc backfill --cluster ${cluster} --since ${iso(since)} --until ${iso(until)}`;
    log.warn(
      { cluster, seconds: until - since },
      `history before ${iso(until)} is not asked (slurmQueryMaxSpan); to bring it in: ${command}`,
    );
  }
}

/** When the controller of every cluster had been looked at, in milliseconds since the epoch; null before. */
export function lastLook(watches: readonly Pick<ClusterWatch, 'controller'>[]): number | null {
  const all = watches.map(({ controller }) => controller.doneMs ?? 0);
  return all.length === 0 || all.includes(0) ? null : Math.min(...all);
}

/** Nodes that the connector gives again are not looked at: most are what they were at the last look. */
function isSameLayout(nodes: readonly Node[], before: readonly Node[]): boolean {
  if (nodes.length !== before.length) return false;
  return nodes.every((node, index) => {
    const was = before[index];
    return node === was || (was !== undefined && JSON.stringify(layoutOf(node)) === JSON.stringify(layoutOf(was)));
  });
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
