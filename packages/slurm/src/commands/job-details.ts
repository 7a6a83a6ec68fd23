import { SluiceError } from '@sluice/io';
import type { Answer, DetailsOptions } from '../facets.ts';
import type { Allocation, JobDetails } from '../records.ts';
import { type AllocationQuestions, absent, ended, holding, type QueuedJobs, showJob } from './allocation-questions.ts';
import { askSessions, type SessionParts } from './scontrol-session.ts';
import type { QueuedJob } from './squeue.ts';

export interface DetailsParts extends SessionParts {
  /** `-M NAME`, or nothing. */
  readonly scope: readonly string[];
  readonly queued: (jobIds: readonly number[]) => Promise<QueuedJobs>;
  readonly allocations: AllocationQuestions;
}

/** Options of the scontrol that is asked about jobs. */
export const detailed: readonly string[] = ['-d', '-a'];
/** Jobs in one scontrol. */
const jobsPerSession = 200;

/**
 * All about some jobs: one squeue, one scontrol for what squeue does not say, and squeue again where they disagree. Of a job that has
 * ended the allocation is what it held, for slurmctld goes on to show its CPUs; where that is not certain, it is null.
 */
export function detailsQuestion(parts: DetailsParts) {
  return async function of(jobIds: readonly number[], options: DetailsOptions): Promise<ReadonlyMap<number, Answer<JobDetails>>> {
    const queued = await parts.queued(jobIds);
    const answers = new Map<number, Answer<JobDetails>>();
    for (const [jobId, { job }] of queued.found) {
      if (options.bare?.(job)) answers.set(jobId, { kind: 'known', value: { job, allocation: null, script: null, description: null } });
    }
    const found = [...queued.found].filter(([jobId]) => !answers.has(jobId));
    for (let from = 0; from < found.length; from += jobsPerSession) {
      const some = await ofSome(parts, new Map(found.slice(from, from + jobsPerSession)), options);
      for (const [jobId, answer] of some) answers.set(jobId, answer);
    }
    return new Map(jobIds.map((jobId) => [jobId, answers.get(jobId) ?? absent(queued)]));
  };
}

async function ofSome(
  parts: DetailsParts,
  jobs: ReadonlyMap<number, QueuedJob>,
  options: DetailsOptions,
): Promise<ReadonlyMap<number, Answer<JobDetails>>> {
  const holders = holding(jobs);
  const over = ended(jobs);
  const texts = new Map<number, string>();
  const scripts = new Map<number, string>();
  const asked: { readonly question: string; readonly take: (answer: string) => void }[] = [];
  for (const [jobId, queued] of jobs) {
    if (!holders.has(jobId) && !over.has(jobId) && !(options.description && standsAlone(queued))) continue;
    asked.push({ question: showJob(queued), take: (answer) => texts.set(jobId, answer) });
  }
  for (const [shared, jobId] of options.script ? scriptOwners(jobs) : []) {
    asked.push({ question: `write batch_script ${jobId} -`, take: (answer) => scripts.set(shared, answer) });
  }
  if (asked.length > 0) {
    const args = [...parts.scope, ...detailed];
    const answers = await askSessions(
      parts,
      args,
      asked.map(({ question }) => question),
    );
    for (const [index, { take }] of asked.entries()) take(answers[index] ?? '');
  }
  const allocations = await parts.allocations.read(holders, texts);
  const held = await parts.allocations.readEnded(over, texts);
  const details = (queued: QueuedJob, allocation: Allocation | null): Answer<JobDetails> => {
    const description = options.description && standsAlone(queued) ? (texts.get(queued.job.jobId) ?? '').trimEnd() : '';
    const value = { job: queued.job, allocation, script: scripts.get(scriptOf(queued)) || null, description: description || null };
    return { kind: 'known', value };
  };
  const answers = new Map<number, Answer<JobDetails>>();
  const endedNow: number[] = [];
  for (const [jobId, queued] of jobs) {
    const allocation = allocations.get(jobId);
    if (!allocation) answers.set(jobId, details(queued, held.get(jobId) ?? null));
    else if (allocation.kind === 'known') answers.set(jobId, details(queued, allocation.value));
    else if (allocation.kind === 'unasked') answers.set(jobId, allocation);
    else endedNow.push(jobId);
  }
  if (endedNow.length === 0) return answers;
  // They ended between the two questions: what squeue says of them now is what is true.
  const now = await parts.queued(endedNow);
  const heldUntilNow = await parts.allocations.readEnded(ended(now.found), texts);
  for (const jobId of endedNow) {
    const queued = now.found.get(jobId);
    if (!queued) answers.set(jobId, absent(now));
    else if (holding(new Map([[jobId, queued]])).size === 0) answers.set(jobId, details(queued, heldUntilNow.get(jobId) ?? null));
    else answers.set(jobId, { kind: 'unasked', error: new SluiceError('slurm.unparsable', `job ${jobId} began anew while it was read`) });
  }
  return answers;
}

/** Whether a job's id stands for it alone; that of the record of an array's pending tasks brings all its tasks. */
function standsAlone({ job }: QueuedJob): boolean {
  return job.array === null || job.array.taskId !== null;
}

/** Tasks of an array share one script. */
export function scriptOf({ job }: QueuedJob): number {
  return job.array?.jobId ?? job.jobId;
}

/** A job to ask for each script. */
export function scriptOwners(jobs: ReadonlyMap<number, QueuedJob>): ReadonlyMap<number, number> {
  return new Map([...jobs].map(([jobId, queued]) => [scriptOf(queued), jobId]));
}
