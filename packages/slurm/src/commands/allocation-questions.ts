import { SluiceError } from '@sluice/io';
import type { Answer, Records, Reject } from '../facets.ts';
import { isEnded } from '../languages/index.ts';
import type { ActiveJob, Allocation } from '../records.ts';
import { type NodeLayout, readAllocation } from './allocation.ts';
import { excerpt } from './framing.ts';
import { askSession } from './scontrol-session.ts';
import { forPeople, type SlurmCommands } from './slurm-command.ts';
import type { QueuedJob } from './squeue.ts';

export interface AllocationParts {
  readonly commands: SlurmCommands;
  readonly nonce: () => string;
  /** `-M NAME`, or nothing. */
  readonly scope: readonly string[];
  /** Jobs as squeue frames them; all that run when no ids are given. */
  readonly queued: (jobIds: readonly number[] | undefined) => Promise<QueuedJobs>;
  /** Layouts of at least these nodes, as far as the controller knows them. */
  readonly layouts: (nodeLists: ReadonlySet<string>) => Promise<ReadonlyMap<string, NodeLayout>>;
}

/** Jobs of the queue by raw id, and the rows of the same answers that could not be read. */
export interface QueuedJobs {
  readonly found: ReadonlyMap<number, QueuedJob>;
  readonly rejects: readonly Reject[];
}

/** Above so many jobs one question about all is kinder to slurmctld than one about each; its rate limit counts questions. */
const singlesAtMost = 10;
const source = 'scontrol show job';

/** Answers about allocations: of a running job `known`, of a job that holds nothing `gone`. */
export interface AllocationQuestions {
  of(jobIds: readonly number[]): Promise<ReadonlyMap<number, Answer<Allocation>>>;
  all(): Promise<Records<Allocation>>;
  /** What jobs that hold nodes hold, by the text of each, which stood framed by itself. */
  read(holders: ReadonlyMap<number, QueuedJob>, texts: ReadonlyMap<number, string>): Promise<ReadonlyMap<number, Answer<Allocation>>>;
  /** What jobs that have ended held, of those where it is certain, by the text of each. */
  readEnded(ended: ReadonlyMap<number, QueuedJob>, texts: ReadonlyMap<number, string>): Promise<ReadonlyMap<number, Allocation>>;
}

