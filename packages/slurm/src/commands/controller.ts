import { type Clock, SluiceError } from '@sluice/io';
import type { ActiveJobsQuery, Answer, Controller, ControllerStatus, Piece, Records, Reject } from '../facets.ts';
import { countHosts, expandHostlist } from '../languages/index.ts';
import type { ActiveJob, Node } from '../records.ts';
import type { NodeLayout } from './allocation.ts';
import { absent, allocationQuestions, type QueuedJobs } from './allocation-questions.ts';
import { countControllers, messageTimeout, readConfig, readDiagnostics, readPing } from './controller-texts.ts';
import { manyDetailsQuestion } from './details-of-many.ts';
import { classifyFailure, saysUnknownJob } from './failure.ts';
import { detailed, detailsQuestion } from './job-details.ts';
import { keptScontrol } from './kept-scontrol.ts';
import { nodeReader } from './nodes.ts';
import { readPartitions } from './partitions.ts';
import type { ReleaseWatch } from './release.ts';
import { forPeople, type SlurmCommands } from './slurm-command.ts';
import { type QueuedJob, type QueuePiece, type QueueQuestion, queuedJobs, type Squeue, squeue } from './squeue.ts';
import { jobStates, runStates } from './squeue-states.ts';

export interface ControllerParts {
  readonly commands: SlurmCommands;
  readonly clock: Clock;
  readonly releases: ReleaseWatch;
  readonly nonce: () => string;
  /** Cluster to ask (`-M`); the local one, without its federation, when absent. */
  readonly cluster: string | undefined;
  /** Until when one scontrol is kept for questions about jobs; none is when absent. */
  readonly keepUntil?: AbortSignal | undefined;
}

/** Ids in one question; a command line holds many more, but slurmctld is asked for whole arrays. */
const idsPerQuestion = 1000;
/** States in which a job holds nodes: base states, and words that Slurm shows in their place. */
const holdingStates = ['RUNNING', 'SUSPENDED', 'CONFIGURING', 'RESIZING', 'SIGNALING', 'STOPPED'] as const;
const layoutsFreshMs = 10 * 60_000;

