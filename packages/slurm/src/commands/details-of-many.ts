import type { DetailsOptions } from '../facets.ts';
import { isEnded } from '../languages/index.ts';
import type { Allocation, JobDetails } from '../records.ts';
import { type NodeLayout, readAllocation } from './allocation.ts';
import { hasHeld, holds, jobTexts, nodeLists } from './allocation-questions.ts';
import { detailed, scriptOf, scriptOwners } from './job-details.ts';
import { askSessions, type SessionParts } from './scontrol-session.ts';
import type { QueuedJob, QueuePiece } from './squeue.ts';

export interface ManyDetailsParts extends SessionParts {
  /** `-M NAME`, or nothing. */
  readonly scope: readonly string[];
  /** All jobs that run or ran. */
  readonly queue: () => AsyncIterable<QueuePiece<QueuedJob>>;
  /** Layouts of at least these nodes, as far as the controller knows them. */
  readonly layouts: (nodeLists: ReadonlySet<string>) => Promise<ReadonlyMap<string, NodeLayout>>;
}

/** Jobs in one piece, and in one scontrol that is asked for scripts. */
const jobsAtOnce = 200;

/**
 * All about many jobs: one squeue, one scontrol for the texts of all, and one for the scripts of a piece. Nothing frames the
 * texts, so a job is told of only when its text stands there once, is of the name and the run that squeue told, and has
 * nothing doubtful in it; a job that squeue has shown is in the texts, for slurmctld keeps it MinJobAge after its end. The
 * texts are held until all have been seen: one that stands there twice may be a comment's.
 */
export function manyDetailsQuestion(parts: ManyDetailsParts) {
  return async function* of(jobIds: ReadonlySet<number>, options: DetailsOptions): AsyncGenerator<ReadonlyMap<number, JobDetails>, void> {
    const jobs = await queuedOf(parts, jobIds);
    if (jobs.size === 0) return;
    const texts = await textsOf(parts, jobs);
    const layouts = await parts.layouts(nodeLists(jobs));
    while (jobs.size > 0) {
      const some = new Map(jobs.entries().take(jobsAtOnce));
      const certain = new Map<number, Allocation>();
      for (const [jobId, queued] of some) {
        jobs.delete(jobId);
        const allocation = options.bare?.(queued.job) ? undefined : certainly(queued, texts.get(jobId), layouts, options.description);
        if (allocation) certain.set(jobId, allocation);
        else some.delete(jobId);
      }
      const scripts = options.script ? await scriptsOf(parts, some) : new Map<number, string>();
      const details = new Map<number, JobDetails>();
      for (const [jobId, queued] of some) {
        const description = options.description ? (texts.get(jobId) ?? '').trimEnd() : null;
        const allocation = certain.get(jobId) ?? null;
        details.set(jobId, { job: queued.job, allocation, script: scripts.get(scriptOf(queued)) || null, description });
        texts.delete(jobId);
      }
      if (details.size > 0) yield details;
    }
  };
}

async function queuedOf(parts: ManyDetailsParts, jobIds: ReadonlySet<number>): Promise<Map<number, QueuedJob>> {
  const jobs = new Map<number, QueuedJob>();
  for await (const piece of parts.queue()) {
    if (piece.kind !== 'records') continue;
    for (const queued of piece.records) {
      const { job } = queued;
      if (jobIds.has(job.jobId) && (holds(job) || hasHeld(job))) jobs.set(job.jobId, queued);
    }
  }
  return jobs;
}

/** The texts of those jobs that have one only. */
async function textsOf(parts: ManyDetailsParts, jobs: ReadonlyMap<number, QueuedJob>): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  const twice = new Set<number>();
  for await (const { jobId, text } of jobTexts(parts, [...parts.scope, ...detailed], '\n\n')) {
    if (!jobs.has(jobId)) continue;
    if (texts.has(jobId)) twice.add(jobId);
    texts.set(jobId, text());
  }
  for (const jobId of twice) texts.delete(jobId);
  return texts;
}

/** What a job holds or held, if its text leaves no doubt; and, where the text itself is wanted, if that is whole. */
function certainly(
  queued: QueuedJob,
  text: string | undefined,
  layouts: ReadonlyMap<string, NodeLayout>,
  whole: boolean,
): Allocation | undefined {
  if (text === undefined || (whole && !isWhole(queued, text))) return undefined;
  const reading = readAllocation(text, queued, layouts);
  if (reading.kind !== 'read' || reading.doubtful) return undefined;
  const over = reading.allocation.devicesLost === true;
  return over === isEnded(queued.job.state) ? reading.allocation : undefined;
}

/** Whether a text goes to its end: an empty line does, and nothing that its owner wrote may hold one. */
function isWhole({ job }: QueuedJob, text: string): boolean {
  const own = [job.comment, job.adminComment, job.workDir, job.stdout, job.stderr, job.stdin, job.command];
  return text.endsWith('\n') && !own.some((words) => words.includes('\n'));
}

async function scriptsOf(parts: ManyDetailsParts, jobs: ReadonlyMap<number, QueuedJob>): Promise<ReadonlyMap<number, string>> {
  const owners = [...scriptOwners(jobs)];
  if (owners.length === 0) return new Map();
  const questions = owners.map(([, jobId]) => `write batch_script ${jobId} -`);
  const answers = await askSessions(parts, [...parts.scope, ...detailed], questions);
  return new Map(owners.map(([shared], index) => [shared, answers[index] ?? '']));
}