export function allocationQuestions(parts: AllocationParts): AllocationQuestions {
  async function of(jobIds: readonly number[]): Promise<ReadonlyMap<number, Answer<Allocation>>> {
    const queued = await parts.queued(jobIds);
    const holders = holding(queued.found);
    const answers = holders.size > singlesAtMost ? await readTogether(holders) : await readSingly(holders);
    return new Map(jobIds.map((id) => [id, answers.get(id) ?? (queued.found.has(id) ? { kind: 'gone' } : absent(queued))]));
  }

  async function all(): Promise<Records<Allocation>> {
    const queued = await parts.queued(undefined);
    const answers = await readTogether(holding(queued.found));
    const records: Allocation[] = [];
    const rejects: Reject[] = [...queued.rejects];
    for (const [jobId, answer] of answers) {
      if (answer.kind === 'known') records.push(answer.value);
      if (answer.kind === 'unasked') rejects.push({ source, reason: answer.error.message, excerpt: `JobId=${jobId}` });
    }
    return { records, rejects };
  }

  /**
   * All jobs in one question. A record is taken when its first line stands there once, with the name that squeue told;
   * what a comment or a name puts there besides makes that job doubtful, and the doubtful are asked one by one. A job that
   * squeue has just shown is in this answer, for slurmctld keeps it MinJobAge after its end: a line that stands there
   * once is therefore not a comment's.
   */
  async function readTogether(holders: ReadonlyMap<number, QueuedJob>): Promise<Map<number, Answer<Allocation>>> {
    const answers = new Map<number, Answer<Allocation>>();
    if (holders.size === 0) return answers;
    const layouts = await parts.layouts(nodeLists(holders));
    const doubtful = new Map<number, QueuedJob>(holders);
    const seen = new Set<number>();
    for await (const { jobId, text } of jobTexts(parts, [...parts.scope, '-d', '-o', '-a'], '\n')) {
      const queued = holders.get(jobId);
      if (!queued) continue;
      const reading = seen.has(jobId) ? undefined : readAllocation(text(), queued, layouts);
      seen.add(jobId);
      if (reading?.kind === 'read' && !reading.doubtful && !reading.allocation.devicesLost) {
        answers.set(jobId, { kind: 'known', value: reading.allocation });
        doubtful.delete(jobId);
      } else {
        answers.delete(jobId);
        doubtful.set(jobId, queued);
      }
    }
    for (const [jobId, answer] of await readSingly(doubtful)) answers.set(jobId, answer);
    return answers;
  }

  /** Each job by itself, all through one scontrol. */
  async function readSingly(holders: ReadonlyMap<number, QueuedJob>): Promise<Map<number, Answer<Allocation>>> {
    if (holders.size === 0) return new Map();
    const texts = await askSession(parts, [...parts.scope, '-d', '-o', '-a'], [...holders.values()].map(showJob));
    return read(holders, new Map([...holders.keys()].map((jobId, index) => [jobId, texts[index] ?? ''])));
  }

  /**
   * What of these texts remains doubtful, or cannot be read, or is of a run that is over, is held against squeue once more: a job
   * whose name changed meanwhile is not told, one that let its nodes go is gone.
   */
  async function read(
    holders: ReadonlyMap<number, QueuedJob>,
    texts: ReadonlyMap<number, string>,
  ): Promise<Map<number, Answer<Allocation>>> {
    const answers = new Map<number, Answer<Allocation>>();
    if (holders.size === 0) return answers;
    const layouts = await parts.layouts(nodeLists(holders));
    const checks: QueuedJob[] = [];
    for (const queued of holders.values()) {
      const { jobId } = queued.job;
      const reading = readAllocation(texts.get(jobId) ?? '', queued, layouts);
      if (reading.kind === 'read') answers.set(jobId, { kind: 'known', value: reading.allocation });
      else answers.set(jobId, unasked(jobId, reading.reason, texts.get(jobId)));
      if (reading.kind !== 'read' || reading.doubtful || reading.allocation.devicesLost) checks.push(queued);
    }
    if (checks.length === 0) return answers;
    const now = await parts.queued(checks.map(({ job }) => job.jobId));
    for (const before of checks) {
      const { jobId } = before.job;
      const after = now.found.get(jobId);
      if (!after) answers.set(jobId, absent(now));
      else if (!holds(after.job)) answers.set(jobId, { kind: 'gone' });
      else if (!sameNames(before, after)) {
        answers.set(jobId, unasked(jobId, 'its name changed while it was read', undefined));
      }
    }
    return answers;
  }

  async function readEnded(
    ended: ReadonlyMap<number, QueuedJob>,
    texts: ReadonlyMap<number, string>,
  ): Promise<ReadonlyMap<number, Allocation>> {
    const held = new Map<number, Allocation>();
    if (ended.size === 0) return held;
    const layouts = await parts.layouts(nodeLists(ended));
    const checks: number[] = [];
    for (const [jobId, queued] of ended) {
      const reading = readAllocation(texts.get(jobId) ?? '', queued, layouts);
      // A text of a run that goes on is of a later one.
      if (reading.kind !== 'read' || !reading.allocation.devicesLost) continue;
      held.set(jobId, reading.allocation);
      if (reading.doubtful) checks.push(jobId);
    }
    if (checks.length === 0) return held;
    const now = await parts.queued(checks);
    for (const jobId of checks) {
      const [before, after] = [ended.get(jobId), now.found.get(jobId)];
      if (!before || !after || !sameNames(before, after)) held.delete(jobId);
    }
    return held;
  }

  return { of, all, read, readEnded };
}

