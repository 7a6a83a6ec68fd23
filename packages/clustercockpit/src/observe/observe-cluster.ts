import { SluiceError } from '@sluice/io';
import type { Answer, Connector, Node, Reject } from '@sluice/slurm';
import type { Privacy } from '../decide/context.ts';
import type { Run } from '../run.ts';
import { mergeRuns, type NoRun, observeActive, observeEnded, type Seen, type Surroundings, surroundings } from './seen.ts';

/** The facets that are asked; this door changes nothing in Slurm. */
export type SlurmReader = Pick<Connector, 'accounting' | 'controller'>;

export interface ObserveOptions {
  /** Ended jobs are asked of accounting by their end, within these two times (seconds). */
  readonly from: number;
  readonly to: number;
  readonly privacy: Pick<Privacy, 'script' | 'slurmInfo'>;
  /** Runs that stand in cc-backend already; nothing more is asked about them. */
  readonly standing?: (run: Run) => boolean;
  readonly signal?: AbortSignal;
}

/** What Slurm says at one moment. */
export interface Observation {
  readonly runs: readonly Run[];
  /** Runs about which too little could be asked to tell of them now; the next pass asks again. */
  readonly held: readonly HeldRun[];
  /** Empty when the controller could not be asked. */
  readonly nodes: readonly Node[];
  /** Records that are no run, by reason. */
  readonly skipped: ReadonlyMap<NoRun, number>;
  readonly rejects: readonly Reject[];
  /** Questions that had no answer. */
  readonly problems: readonly SluiceError[];
}

export interface HeldRun {
  readonly run: Run;
  readonly reason: string;
}

/** Asks controller and accounting; either may fail while the other answers. */
export async function observeCluster(connector: SlurmReader, options: ObserveOptions): Promise<Observation> {
  const seen: Seen[] = [];
  const rejects: Reject[] = [];
  const problems: SluiceError[] = [];
  let around = surroundings([], []);
  let nodes: readonly Node[] = [];

  const asked = await collect(problems, async () => {
    const { controller } = connector;
    // Allocations before jobs: what ends between the two questions keeps its allocation.
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
  const merged = mergeRuns(seen.flatMap((item) => ('run' in item ? [item.run] : [])));
  const { runs, held } = await complete(connector, merged, asked, options);
  return { runs, held, nodes, skipped, rejects, problems };
}

async function endedJobs(connector: SlurmReader, options: ObserveOptions, around: Surroundings, rejects: Reject[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  const { from, to, signal } = options;
  for await (const piece of connector.accounting.endedJobs({ from, to, ...(signal ? { signal } : {}) })) {
    if (piece.kind === 'records') seen.push(...piece.records.map((job) => observeEnded(job, around)));
    if (piece.kind === 'rejects') rejects.push(...piece.rejects);
  }
  return seen;
}

/**
 * Adds what must be asked for each new run by itself. A start cannot be amended later (contract W8), so a run whose
 * questions had no answer is held back; that something is gone is an answer.
 */
async function complete(connector: SlurmReader, merged: readonly Run[], controllerAnswers: boolean, options: ObserveOptions) {
  const runs: Run[] = [];
  const held: HeldRun[] = [];
  for (const run of merged) {
    if (options.standing?.(run)) {
      runs.push(run);
      continue;
    }
    try {
      runs.push(await completed(connector, run, controllerAnswers, options.privacy));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      held.push({ run, reason: error.message });
    }
  }
  return { runs, held };
}

async function completed(connector: SlurmReader, run: Run, controllerAnswers: boolean, privacy: ObserveOptions['privacy']): Promise<Run> {
  const whole = await withAllocation(connector, run);
  const script = privacy.script ? await scriptOf(connector, run, controllerAnswers) : null;
  const description = controllerAnswers && privacy.slurmInfo ? await descriptionOf(connector, run) : null;
  return { ...whole, script, description };
}

/** A running job that started after the allocations were asked for is asked about by itself. */
async function withAllocation({ controller }: SlurmReader, run: Run): Promise<Run> {
  if (run.ended !== null || run.allocation !== null || !(await controller.offers()).allocations) return run;
  const allocation = given((await controller.allocations([run.jobId])).get(run.jobId) ?? { kind: 'gone' });
  if (allocation?.start !== run.start) throw new SluiceError('slurm.unknown', 'what it holds on its nodes is not known, or not any more');
  return { ...run, allocation, whole: allocation.whole ?? run.whole };
}

async function scriptOf({ accounting, controller }: SlurmReader, run: Run, controllerAnswers: boolean): Promise<string | null> {
  const current = controllerAnswers ? given(await controller.batchScript(run.jobId)) : null;
  if (current !== null || run.ended === null || !(await accounting.offers()).batchScript) return current;
  return given(await accounting.batchScript(run.jobId));
}

async function descriptionOf({ controller }: SlurmReader, run: Run): Promise<string | null> {
  const answer = await controller.describe(run.jobId);
  return answer.kind === 'known' ? answer.value : null;
}

/** What is known, or null for what is gone. Throws the error of a question that could not be asked. */
function given<T>(answer: Answer<T>): T | null {
  if (answer.kind === 'unasked') throw answer.error;
  return answer.kind === 'known' ? answer.value : null;
}

/** Does the work; an error that Sluice knows is noted, and the answer is false. */
async function collect(problems: SluiceError[], work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    problems.push(error);
    return false;
  }
}
