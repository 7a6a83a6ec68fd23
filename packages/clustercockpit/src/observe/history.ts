import { type Clock, isCode, SluiceError } from '@sluice/io';
import type { AccountedJob, EndedJobsQuery } from '@sluice/slurm';
import type { RunJournal } from '../journal/run-journal.ts';
import type { Ending, Recorded } from '../journal/types.ts';
import { keyOf, type RunKey } from '../run.ts';
import { accountedFacts, readAccounted } from './accounted.ts';
import { chunks } from './chunks.ts';
import type { SlurmReader } from './slurm-reader.ts';

/** What of history is read: seconds, both ends included. */
export type Span = Pick<EndedJobsQuery, 'from' | 'to' | 'overlapped'>;

export interface HistoryOptions {
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  readonly connector: SlurmReader;
  readonly journal: RunJournal;
  readonly clock: Clock;
  /** CPUs that jobs can have on each node, as far as known. */
  readonly nodeCpus: () => ReadonlyMap<string, number>;
  /** Keys of the runs that run in cc-backend already. */
  readonly standing: () => ReadonlySet<string>;
  /** Asks the controller about jobs, however many, and records what it says. */
  readonly askController: (jobIds: ReadonlySet<number>, signal?: AbortSignal) => Promise<void>;
  readonly observe?: ((heard: { readonly recorded: Recorded; readonly rejects: number }) => void) | undefined;
}

const accountingIdsAtOnce = 500;
/** Rows of history that are recorded together; so long the event loop waits. */
const rowsAtOnce = 500;
/** Seconds for which slurmctld keeps an ended job at least, by default (MinJobAge, slurm.conf(5)). */
const lately = 300;
/** Seconds in which slurmctld may still be writing a row of accounting. */
export const settling = 20;

/** What accounting says of one cluster, put into the journal. Errors: those of the connector and the journal. */
export class History {
  readonly #options: HistoryOptions;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /**
   * Asks about open runs that the controller does not have any more, and about jobs of events that it never showed. Ends come from
   * rows that have one; that a row is absent means nothing. A run that nobody has seen and that ended just now is left to the next
   * reading, which asks the controller about it first: its row may still stand there by halves.
   */
  ask(jobIds: readonly number[], signal?: AbortSignal): Promise<void> {
    const settled = this.#settled();
    return this.askOf(jobIds, (row) => this.#isSafe(row, settled), signal);
  }

  /** Asks about jobs, and records of them the rows that are wanted. */
  async askOf(jobIds: readonly number[], wanted: (row: AccountedJob) => boolean, signal?: AbortSignal): Promise<void> {
    const { cluster, connector } = this.#options;
    for (const ids of chunks(jobIds, accountingIdsAtOnce)) {
      const rows: AccountedJob[] = [];
      for await (const piece of connector.accounting.jobsById(ids, signal ? { signal } : {})) {
        if (piece.kind === 'records') rows.push(...piece.records);
        if (piece.kind === 'rejects') this.#rejected(piece.rejects.length);
      }
      await this.#record(rows.filter((row) => row.cluster === cluster && wanted(row)));
    }
  }

  /** Ends before this second stand in accounting as they will. */
  #settled(): number {
    return this.#options.clock.now() / 1000 - settling;
  }

