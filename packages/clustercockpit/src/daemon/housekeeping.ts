import { existsSync } from 'node:fs';
import { type Clock, SluiceError } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { Spool } from '../hook/spool.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import { answerRequest, takeRequests } from '../requests/requests.ts';
import { type StatusNote, statusFormat, statusNote } from '../status/note.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import { writeLastRun } from './last-run.ts';

export interface HousekeepingOptions {
  readonly journal: RunJournal;
  readonly config: Pick<AdapterConfig, 'lastRunPath' | 'journalRetention' | 'ccCommitInterval'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly said: SaidOnce;
  readonly watches: () => readonly ClusterWatch[];
  readonly hooks: { readonly spool: Pick<Spool, 'fullSince' | 'clearFull'>; endQuiet(): void };
  /** In a dry run lastRunPath and requests belong to another daemon. */
  readonly dryRun?: boolean;
  /** Called when runs have fallen due that had not been. */
  readonly fellDue: () => void;
  /** Called when the journal has been written. */
  readonly noted: () => void;
  /** What the daemon says of itself, beside what is added here. */
  readonly status: () => Omit<StatusNote, 'format' | 'startedMs' | 'atMs' | 'stopped' | 'clusters' | 'problems'>;
}

const everyMs = 15_000;
/** Nothing waits longer for its turn, but for the server's commits. */
const longestWaitMs = 900_000;

/** Keeps lastRunPath, the journal's size and the note about the daemon up to date. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #startedMs: number;
  /** By how much the time of day was ahead of the clock that only goes on. */
  #aheadMs = Number.POSITIVE_INFINITY;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.once();
      await clock.sleep(everyMs, signal).catch(() => {});
    }
    await this.#try('status', () => this.#noteStatus(true));
  }

  /** Each of the works by itself: a lastRunPath that cannot be written keeps nothing else from being done. */
  async once(): Promise<void> {
    if (!this.#options.dryRun) {
      await this.#try('requests', () => this.#answerRequests());
      await this.#try('lastRunPath', () => this.#keepLastRun());
    }
    await this.#try('clock', () => this.#seeClock());
    await this.#try('purging', () => this.#purge());
    await this.#try('hooks', () => this.#seeHooks());
    await this.#try('status', () => this.#noteStatus(false));
  }

  async #try(what: string, work: () => Promise<void> | void): Promise<void> {
    const { said, log } = this.#options;
    try {
      await work();
      said.ends(`housekeeping ${what}`, `housekeeping (${what}) works again`);
    } catch (error) {
      if (!(error instanceof SluiceError)) log.error({ err: error }, `housekeeping (${what}) failed`);
      const hint = error instanceof SluiceError && error.hint !== undefined ? `. ${error.hint}` : '';
      said.begins(`housekeeping ${what}`, `${error instanceof Error ? error.message : String(error)}${hint}`);
    }
  }

  async #answerRequests(): Promise<void> {
    const { journal, log, fellDue } = this.#options;
    const refused = (file: string, reason: string) => log.warn(`${file} is no request and has been removed: ${reason}`);
    for (const request of takeRequests(journal.path, refused)) {
      const count = await answerRequest(journal, request);
      log.info({ count }, `${request.kind === 'retry' ? 'set aside and taken up again' : 'gaps filled'}: ${count}`);
      if (count > 0) fellDue();
    }
  }

  /** The time up to which everything that Slurm said has been delivered: cc-slurm-adapter would go on from there. */
  #keepLastRun(): void {
    const { journal, config, watches } = this.#options;
    const marks = watches().map(({ watermark }) => watermark);
    if (marks.length === 0 || marks.some((mark) => mark === null)) return;
    const oldest = journal.deliveries.oldestWaiting();
    writeLastRun(config.lastRunPath, Math.min(...marks.map(Number), oldest ?? Number.POSITIVE_INFINITY));
  }

  /** Events that found no room in the spool are made up for once controller and accounting have been read in whole since. */
  #seeHooks(): void {
    const { hooks, watches, said } = this.#options;
    hooks.endQuiet();
    const { spool } = hooks;
    const full = spool.fullSince();
    if (full === null) return;
    said.begins('spool full', 'the hook found no room in its spool; what it could not tell, the next looks at Slurm bring');
    if (watches().some(({ controller, accounting }) => Math.min(controller.doneMs ?? 0, accounting.doneMs ?? 0) <= full)) return;
    spool.clearFull();
    said.ends('spool full', 'Slurm has been read in whole since the spool was full');
  }

  /** What was noted before the clock was set back, now or while no daemon ran, would wait as long as it was set back. */
  async #seeClock(): Promise<void> {
    const { journal, config, clock, log, fellDue } = this.#options;
    const aheadMs = clock.now() - clock.monotonic();
    const setBack = this.#aheadMs - aheadMs > 1000;
    const latestMs = clock.now() + longestWaitMs + 2000 * config.ccCommitInterval;
    const count = setBack ? await journal.deliveries.bringForward(latestMs) : 0;
    this.#aheadMs = aheadMs;
    if (count === 0) return;
    log.warn({ count }, `the clock was set back: ${count} starts and stops that would have waited for it are sent now`);
    fellDue();
  }

  async #purge(): Promise<void> {
    const { journal, config, clock } = this.#options;
    const before = clock.now() - config.journalRetention * 1000;
    while ((await journal.purge(before)) > 0);
  }

  async #noteStatus(stopped: boolean): Promise<void> {
    const { journal, clock, status, said, watches } = this.#options;
    // SQLite goes on writing into a file that has no name any more.
    if (!existsSync(journal.path)) {
      throw new SluiceError('journal.unusable', `${journal.path} has been removed while the daemon runs: what it notes ends with it`, {
        hint: 'Start the daemon anew: it begins another journal, and asks Slurm and cc-backend for what it missed.',
      });
    }
    const clusters = watches().map(({ observer, controller, accounting, running, watermark }) => ({
      cluster: observer.cluster,
      slurm: observer.release,
      running,
      watermark,
      controller: { failure: controller.failure, doneMs: controller.doneMs },
      accounting: { failure: accounting.failure, doneMs: accounting.doneMs },
    }));
    const problems = [...said.lasting().values()].map(({ message, since, count }) => ({ message, since, count }));
    const own = { format: statusFormat, startedMs: this.#startedMs, atMs: clock.now(), stopped };
    const note: StatusNote = { ...status(), ...own, clusters, problems };
    await journal.book.setNotes({ [statusNote]: JSON.stringify(note) });
    this.#options.noted();
  }
}