/** The controller facet through squeue, scontrol and sdiag. */
export function commandsController(parts: ControllerParts): Controller {
  const { commands, clock, releases, nonce } = parts;
  const scope = parts.cluster === undefined ? ['--local'] : ['-M', parts.cluster];
  const named = parts.cluster === undefined ? [] : ['-M', parts.cluster];
  const queue = squeue({ commands, nonce, scope }, queuedJobs(releases));
  const states = squeue({ commands, nonce, scope }, jobStates);
  const questions = allocationQuestions({ commands, nonce, scope, queued: queuedById, layouts });
  const { keepUntil } = parts;
  const kept = keepUntil && keptScontrol({ commands, clock, nonce, args: [...scope, ...detailed], until: keepUntil });
  const detailsOf = detailsQuestion({ commands, nonce, kept, scope, queued: queuedById, allocations: questions });
  const manyDetails = manyDetailsQuestion({ commands, nonce, kept, scope, queue: () => ask(queue, { states: runStates }), layouts });
  const readNodes = nodeReader();
  let lastNodes: Records<Node> | undefined;
  let clusterName: string | undefined = parts.cluster;
  let known: { readonly asked: number; readonly layouts: ReadonlyMap<string, NodeLayout> } | undefined;

  async function text(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await commands.run(command, args);
    return stdout.toString('utf8');
  }

  async function config(): Promise<Readonly<Record<string, string>>> {
    const settings = readConfig(await text('scontrol', [...named, 'show', 'config']));
    clusterName ??= settings['ClusterName'];
    commands.learnWaits(messageTimeout(settings), countControllers(settings));
    return settings;
  }

  async function cluster(): Promise<string> {
    if (clusterName === undefined) await config();
    return clusterName ?? '';
  }

  async function ping(): Promise<readonly ControllerStatus[]> {
    const finished = await commands.run('scontrol', [...named, 'ping'], { okCodes: [0, 1] });
    const controllers = readPing(finished.stdout.toString('utf8'));
    if (controllers.length === 0) {
      const failure = classifyFailure('scontrol', finished);
      throw failure.code === 'slurm.refused' ? new SluiceError('slurm.unreachable', failure.message) : failure;
    }
    return controllers;
  }

  /** An empty answer is worth nothing unless a controller stands behind it: 22.05 gives one, with exit code 0, when none does. */
  async function confirmUp(): Promise<void> {
    const controllers = await ping();
    if (!controllers.some(({ up }) => up)) {
      const hosts = controllers.map(({ host }) => host).join(', ');
      throw new SluiceError('slurm.unreachable', `no controller answers (scontrol ping: ${hosts} down)`, {
        hint: 'See whether slurmctld runs, and its log.',
      });
    }
  }

  /** The rows of one question; if there are none, asked again between two pings. */
  async function* ask<T>(from: Squeue<T>, question: QueueQuestion): AsyncGenerator<QueuePiece<T>, void> {
    let empty = true;
    for await (const piece of from.ask(question)) {
      empty = false;
      yield piece;
    }
    if (!empty) return;
    await confirmUp();
    yield* from.ask(question);
    await confirmUp();
  }

  async function* activeJobStream(query: ActiveJobsQuery = {}): AsyncGenerator<Piece<ActiveJob>, void> {
    for await (const piece of ask(queue, query)) {
      if (piece.kind === 'records') yield { kind: 'records', records: piece.records.map(({ job }) => job) };
      else yield piece;
    }
  }

  async function activeJobs(query: ActiveJobsQuery = {}): Promise<Records<ActiveJob>> {
    const records: ActiveJob[] = [];
    const rejects: Reject[] = [];
    for await (const piece of activeJobStream(query)) {
      if (piece.kind === 'records') for (const job of piece.records) records.push(job);
      if (piece.kind === 'rejects') rejects.push(...piece.rejects);
    }
    return { records, rejects };
  }

  /** Jobs by raw id, or all that run. An array's id brings its tasks too: those not asked for are dropped. */
  async function queuedById(jobIds: readonly number[] | undefined): Promise<QueuedJobs> {
    const found = new Map<number, QueuedJob>();
    const rejects: Reject[] = [];
    async function read(pieces: AsyncIterable<Piece<QueuedJob>>, wanted: ReadonlySet<number> | undefined): Promise<void> {
      for await (const piece of pieces) {
        if (piece.kind === 'rejects') rejects.push(...piece.rejects);
        if (piece.kind !== 'records') continue;
        for (const queued of piece.records) if (!wanted || wanted.has(queued.job.jobId)) found.set(queued.job.jobId, queued);
      }
    }
    if (!jobIds) {
      await read(ask(queue, { states: holdingStates }), undefined);
      return { found, rejects };
    }
    await inChunks(jobIds, (some) => read(queue.ask({ jobIds: some }), new Set(some)));
    const missing = jobIds.filter((id) => !found.has(id));
    if (missing.length === 0) return { found, rejects };
    await confirmUp();
    await inChunks(missing, (some) => read(queue.ask({ jobIds: some }), new Set(some)));
    await confirmUp();
    return { found, rejects };
  }

  async function jobsById(jobIds: readonly number[]): Promise<ReadonlyMap<number, Answer<ActiveJob>>> {
    const ids = checked(jobIds);
    const found = await orError(() => queuedById(ids));
    return new Map(ids.map((id) => [id, answerOf(found, id)]));
  }

  async function layouts(lists: ReadonlySet<string>): Promise<ReadonlyMap<string, NodeLayout>> {
    if (!known || clock.monotonic() - known.asked > layoutsFreshMs || lacks(known.layouts, lists)) {
      known = { asked: clock.monotonic(), layouts: byName((await nodes()).records) };
    }
    return known.layouts;
  }

  async function nodes(): Promise<Records<Node>> {
    const answer = await text('scontrol', [...scope, '-a', '-d', '-o', 'show', 'node']);
    const read = readNodes(answer, await cluster());
    known = { asked: clock.monotonic(), layouts: read === lastNodes && known ? known.layouts : byName(read.records) };
    lastNodes = read;
    return read;
  }

  /** Text about one job; that slurmctld knows no such job counts when it still answers afterwards. */
  async function aboutJob(jobId: number, args: (id: string) => readonly string[]): Promise<Answer<string>> {
    const [id] = checked([jobId]);
    const said = await orError(async () => {
      const finished = await commands.run('scontrol', args(`${id}`), { env: forPeople });
      // `scontrol write batch_script` ends with 0 whatever happens.
      if (finished.stdout.length === 0) throw classifyFailure('scontrol', finished);
      return finished.stdout.toString('utf8');
    });
    if (!(said instanceof SluiceError)) return { kind: 'known', value: said };
    if (!saysUnknownJob(said)) return { kind: 'unasked', error: said };
    const up = await orError(confirmUp);
    return up instanceof SluiceError ? { kind: 'unasked', error: up } : { kind: 'gone' };
  }

  return {
    offers: async () => ({ release: await releases.current(), allocations: true }),
    config,
    activeJobs,
    activeJobStream,
    activeStates: (query = {}) => ask(states, { states: query.states ?? runStates }),
    jobsById,
    details: async (jobIds, options) => answersTo(checked(jobIds), (ids) => detailsOf(ids, options)),
    detailsOfMany: manyDetails,
    allocations: async (jobIds) => answersTo(checked(jobIds), (ids) => questions.of(ids)),
    allAllocations: () => questions.all(),
    nodes,
    partitions: async () => readPartitions(await text('scontrol', [...scope, '-a', '-o', 'show', 'partition']), await cluster()),
    batchScript: (jobId) => aboutJob(jobId, (id) => [...named, 'write', 'batch_script', id, '-']),
    describe: (jobId) => aboutJob(jobId, (id) => [...scope, '-d', 'show', 'job', id]),
    ping,
    diagnostics: async () => readDiagnostics(await text('sdiag', named), await cluster()),
  };
}

