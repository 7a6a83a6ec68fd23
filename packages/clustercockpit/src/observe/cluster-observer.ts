import { type Clock, isCode, SluiceError } from '@sluice/io';
import { type ActiveJob, type ActiveState, type Answer, isEnded, type JobDetails, type Node } from '@sluice/slurm';
import type { RunJournal } from '../journal/run-journal.ts';
import type { Ending, Recorded, Sighting } from '../journal/types.ts';
import { keyOf, type Run, type RunKey } from '../run.ts';
import { chunks } from './chunks.ts';
import { environmentOf } from './environment.ts';
import { History, type Span } from './history.ts';
import { cpusOfNodes, isBetween, observeActive, type Surroundings } from './seen.ts';
import type { SlurmReader } from './slurm-reader.ts';

export interface ClusterObserverOptions {
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  readonly connector: SlurmReader;
  readonly journal: RunJournal;
  readonly clock: Clock;
  /** What is asked beside the allocation when a job starts. */
  readonly wants: () => { readonly script: boolean; readonly description: boolean; readonly environment: boolean };
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
/** So many are no event any more: one question about all jobs is kinder to slurmctld, and several times cheaper for us. */
const manyIds = 200;

/** Observes one cluster: each method is one question, put into the journal. Errors: those of the connector and the journal. */
export class ClusterObserver {
  readonly #options: ClusterObserverOptions;
  readonly #history: History;
  #release: string | null = null;
  #nodes: readonly Node[] = [];
  #nodeCpus: ReadonlyMap<string, number> = new Map();
  /** Runs that were listed as running in cc-backend; nothing more is asked about how they started. */
  #standing: ReadonlySet<string> = new Set();

  constructor(options: ClusterObserverOptions) {
    this.#options = options;
    const { cluster, connector, journal, clock, observe } = options;
    this.#history = new History({
      ...{ cluster, connector, journal, clock, observe },
      nodeCpus: () => this.#nodeCpus,
      standing: () => this.#standing,
      askController: (jobIds, signal) => this.#askAbout(jobIds, signal),
    });
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
    if (nodes === this.#nodes) return;
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
    await this.#askAbout(fresh, signal);
    return { running: inAll, missing };
  }

  /** Asks the controller about jobs however many they are, and records what it says. */
  async #askAbout(jobIds: ReadonlySet<number>, signal?: AbortSignal): Promise<void> {
    const told = jobIds.size < manyIds ? new Set<number>() : await this.#askTogether(jobIds, signal);
    const others = told.size === 0 ? [...jobIds] : [...jobIds].filter((jobId) => !told.has(jobId));
    for (const ids of chunks(others, idsAtOnce)) {
      signal?.throwIfAborted();
      await this.askEvents(ids);
    }
  }

  /** Those that were told of in one question about many; what it leaves open, or fails at, is asked as usual. */
  async #askTogether(jobIds: ReadonlySet<number>, signal: AbortSignal | undefined): Promise<ReadonlySet<number>> {
    const { connector, wants } = this.#options;
    const { script, description } = wants();
    const told = new Set<number>();
    try {
      for await (const details of connector.controller.detailsOfMany(jobIds, { script, description })) {
        signal?.throwIfAborted();
        await this.#take([...details.values()]);
        for (const jobId of details.keys()) told.add(jobId);
      }
    } catch (error) {
      if (!(error instanceof SluiceError) || isCode(error, 'slurm.unreachable')) throw error;
    }
    return told;
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
      const { script, description } = wants();
      answers = await connector.controller.details(jobIds, { script, description, bare });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return new Map(jobIds.map((id) => [id, 'unasked']));
    }
    const unknown: JobDetails[] = [];
    const endings: Ending[] = [];
    const heard = new Map<number, EventAnswer>();
    for (const [jobId, answer] of answers) {
      const ending = known.get(jobId);
      if (answer.kind !== 'known') heard.set(jobId, answer.kind);
      else if (ending === undefined) unknown.push(answer.value);
      else heard.set(jobId, ending ? 'ended' : 'running');
      if (ending) endings.push(ending);
    }
    for (const [jobId, what] of await this.#take(unknown, endings)) heard.set(jobId, what);
    return heard;
  }

  /** Records what the controller says of jobs, with ends of others; and what it means for each. */
  async #take(details: readonly JobDetails[], endings: readonly Ending[] = []): Promise<ReadonlyMap<number, EventAnswer>> {
    const sightings: Sighting[] = [];
    const again: Sighting[] = [];
    const heard = new Map<number, EventAnswer>();
    for (const one of details) {
      const run = await this.#runOf(one);
      heard.set(one.job.jobId, heardOf(one.job, run));
      if (run) (this.#missedEarlier(run, one.job) ? again : sightings).push({ run, complete: true, backlog: false });
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
      await this.#history.askOf([...starts.keys()], ({ jobId, start }) => start !== null && start < (starts.get(jobId) ?? 0));
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
    return { ...seen.run, script, description, environment: wants().environment ? await environmentOf(connector, job.jobId) : null };
  }

  /** {@link History.ask}. */
  askAccounting(jobIds: readonly number[], signal?: AbortSignal): Promise<void> {
    return this.#history.ask(jobIds, signal);
  }

  /** {@link History.endRequeued}. */
  endRequeued(missing: readonly RunKey[]): Promise<void> {
    return this.#history.endRequeued(missing);
  }

  /** {@link History.read}. */
  readHistory(span: Span, passed: (to: number) => Promise<void>, signal?: AbortSignal): Promise<void> {
    return this.#history.read(span, passed, signal);
  }

  /** {@link History.completeAt}. */
  accountingCompleteAt(): Promise<number | null> {
    return this.#history.completeAt();
  }

  async #record(sightings: readonly Sighting[], endings: readonly Ending[] = []): Promise<void> {
    if (sightings.length + endings.length === 0) return;
    const recorded = await this.#options.journal.runs.record(sightings, { endings });
    this.#options.observe?.({ recorded, rejects: 0 });
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