function sameNames(before: QueuedJob, after: QueuedJob): boolean {
  return after.rawName === before.rawName && after.wckey === before.wckey;
}

/** A job that is not in the answer is gone, unless a row that could not be read may have been it. */
export function absent({ rejects: [reject] }: QueuedJobs): Answer<never> {
  if (!reject) return { kind: 'gone' };
  return { kind: 'unasked', error: new SluiceError('slurm.unparsable', `${reject.source}: ${reject.reason}: ${reject.excerpt}`) };
}

function unasked(jobId: number, reason: string, text: string | undefined): Answer<Allocation> {
  const shown = text === undefined || text === '' ? '' : `: ${excerpt(text)}`;
  return {
    kind: 'unasked',
    error: new SluiceError('slurm.unparsable', `the allocation of job ${jobId} cannot be read: ${reason}${shown}`),
  };
}

export function holding(queued: ReadonlyMap<number, QueuedJob>): ReadonlyMap<number, QueuedJob> {
  return new Map([...queued].filter(([, { job }]) => holds(job)));
}

/** Jobs whose run is over and that slurmctld still has, with the nodes it was on. */
export function ended(queued: ReadonlyMap<number, QueuedJob>): ReadonlyMap<number, QueuedJob> {
  return new Map([...queued].filter(([, { job }]) => hasHeld(job)));
}

/** Whether a job's run is over and had nodes. */
export function hasHeld(job: ActiveJob): boolean {
  return isEnded(job.state) && job.nodes !== '' && job.start !== null;
}

/** A completing job has given its GRES back already: what slurmctld shows of it then is not what it held. */
export function holds(job: ActiveJob): boolean {
  return (job.state.base === 'RUNNING' || job.state.base === 'SUSPENDED') && job.nodes !== '' && !job.state.flags.includes('COMPLETING');
}

export function nodeLists(holders: ReadonlyMap<number, QueuedJob>): ReadonlySet<string> {
  return new Set([...holders.values()].map(({ job }) => job.nodes));
}

/** What begins with `JobId=` in an answer about all jobs. */
export interface JobText {
  readonly jobId: number;
  /** The text up to the next line that begins so, decoded. */
  readonly text: () => string;
}

/**
 * The texts of all jobs, in one question. Memory is bounded by one text and one chunk. `end` is what stands behind each: without
 * it the last was cut, perhaps within the numbers of a node, and is not told.
 */
export async function* jobTexts(
  { commands }: Pick<AllocationParts, 'commands'>,
  args: readonly string[],
  end: string,
): AsyncGenerator<JobText, void> {
  const running = commands.stream('scontrol', [...args, 'show', 'job'], { env: forPeople });
  let rest = '';
  for await (const chunk of running.stdout) {
    // One character per byte, for a chunk may end within a character.
    const [first = '', ...others] = (rest + chunk.toString('latin1')).split('\nJobId=');
    const last = others.pop();
    if (last === undefined) {
      rest = first;
      continue;
    }
    yield jobText(first);
    for (const other of others) yield jobText(`JobId=${other}`);
    rest = `JobId=${last}`;
  }
  await running.ended;
  if (rest.endsWith(end)) yield jobText(rest);
}

function jobText(bytes: string): JobText {
  return { jobId: Number(/^JobId=(\d{1,15}) /.exec(bytes)?.[1] ?? Number.NaN), text: () => utf8(bytes) };
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The question for the text of one job, as array task or het component: the bare id of the first would bring all. */
export function showJob({ job }: QueuedJob): string {
  return `show job ${idOf(job)}`;
}

function idOf(job: ActiveJob): string {
  if (job.array?.taskId != null) return `${job.array.jobId}_${job.array.taskId}`;
  return job.het ? `${job.het.jobId}+${job.het.offset}` : `${job.jobId}`;
}