async function inChunks(ids: readonly number[], ask: (some: readonly number[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < ids.length; from += idsPerQuestion) await ask(ids.slice(from, from + idsPerQuestion));
}

function checked(jobIds: readonly number[]): readonly number[] {
  for (const id of jobIds) {
    if (!Number.isSafeInteger(id) || id <= 0) throw new SluiceError('data.invalid', `${id} is no id of a job`);
  }
  return [...new Set(jobIds)];
}

/** An answer for each id, though Slurm could not be asked. */
async function answersTo<T>(
  ids: readonly number[],
  ask: (ids: readonly number[]) => Promise<ReadonlyMap<number, Answer<T>>>,
): Promise<ReadonlyMap<number, Answer<T>>> {
  const answers = await orError(() => ask(ids));
  if (!(answers instanceof SluiceError)) return answers;
  return new Map(ids.map((id) => [id, { kind: 'unasked', error: answers }]));
}

/** The result, or the typed error; anything else is a fault and stays thrown. */
async function orError<T>(action: () => Promise<T>): Promise<T | SluiceError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

function answerOf(asked: QueuedJobs | SluiceError, id: number): Answer<ActiveJob> {
  if (asked instanceof SluiceError) return { kind: 'unasked', error: asked };
  const queued = asked.found.get(id);
  return queued ? { kind: 'known', value: queued.job } : absent(asked);
}

function byName(nodes: readonly Node[]): ReadonlyMap<string, NodeLayout> {
  return new Map(nodes.map((node) => [node.name, node]));
}

/** Whether a node of these lists is missing; lists of more nodes than are known are not spelled out. */
function lacks(layouts: ReadonlyMap<string, NodeLayout>, lists: ReadonlySet<string>): boolean {
  for (const list of lists) {
    if ((countHosts(list) ?? 0) > layouts.size) return true;
    if ((expandHostlist(list) ?? []).some((name) => !layouts.has(name))) return true;
  }
  return false;
}
