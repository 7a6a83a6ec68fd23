import { isCode, SluiceError } from '@sluice/io';
import type { Answer, Connector, Node, Reject } from '@sluice/slurm';
import type { CcBackendClient, Written } from './cc-backend-client.ts';
import { decideStart, decideStop, type Privacy } from './decide.ts';
import { mergeRuns, type NoRun, observeActive, observeEnded, type Seen, type Surroundings, surroundings } from './observe.ts';
import type { GpuAddresses, Numbering } from './resources.ts';
import { keyOf, type Run } from './run.ts';
import { type CcCluster, topologiesOf } from './topology.ts';

/** The facets that are asked; this door changes nothing in Slurm. */
export type SlurmReader = Pick<Connector, 'accounting' | 'controller'>;

export interface SyncOptions {
  /** Ended jobs are asked of accounting by their end, within these two times (seconds). */
  readonly from: number;
  readonly to: number;
  /** What cc-backend says of its clusters; hwthreads and accelerators are named where its topology fits Slurm's. */
  readonly clusters: readonly CcCluster[];
  readonly gpuAddresses: readonly GpuAddresses[];
  readonly privacy: Privacy;
  /** Starts of runs that are known to stand in cc-backend are not sent again. */
  readonly standing?: (run: Run) => boolean;
  readonly signal?: AbortSignal;
}

/** A run for which something could not be done. */
export interface Failure {
  readonly run: Run;
  readonly what: 'start' | 'stop';
  readonly reason: string;
}

/** What one pass came to. Each count is of runs; `problems` are questions to Slurm that had no answer. */
export interface SyncReport {
  readonly observed: readonly Run[];
  readonly started: readonly Run[];
  readonly stopped: readonly Run[];
  /** Starts and stops that stood in cc-backend already. */
  readonly there: number;
  /** Records that are no run, by reason. */
  readonly skipped: ReadonlyMap<NoRun, number>;
  readonly failed: readonly Failure[];
  readonly rejects: readonly Reject[];
  readonly problems: readonly SluiceError[];
}

/** What Slurm says at one moment. */
export interface Observation {
  readonly runs: readonly Run[];
  /** Empty when the controller could not be asked. */
  readonly nodes: readonly Node[];
  readonly skipped: ReadonlyMap<NoRun, number>;
  readonly rejects: readonly Reject[];
  readonly problems: readonly SluiceError[];
}

/**
 * Observes once and delivers what was seen: every running run's start, and start and stop of every run that ended in the
 * window. All writes may be repeated. One run's failure holds up no other; a server that cannot be reached or refuses the
 * token ends the pass with its error.
 */
export async function syncOnce(connector: SlurmReader, client: CcBackendClient, options: SyncOptions): Promise<SyncReport> {
  const observation = await observe(connector, options);
  const { runs, nodes, skipped, rejects, problems } = observation;
  const delivered = await deliver(client, runs, { ...options, numbering: numberingOf(nodes, options) });
  return { observed: runs, skipped, rejects, problems, ...delivered };
}

function numberingOf(nodes: readonly Node[], { clusters, gpuAddresses }: SyncOptions): Numbering {
  const cluster = clusters.find(({ name }) => name === nodes[0]?.cluster);
  return { topologies: topologiesOf(cluster, nodes).topologies, gpuAddresses };
}

/** Asks controller and accounting; either may fail while the other answers. */
export async function observe(connector: SlurmReader, options: SyncOptions): Promise<Observation> {
  const seen: Seen[] = [];
  const rejects: Reject[] = [];
  const problems: SluiceError[] = [];
  let around = surroundings([], []);
  let nodes: readonly Node[] = [];

  await collect(problems, async () => {
    const { controller } = connector;
    const [allocations, all, active] = [await controller.allAllocations(), await controller.nodes(), await controller.activeJobs()];
    rejects.push(...allocations.rejects, ...all.rejects, ...active.rejects);
    nodes = all.records;
    around = surroundings(allocations.records, nodes);
    seen.push(...active.records.map((job) => observeActive(job, around)));
  });
  await collect(problems, async () => {
    seen.push(...(await endedJobs(connector, options, around, rejects)));
  });

  const skipped = new Map<NoRun, number>();
  for (const item of seen) if ('no' in item) skipped.set(item.no, (skipped.get(item.no) ?? 0) + 1);
  const runs = mergeRuns(seen.flatMap((item) => ('run' in item ? [item.run] : [])));
  const described = [];
  for (const run of runs) described.push(options.standing?.(run) ? run : await describe(connector, run, options.privacy));
  return { runs: described, nodes, skipped, rejects, problems };
}

async function endedJobs(connector: SlurmReader, options: SyncOptions, around: Surroundings, rejects: Reject[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  const { from, to, signal } = options;
  for await (const piece of connector.accounting.endedJobs({ from, to, ...(signal ? { signal } : {}) })) {
    if (piece.kind === 'records') seen.push(...piece.records.map((job) => observeEnded(job, around)));
    if (piece.kind === 'rejects') rejects.push(...piece.rejects);
  }
  return seen;
}

/** Adds what must be asked for each job by itself, as far as it may be told. */
async function describe(connector: SlurmReader, run: Run, privacy: Privacy): Promise<Run> {
  const { controller } = connector;
  const script = privacy.script ? known(await controller.batchScript(run.jobId)) : null;
  const description = privacy.description ? known(await controller.describe(run.jobId)) : null;
  return { ...run, script, description };
}

function known<T>(answer: Answer<T>): T | null {
  return answer.kind === 'known' ? answer.value : null;
}

async function collect(problems: SluiceError[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    problems.push(error);
  }
}

export type DeliveryOptions = Pick<SyncOptions, 'privacy' | 'standing'> & { readonly numbering: Numbering };

type Delivered = Pick<SyncReport, 'started' | 'stopped' | 'there' | 'failed'>;

/** Starts before stops, older runs before newer ones: a later start of the same id forbids the earlier (contract §4.1). */
export async function deliver(client: CcBackendClient, runs: readonly Run[], options: DeliveryOptions): Promise<Delivered> {
  const started: Run[] = [];
  const stopped: Run[] = [];
  const failed: Failure[] = [];
  let there = 0;

  async function write(run: Run, what: Failure['what'], send: () => Promise<Written>): Promise<boolean> {
    try {
      const written = await send();
      if (written.kind === 'written') (what === 'start' ? started : stopped).push(run);
      else if (written.kind === 'there') there++;
      else failed.push({ run, what, reason: written.kind === 'missing' ? 'cc-backend does not know the job' : written.reason });
      return written.kind === 'written' || written.kind === 'there';
    } catch (error) {
      if (!isCode(error, 'cc.failed', 'http.timeout', 'http.dropped', 'http.too-large')) throw error;
      failed.push({ run, what, reason: error.message });
      return false;
    }
  }

  const standing = new Set<string>();
  for (const run of runs.toSorted((a, b) => a.start - b.start || a.jobId - b.jobId)) {
    const start = decideStart(run, options.numbering, options.privacy);
    if (options.standing?.(run)) standing.add(keyOf(run));
    else if ('refused' in start) failed.push({ run, what: 'start', reason: start.refused });
    else if (await write(run, 'start', () => client.start(start.payload))) standing.add(keyOf(run));
  }
  for (const run of runs) {
    if (run.ended === null || !standing.has(keyOf(run))) continue;
    const stop = decideStop(run);
    if ('refused' in stop) failed.push({ run, what: 'stop', reason: stop.refused });
    else await write(run, 'stop', () => client.stop(stop.payload));
  }
  return { started, stopped, there, failed };
}
