import { join } from 'node:path';
import { SluiceError } from '@sluice/io';
import type { JobId, Jobs, Plan, Submission, Submitted } from '../facets.ts';
import { parseJobId } from '../languages/index.ts';
import type { TimeLimit } from '../records.ts';
import { sbatchCall } from './jobs-submission.ts';
import type { ReleaseWatch } from './release.ts';
import { shellWords } from './shell-words.ts';
import { type RunOptions, type SlurmCommands, withoutSettings } from './slurm-command.ts';

export interface JobsParts {
  readonly commands: SlurmCommands;
  readonly releases: ReleaseWatch;
  readonly cluster: string | undefined;
  /** For the text of plans: where the commands are, and which slurm.conf they read. */
  readonly binPath: string | undefined;
  readonly conf: string | undefined;
}

/**
 * The jobs facet through sbatch, scancel and scontrol, as the user we are. All checks of input come before the plan is
 * handed out and raise `data.invalid`.
 */
export function commandsJobs(parts: JobsParts): Jobs {
  const scope = parts.cluster === undefined ? [] : ['-M', parts.cluster];

  function plan<T>(command: string, args: readonly string[], act: (stdout: string, stderr: string) => T, more: MoreOfPlan = {}): Plan<T> {
    const words = [parts.binPath === undefined ? command : join(parts.binPath, command), ...args];
    const setting = parts.conf === undefined ? '' : `SLURM_CONF=${shellWords([parts.conf])} `;
    return {
      kind: 'argv',
      text: `${setting}${shellWords(words)}${more.after ?? ''}`,
      run: async (signal) => {
        const finished = await parts.commands.run(command, args, { ...more.options, ...(signal ? { signal } : {}) });
        return act(finished.stdout.toString('utf8'), finished.stderr);
      },
    };
  }

  function silent(command: string, args: readonly string[]): Plan<void> {
    return plan(command, args, () => undefined);
  }

  function sbatch<T>(submission: Submission, first: readonly string[], act: (stdout: string, stderr: string) => T): Plan<T> {
    const { args, env, stdin } = sbatchCall(submission);
    // Slurm hands all SLURM_* of sbatch's environment on to the job.
    return plan('sbatch', [...scope, ...first, ...args], act, {
      after: ' < SCRIPT',
      options: { stdin, env: { ...withoutSettings, ...env } },
    });
  }

  function scontrol(verb: string, jobs: readonly JobId[]): Plan<void> {
    return silent('scontrol', [...scope, verb, checkedJobs(jobs).join(',')]);
  }

  return {
    offers: async () => ({ release: await parts.releases.current() }),
    submit: (submission) => sbatch(submission, ['--parsable'], readSubmitted),
    test: (submission) => sbatch(submission, ['--test-only'], (stdout, stderr) => readTest(stdout, stderr)),
    // scancel ends with 0 for a job that is unknown or over: what was wanted is so.
    cancel: (jobs) => silent('scancel', [...scope, ...checkedIds(jobs)]),
    signal: (jobs, signal, options = {}) => {
      const how = [...(options.batch ? ['--batch'] : []), ...(options.full ? ['--full'] : [])];
      return silent('scancel', [...scope, `--signal=${checkedSignal(signal)}`, ...how, ...checkedIds(jobs)]);
    },
    hold: (jobs) => scontrol('hold', jobs),
    release: (jobs) => scontrol('release', jobs),
    requeue: (jobs, options = {}) => scontrol(options.hold ? 'requeuehold' : 'requeue', jobs),
    suspend: (jobs) => scontrol('suspend', jobs),
    resume: (jobs) => scontrol('resume', jobs),
    setTimeLimit: (job, limit) =>
      silent('scontrol', [...scope, 'update', `JobId=${checkedJobs([job]).join(',')}`, `TimeLimit=${checkedLimit(limit)}`]),
  };
}

interface MoreOfPlan {
  /** What follows the words in the text, e.g. that the script comes on stdin. */
  readonly after?: string;
  readonly options?: RunOptions;
}

/** `--parsable` writes `id` or `id;cluster`; a submit plugin may have said something before. */
function readSubmitted(stdout: string): Submitted {
  const match = /^(\d+)(?:;(\S+))?$/.exec(stdout.trim().split('\n').at(-1) ?? '');
  const jobId = Number(match?.[1]);
  if (!match || !Number.isSafeInteger(jobId) || jobId <= 0) {
    throw new SluiceError('slurm.unparsable', `sbatch names no job: ${JSON.stringify(stdout.slice(0, 200))}`, {
      hint: 'The job may have been submitted: look into the queue before trying again.',
    });
  }
  return { jobId, cluster: match[2] ?? null };
}

/** Slurm says it on stderr: `sbatch: Job 9 to start at … using … on nodes …`. */
function readTest(stdout: string, stderr: string): string {
  return `${stdout}${stderr}`.trim().replace(/^sbatch: /gm, '');
}

function checkedIds(jobs: readonly JobId[]): readonly string[] {
  if (jobs.length === 0) throw new SluiceError('data.invalid', 'no job is named');
  for (const job of jobs) if (!parseJobId(job)) throw new SluiceError('data.invalid', `${JSON.stringify(job)} is no id of a job`);
  return jobs;
}

/** Ids without steps, which scontrol's verbs for jobs do not take. */
function checkedJobs(jobs: readonly JobId[]): readonly string[] {
  for (const job of checkedIds(jobs)) {
    if (parseJobId(job)?.step) throw new SluiceError('data.invalid', `${job} is a step; a job is wanted`);
  }
  return jobs;
}

function checkedSignal(signal: string): string {
  if (!/^(?:\d{1,2}|(?:SIG)?[A-Z][A-Z0-9]{1,9})$/.test(signal)) {
    throw new SluiceError('data.invalid', `${JSON.stringify(signal)} is no signal`, { hint: 'Name it like TERM, USR1 or 10.' });
  }
  return signal;
}

function checkedLimit(limit: TimeLimit): string {
  if (limit === 'unlimited') return 'UNLIMITED';
  if (limit === 'partition' || !Number.isSafeInteger(limit) || limit < 0) {
    throw new SluiceError('data.invalid', `${limit} is no time limit that a job can be given: minutes, or unlimited`);
  }
  return `${limit}`;
}