  /** Whether a row is whole, or tells of a run of which everything but the end is known. */
  #isSafe({ cluster, jobId, start, end }: AccountedJob, settled: number): boolean {
    if (start === null || end === null || end < settled) return true;
    const { runs } = this.#options.journal;
    return runs.stateOf({ cluster, jobId, start: runs.resizedFrom(cluster, jobId, start) ?? start }) !== undefined;
  }

  /**
   * Ends open runs of which accounting has nothing, though their job has begun again since: what ended them is the requeue. A
   * slurmctld under load may lose the row of the earlier run (seen on 22.05); nobody would ever say how it ended.
   */
  async endRequeued(missing: readonly RunKey[]): Promise<void> {
    const { journal, observe } = this.#options;
    const endings = missing.flatMap(({ cluster, jobId, start }): Ending[] => {
      const key = { cluster, jobId, start };
      const time = journal.runs.stateOf(key)?.ended === false ? journal.runs.requeuedAt(key) : undefined;
      return time === undefined ? [] : [{ ...key, ended: { time, state: 'REQUEUED' } }];
    });
    if (endings.length === 0) return;
    const recorded = await journal.runs.record([], { endings });
    observe?.({ recorded, rejects: 0 });
  }

  /**
   * Reads a span. `passed` is told after each part of which everything is in the journal, but for unseen runs that ended within
   * the last {@link settling} seconds and that the controller does not know: the next reading is to overlap this one by more. What `passed` commits brings what was recorded before it to the disk, too.
   */
  async read(span: Span, passed: (to: number) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const { cluster, connector } = this.#options;
    const query = { ...span, clusters: [cluster], facts: accountedFacts, ...(signal ? { signal } : {}) };
    let rows: AccountedJob[] = [];
    for await (const piece of connector.accounting.endedJobs(query)) {
      if (piece.kind === 'rejects') this.#rejected(piece.rejects.length);
      if (piece.kind === 'records') rows.push(...piece.records);
      if (rows.length >= rowsAtOnce || (piece.kind === 'slice' && rows.length > 0)) {
        const settled = this.#settled();
        await this.#askLateEnds(rows, signal);
        await this.#record(
          rows.filter((row) => this.#isSafe(row, settled)),
          true,
        );
        rows = [];
      }
      if (piece.kind === 'slice') await passed(piece.to);
    }
  }

  /**
   * Asks the controller about runs that ended lately and that nobody has seen: it still knows them better. After a restart of
   * slurmctld a row of accounting may stand there by halves for a moment, with one of two nodes and no name (seen on 22.05).
   */
  async #askLateEnds(rows: readonly AccountedJob[], signal: AbortSignal | undefined): Promise<void> {
    const { journal, clock, askController } = this.#options;
    const since = clock.now() / 1000 - lately;
    const unseen = new Set<number>();
    for (const { cluster, jobId, start, end } of rows) {
      if (start === null || end === null || end < since) continue;
      const run = { cluster, jobId, start: journal.runs.resizedFrom(cluster, jobId, start) ?? start };
      if (journal.runs.stateOf(run) === undefined) unseen.add(jobId);
    }
    await askController(unseen, signal);
  }

  async #record(rows: readonly AccountedJob[], repeatable = false): Promise<void> {
    const { journal, cluster, nodeCpus, observe } = this.#options;
    const around = { allocations: new Map(), nodeCpus: nodeCpus() };
    const resizedFrom = journal.runs.resizesOf(cluster);
    const { sightings, resizes } = readAccounted(rows, around, (_, jobId, start) => resizedFrom(jobId, start));
    const standing = this.#options.standing();
    const told =
      standing.size === 0
        ? sightings
        : sightings.map((sighting) => (standing.has(keyOf(sighting.run)) ? { ...sighting, stands: 'start' as const } : sighting));
    const recorded = await journal.runs.record(told, { resizes, repeatable });
    observe?.({ recorded, rejects: 0 });
  }

  #rejected(count: number): void {
    this.#options.observe?.({ recorded: { started: 0, ended: 0 }, rejects: count });
  }

  /**
   * How far accounting is known to be complete: now, while slurmctld has nothing to tell it; null while it has, or cannot
   * be asked (slurm.md §9.7).
   */
  async completeAt(): Promise<number | null> {
    const { clock, connector } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    try {
      const { dbdAgentQueue } = await connector.controller.diagnostics();
      return dbdAgentQueue === 0 ? now : null;
    } catch (error) {
      if (error instanceof SluiceError && !isCode(error, 'internal')) return null;
      throw error;
    }
  }
}
