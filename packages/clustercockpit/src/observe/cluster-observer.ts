import { type Clock, isCode, SluiceError } from '@sluice/io';
import { type AccountedJob, type ActiveJob, type ActiveState, type Answer, isEnded, type JobDetails, type Node } from '@sluice/slurm';
import type { RunJournal } from '../journal/run-journal.ts';
import type { Ending, Recorded, Sighting } from '../journal/types.ts';
import { keyOf, type Run, type RunKey } from '../run.ts';
import { accountedFacts, readAccounted } from './accounted.ts';
import { environmentOf } from './environment.ts';
import type { SlurmReader } from './observe-cluster.ts';
import { cpusOfNodes, isBetween, observeActive, type Surroundings } from './seen.ts';

export interface ClusterObserverOptions {
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  readonly connector: SlurmReader;
  readonly journal: RunJournal;
  readonly clock: Clock;
  /** What is asked beside the allocation when a job starts. */
  readonly wants: { readonly script: boolean; readonly description: boolean; readonly environment: boolean };
  /** Told of what was recorded, and of records that could not be read. */
  readonly observe?: (heard: { readonly recorded: Recorded; readonly rejects: number }) => void;
}

/**
 * What the controller says of the job of an event: a run that goes on, one that has ended, that it waits (again), that its start or
 * end is not final, that it knows no such job, or nothing.
 */
export type EventAnswer = 'running' | 'ended' | 'pending' | 'not final' | 'gone' | 'unasked';

/** What a whole answer of the controller showed. */
export interface Polled {
  readonly running: number;
  /** Open runs that the controller does not have any more, by id of the journal. */
  readonly missing: readonly (RunKey & { readonly id: number; readonly missingMs: number | null })[];
}

/** Ids that are asked about together; a question about many holds up what happens meanwhile. */
const idsAtOnce = 100;
const accountingIdsAtOnce = 500;
/** Rows of history that are recorded together. */
const rowsAtOnce = 500;
/** Seconds for which slurmctld keeps an ended job at least, by default (MinJobAge, slurm.conf(5)). */
const lately = 300;
/** Seconds in which slurmctld may still be writing a row of accounting. */
export const settling = 20;

/** Observes one cluster: each method is one question, put into the journal. Errors: those of the connector and the journal. */
export class ClusterObserver {
  readonly #options: ClusterObserverOptions;
  #release: string | null = null;
  #nodes: readonly Node[] = [];
  #nodeCpus: ReadonlyMap<string, number> = new Map();
  /** Runs that were listed as running in cc-backend; nothing more is asked about how they started. */
  #standing: ReadonlySet<string> = new Set();

  constructor(options: ClusterObserverOptions) {
    this.#options = options;
  }

  get cluster(): string {
    return this.#options.cluster;
  }

  /** Slurm's release, as it was last asked for; null before. */
  get release(): string | null {
    return this.#release;
  }

  async askRelease(): Promise<void> {
    this.#release = (await this.#options.connector.controller.offers()).release.text;
  }

  /** The nodes of the last answer; empty before the first. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Takes over what an earlier process or a comparison knows. */
  assume(known: { readonly nodes?: readonly Node[]; readonly standing?: ReadonlySet<string> }): void {
    if (known.nodes) this.#keepNodes(known.nodes);
    if (known.standing) this.#standing = known.standing;
  }

  async askNodes(): Promise<readonly Node[]> {
    const { records } = await this.#options.connector.controller.nodes();
    this.#keepNodes(records);
    return records;
  }

  #keepNodes(nodes: readonly Node[]): void {
    this.#nodes = nodes;
    this.#nodeCpus = cpusOfNodes(nodes);
  }

  /**
   * All that the controller has, compared with the open runs: new ones are asked about and recorded, ends are noted. What
   * follows from absence is concluded only after a whole answer, and never is an end.
   */
  async pollController(signal?: AbortSignal): Promise<Polled> {
    const { cluster, connector, journal } = this.#options;
    const running = new Map<number, number>();
    const fresh = new Set<number>();
    const endings: Ending[] = [];
    const askedMs = this.#options.clock.now();
    for await (const piece of connector.controller.activeStates()) {
      signal?.throwIfAborted();
      if (piece.kind === 'rejects') this.#options.observe?.({ recorded: { started: 0, ended: 0 }, rejects: piece.rejects.length });
      if (piece.kind !== 'records') continue;
      const resizedFrom = journal.runs.resizesOf(cluster);
      for (const state of piece.records) {
        const start = state.start === null ? null : (resizedFrom(state.jobId, state.start) ?? state.start);
        this.#sort(start === state.start ? state : { ...state, start }, running, fresh, endings);
      }
    }
    const inAll = running.size;
    await this.#record([], endings);
    const missing: Polled['missing'][number][] = [];
    const back: number[] = [];
    for (const run of journal.runs.openRuns(cluster, askedMs)) {
      if (running.get(run.jobId) !== run.start) {
        missing.push({ ...run, cluster });
        continue;
      }
      if (run.complete) running.delete(run.jobId);
      if (run.missingMs !== null) back.push(run.id);
    }
    await journal.runs.markMissing(
      missing.map(({ id }) => id),
      back,
    );
    await this.#recordStanding(running);
    for (const jobId of running.keys()) fresh.add(jobId);
    for (const ids of chunks([...fresh], idsAtOnce)) {
      signal?.throwIfAborted();
      await this.askEvents(ids);
    }
    return { running: inAll, missing };
  }

  /** What one row of the controller means: a run that runs, an end, or a job that has to be asked about. */
  #sort(state: ActiveState, running: Map<number, number>, fresh: Set<number>, endings: Ending[]): void {
    const { cluster, journal } = this.#options;
    const { jobId, start, end } = state;
    if (start === null || state.state.base === 'PENDING' || hasFlag(state, 'REVOKED')) return;
    // A known run goes on until somebody says how it ended; what is not known yet does not begin like this.
    if (isBetween(state) && journal.runs.stateOf({ cluster, jobId, start }) === undefined) return;
    if (!isEnded(state.state)) {
      running.set(jobId, start);
      return;
    }
    if (end === null) return;
    const known = journal.runs.stateOf({ cluster, jobId, start });
    if (known === undefined || !known.complete) fresh.add(jobId);
    else if (!known.ended) endings.push({ cluster, jobId, start, ended: { time: end, state: state.state.base } });
  }

  /** Runs that cc-backend has already need no question; what is sent of them is their end alone. */
  async #recordStanding(running: Map<number, number>): Promise<void> {
    const { cluster } = this.#options;
    const sightings: Sighting[] = [];
    for (const [jobId, start] of running) {
      if (!this.#standing.has(keyOf({ cluster, jobId, start }))) continue;
      sightings.push({ run: bareRun({ cluster, jobId, start }), complete: true, backlog: true, stands: 'start' });
      running.delete(jobId);
    }
    await this.#record(sightings);
  }

  /** Asks the controller about jobs that began or ended, and records what it says. One answer per id. */
  async askEvents(jobIds: readonly number[]): Promise<ReadonlyMap<number, EventAnswer>> {
    const { connector, wants } = this.#options;
    let answers: ReadonlyMap<number, Answer<JobDetails>>;
    const known = new Map<number, Ending | null>();
    const bare = (job: ActiveJob): boolean => {
      const is = this.#knownRun(job);
      if (is !== undefined) known.set(job.jobId, is);
      return is !== undefined;
    };
    try {
      const { script, description } = wants;
      answers = await connector.controller.details(jobIds, { script, description, bare });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return new Map(jobIds.map((id) => [id, 'unasked']));
    }
    const sightings: Sighting[] = [];
    const again: Sighting[] = [];
    const endings: Ending[] = [];
    const heard = new Map<number, EventAnswer>();
    for (const [jobId, answer] of answers) {
      if (answer.kind !== 'known') {
        heard.set(jobId, answer.kind);
        continue;
      }
      const ending = known.get(jobId);
      if (ending !== undefined) {
        heard.set(jobId, ending ? 'ended' : 'running');
        if (ending) endings.push(ending);
        continue;
      }
      const run = await this.#runOf(answer.value);
      heard.set(jobId, heardOf(answer.value.job, run));
      if (run) (this.#missedEarlier(run, answer.value.job) ? again : sightings).push({ run, complete: true, backlog: false });
    }
    await this.#record(sightings, endings);
    await this.#askEarlier(again);
    await this.#record(again);
    return heard;
  }

  /** Of a job whose run is known in full: how it ended, or null while it goes on. Undefined of any other job. */
  #knownRun({ cluster, jobId, start, end, ...job }: ActiveJob): Ending | null | undefined {
    if (start === null || job.state.base === 'PENDING' || isBetween(job) || hasFlag(job, 'REVOKED')) return undefined;
    if (isEnded(job.state) && end === null) return undefined;
    if (!this.#options.journal.runs.stateOf({ cluster, jobId, start })?.complete) return undefined;
    return isEnded(job.state) && end !== null ? { cluster, jobId, start, ended: { time: end, state: job.state.base } } : null;
  }

  /** Whether a job ran before and nobody was there to see it. */
  #missedEarlier(run: Run, { restarts }: ActiveJob): boolean {
    return (restarts ?? 0) > 0 && !this.#options.journal.runs.knowsUpTo(run);
  }

  /** The runs of requeued jobs are told in their order, for cc-backend keeps one of them; the controller knows the last one only. */
  async #askEarlier(sightings: readonly Sighting[]): Promise<void> {
    if (sightings.length === 0) return;
    const starts = new Map(sightings.map(({ run }) => [run.jobId, run.start]));
    try {
      // Only the earlier ones: of the last run the controller has just said more than accounting will.
      await this.#askAbout([...starts.keys()], ({ jobId, start }) => start !== null && start < (starts.get(jobId) ?? 0));
    } catch (error) {
      // While accounting is away the run that is known goes first.
      if (!(error instanceof SluiceError)) throw error;
    }
  }

  async #runOf({ job, allocation, script, description }: JobDetails): Promise<Run | undefined> {
    const around: Surroundings = {
      allocations: new Map(allocation === null || job.start === null ? [] : [[keyOf({ ...job, start: job.start }), allocation]]),
      nodeCpus: this.#nodeCpus,
    };
    const seen = observeActive(job, around);
    if (!('run' in seen)) return undefined;
    const { connector, wants } = this.#options;
    return { ...seen.run, script, description, environment: wants.environment ? await environmentOf(connector, job.jobId) : null };
  }

  /**
   * Asks accounting about open runs that the controller does not have any more, and about jobs of events that it never showed.
   * Ends come from rows that have one; that a row is absent means nothing. A run that nobody has seen and that ended just now is left
   * to the next reading of history, which asks the controller about it first: its row may still stand there by halves.
   */
  askAccounting(jobIds: readonly number[], signal?: AbortSignal): Promise<void> {
    const settled = this.#settled();
    return this.#askAbout(jobIds, (row) => this.#isSafe(row, settled), signal);
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

  async #askAbout(jobIds: readonly number[], wanted: (row: AccountedJob) => boolean, signal?: AbortSignal): Promise<void> {
    for (const ids of chunks(jobIds, accountingIdsAtOnce)) {
      const rows: AccountedJob[] = [];
      for await (const piece of this.#options.connector.accounting.jobsById(ids, signal ? { signal } : {})) {
        if (piece.kind === 'records') rows.push(...piece.records);
        if (piece.kind === 'rejects') this.#options.observe?.({ recorded: { started: 0, ended: 0 }, rejects: piece.rejects.length });
      }
      await this.#recordAccounted(rows.filter((row) => row.cluster === this.cluster && wanted(row)));
    }
  }

  /**
   * Ends open runs of which accounting has nothing, though their job has begun again since: what ended them is the requeue. A
   * slurmctld under load may lose the row of the earlier run (seen on 22.05); nobody would ever say how it ended.
   */
  async endRequeued(missing: readonly RunKey[]): Promise<void> {
    const { runs } = this.#options.journal;
    const endings = missing.flatMap(({ cluster, jobId, start }): Ending[] => {
      const time = runs.stateOf({ cluster, jobId, start })?.ended === false ? runs.requeuedAt({ cluster, jobId, start }) : undefined;
      return time === undefined ? [] : [{ cluster, jobId, start, ended: { time, state: 'REQUEUED' } }];
    });
    await this.#record([], endings);
  }

  /**
   * Reads the history of a span (seconds, both ends included). `passed` is told after each part of which everything is in the
   * journal, but for unseen runs that ended within the last {@link settling} seconds and that the controller does not know: the next
   * reading is to overlap this one by more than that.
   */
  async readHistory(
    span: { readonly from: number; readonly to: number },
    passed: (to: number) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const query = { ...span, clusters: [this.cluster], facts: accountedFacts, ...(signal ? { signal } : {}) };
    let rows: AccountedJob[] = [];
    for await (const piece of this.#options.connector.accounting.endedJobs(query)) {
      if (piece.kind === 'rejects') this.#options.observe?.({ recorded: { started: 0, ended: 0 }, rejects: piece.rejects.length });
      if (piece.kind === 'records') rows.push(...piece.records);
      // A commit waits for the disk, whatever it holds.
      if (rows.length >= rowsAtOnce || (piece.kind === 'slice' && rows.length > 0)) {
        const settled = this.#settled();
        await this.#askLateEnds(rows, signal);
        await this.#recordAccounted(rows.filter((row) => this.#isSafe(row, settled)));
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
    const { runs } = this.#options.journal;
    const since = this.#options.clock.now() / 1000 - lately;
    const unseen = rows.flatMap(({ cluster, jobId, start, end }) => {
      if (start === null || end === null || end < since) return [];
      const run = { cluster, jobId, start: runs.resizedFrom(cluster, jobId, start) ?? start };
      return runs.stateOf(run) === undefined ? [jobId] : [];
    });
    for (const ids of chunks([...new Set(unseen)], idsAtOnce)) {
      signal?.throwIfAborted();
      await this.askEvents(ids);
    }
  }

  async #recordAccounted(rows: readonly AccountedJob[]): Promise<void> {
    const { journal } = this.#options;
    const around = { allocations: new Map(), nodeCpus: this.#nodeCpus };
    const resizedFrom = journal.runs.resizesOf(this.cluster);
    const { sightings, resizes } = readAccounted(rows, around, (_, jobId, start) => resizedFrom(jobId, start));
    const recorded = await journal.runs.record(
      sightings.map((sighting) => (this.#standing.has(keyOf(sighting.run)) ? { ...sighting, stands: 'start' } : sighting)),
      { resizes },
    );
    this.#options.observe?.({ recorded, rejects: 0 });
  }

  async #record(sightings: readonly Sighting[], endings: readonly Ending[] = []): Promise<void> {
    if (sightings.length + endings.length === 0) return;
    const recorded = await this.#options.journal.runs.record(sightings, { endings });
    this.#options.observe?.({ recorded, rejects: 0 });
  }

  /**
   * How far accounting is known to be complete: now, while slurmctld has nothing to tell it; null while it has, or cannot
   * be asked (slurm.md §9.7).
   */
  async accountingCompleteAt(): Promise<number | null> {
    const now = Math.floor(this.#options.clock.now() / 1000);
    try {
      const { dbdAgentQueue } = await this.#options.connector.controller.diagnostics();
      return dbdAgentQueue === 0 ? now : null;
    } catch (error) {
      if (error instanceof SluiceError && !isCode(error, 'internal')) return null;
      throw error;
    }
  }
}

function heardOf(job: ActiveJob, run: Run | undefined): EventAnswer {
  if (run) return run.ended ? 'ended' : 'running';
  return job.state.base === 'PENDING' ? 'pending' : 'not final';
}

function hasFlag({ state }: Pick<ActiveState, 'state'>, ...flags: readonly string[]): boolean {
  return state.flags.some((flag) => flags.includes(flag));
}

/** A run of which nothing needs to be known but that it is. */
function bareRun(key: RunKey): Run {
  return {
    ...key,
    ended: null,
    submit: null,
    user: '',
    account: '',
    partition: '',
    name: '',
    arrayJobId: null,
    nodes: [],
    cpus: 0,
    gpus: 0,
    walltime: null,
    whole: null,
    allocation: null,
    script: null,
    description: null,
  };
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[], void> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
