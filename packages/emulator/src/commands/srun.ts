import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { foldHostlist, formatRanges, sortHosts } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { type Slurmctld, SlurmError } from '../model/slurmctld.ts';
import { refusedCluster } from './clusters.ts';
import { type CommandCall, Unreachable } from './command.ts';
import { inform } from './inform.ts';
import { environmentOptions } from './job-environment.ts';
import { jobOptionTables } from './job-option-tables.ts';
import { readJobOptions } from './job-request.ts';
import { isOver, untilSeen } from './job-waiting.ts';
import { OptionError, optionErrorText, readOptions } from './options.ts';
import { majorRelease } from './scene.ts';
import { playedTasks } from './srun-played.ts';
import { type Asked, askedOf, requestOf, sayOptionValue, sayRefusal, testText } from './submitting.ts';
import { timeZone } from './time-zone.ts';

const usage = 'Usage: srun [OPTIONS(0)... [executable(0) [args(0)...]]]\n';

/** srun(1), as far as it runs a command in a job, or in one of its own. */
export async function srun(call: CommandCall): Promise<number> {
  const table = jobOptionTables(majorRelease(call)).srun;
  try {
    const given = readOptions(call.argv, table);
    const informed = inform(call, 'srun', given, usage, table) ?? refusedCluster(call, 'srun', given.value('clusters'));
    if (informed !== undefined) return informed;
    if (given.operands.length === 0) {
      call.err('srun: fatal: No command given to execute.\n');
      return 1;
    }
    const asked = askedOf([...environmentOptions('srun', call.env), ...given.options]);
    const run: Run = { call, asked, own: askedOf(given.options), words: given.operands, options: given.options };
    return await (asked.has('jobid') && !given.has('test-only') ? withinJob(run) : inJobOfItsOwn(run));
  } catch (error) {
    if (error instanceof OptionError) {
      call.err(optionErrorText('srun', error));
      return 255;
    }
    return sayOptionValue(call, 'srun', error);
  }
}

interface Run {
  readonly call: CommandCall;
  /** The command line's options, and before them the environment's. */
  readonly asked: Asked;
  readonly own: Asked;
  readonly options: Parameters<typeof readJobOptions>[0];
  readonly words: readonly string[];
}

/** In a job that runs: SLURM_JOB_ID says which. */
async function withinJob(run: Run): Promise<number> {
  const { call, asked } = run;
  const id = asked.value('jobid') ?? '';
  try {
    const controller = await call.controller();
    const job = controller.job(Number(id));
    if (job !== undefined && !isOver(job)) return await step(run, controller, job);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    call.err(
      `srun: error: Unable to confirm allocation for job ${id}: ${error.how === 'refused' ? 'Unable to contact slurm controller (connect failure)' : 'Socket timed out on send/recv operation'}\n`,
    );
    return 1;
  }
  call.err(
    `srun: error: Unable to confirm allocation for job ${id}: Invalid job id specified\n` +
      `srun: Check SLURM_JOB_ID environment variable. Expired or invalid job ${id}\n`,
  );
  return 1;
}

async function inJobOfItsOwn(run: Run): Promise<number> {
  const { call, own, words } = run;
  const options = [...environmentOptions('srun', call.env).filter(({ name }) => name !== 'jobid'), ...run.options];
  const request = requestOf(call, 'srun', options, { name: basename(words[0] ?? ''), script: null, command: words[0] ?? '' });
  try {
    const controller = await call.controller();
    if (own.has('test-only')) {
      call.err(testText(call, 'srun', controller, [request]));
      return 0;
    }
    const { jobId } = controller.submit([request], call.as);
    return await allocated(run, controller, jobId);
  } catch (error) {
    return sayRefusal(call, error, { command: 'srun', what: 'srun: error: Unable to allocate resources', requests: [request] });
  }
}

/** Milliseconds after which a job that has not begun is said to wait. */
const patienceMs = 1500;

async function allocated(run: Run, controller: Slurmctld, jobId: number): Promise<number> {
  const { call } = run;
  const begun = (job: EmulatedJob | undefined) => job === undefined || isOver(job) || job.state === 'RUNNING';
  const cancel = () => attempt(() => controller.signal(`${jobId}`, null, { batchOnly: false, full: true }, call.as));
  try {
    const beginning = untilSeen(call, () => (begun(controller.job(jobId)) ? true : undefined));
    // Its scheduler looks at a job a moment after it came; who need not wait longer hears nothing of a queue.
    if ((await Promise.race([beginning, sleep(patienceMs)])) === undefined) {
      call.err(`srun: job ${jobId} queued and waiting for resources\n`);
      await beginning;
      if (controller.job(jobId)?.state === 'RUNNING') call.err(`srun: job ${jobId} has been allocated resources\n`);
    }
    const job = controller.job(jobId);
    if (job?.state !== 'RUNNING') {
      call.err(`srun: Job allocation ${jobId} has been revoked\nsrun: Force Terminated JobId=${jobId}\n`);
      return 1;
    }
    const code = await step(run, controller, job);
    attempt(() => controller.completeJob(jobId, call.signal.aborted ? { code: 0, signal: 2 } : exitOf(code), call.as));
    return code;
  } catch (error) {
    cancel();
    throw error;
  }
}

/** Runs the command as a step of a job, and says how its tasks ended. */
async function step(run: Run, controller: Slurmctld, job: EmulatedJob): Promise<number> {
  const { call, asked, words, own } = run;
  const said = readJobOptions(run.options, { zone: timeZone(call.env['TZ']), now: call.slurm.time.now(), past: false });
  const tasks = said.tasks ?? job.tasks;
  if (tasks * (said.cpusPerTask ?? 1) > job.cpus) {
    call.err(`srun: error: Unable to create step for job ${job.jobId}: More processors requested than permitted\n`);
    return 1;
  }
  let number: number;
  try {
    number = controller.startStep(
      job.jobId,
      {
        name: own.value('job-name') ?? basename(words[0] ?? ''),
        tasks,
        submitLine: ['srun', ...call.argv].join(' '),
        ...(said.requiredNodes ? { nodes: said.requiredNodes } : {}),
      },
      call.as,
    );
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    call.err(`srun: error: Unable to create step for job ${job.jobId}: ${error.message}\n`);
    return 1;
  }
  const context = { tasks, label: asked.has('label'), words, job, env: stepEnvironment(job, number, tasks) };
  const codes = isReal(call, job) ? await runThere(call, context) : await playedTasks(call, context);
  const code = codes === null ? 130 : Math.max(0, ...codes);
  controller.endStep(job.jobId, number, codes === null ? { code: 0, signal: 2 } : exitOf(code));
  if (codes !== null) call.err(endText(codes, job, number));
  return code;
}

function isReal({ slurm, runThere: there }: CommandCall, { request }: EmulatedJob): boolean {
  return there !== undefined && (request.play?.kind ?? slurm.spec.settings['EmulatedPlay']) === 'script';
}

interface Step {
  readonly tasks: number;
  readonly label: boolean;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function runThere({ runThere: there }: CommandCall, { tasks, label, words, env }: Step): Promise<readonly number[] | null> {
  return (await there?.({ tasks, label, argv: words, env })) ?? null;
}

/** A shell reports a signal as 128 and its number. */
function exitOf(code: number): { readonly code: number; readonly signal: number } {
  return code > 128 && code < 160 ? { code: 0, signal: code - 128 } : { code, signal: 0 };
}

const signalWords: Readonly<Record<number, string>> = {
  1: 'Hangup',
  2: 'Interrupt',
  6: 'Aborted',
  9: 'Killed',
  11: 'Segmentation fault',
  15: 'Terminated',
};

/** `srun: error: node01: tasks 0-1: Exited with exit code 3`, once for each way to end. */
function endText(codes: readonly number[], job: EmulatedJob, number: number): string {
  const lines: string[] = [];
  for (const code of new Set(codes.filter((one) => one !== 0))) {
    const tasks = codes.flatMap((one, task) => (one === code ? [task] : []));
    const { signal } = exitOf(code);
    const how = signal === 0 ? `Exited with exit code ${code}` : (signalWords[signal] ?? `Terminated by signal ${signal}`);
    lines.push(`srun: error: ${job.nodes[0] ?? job.batchHost}: task${tasks.length > 1 ? 's' : ''} ${formatRanges(tasks)}: ${how}\n`);
    if (signal !== 0) lines.push(`srun: Force Terminated StepId=${job.jobId}.${number}\n`);
  }
  return lines.join('');
}

/** What slurmstepd adds for a step (srun(1), "OUTPUT ENVIRONMENT VARIABLES"). */
function stepEnvironment(job: EmulatedJob, number: number, tasks: number): Readonly<Record<string, string>> {
  const nodes = foldHostlist(sortHosts(job.nodes));
  return {
    SLURM_JOBID: `${job.jobId}`,
    SLURM_JOB_ID: `${job.jobId}`,
    SLURM_JOB_ACCOUNT: job.account,
    SLURM_JOB_NAME: job.name,
    SLURM_JOB_NODELIST: nodes,
    SLURM_JOB_NUM_NODES: `${job.nodeCount}`,
    SLURM_JOB_PARTITION: job.partition,
    SLURM_JOB_QOS: job.qos,
    SLURM_JOB_UID: `${job.uid}`,
    SLURM_JOB_USER: job.user,
    SLURM_NNODES: `${job.nodeCount}`,
    SLURM_NODEID: '0',
    SLURM_NODELIST: nodes,
    SLURM_NPROCS: `${tasks}`,
    SLURM_NTASKS: `${tasks}`,
    SLURM_STEPID: `${number}`,
    SLURM_STEP_ID: `${number}`,
    SLURM_STEP_NODELIST: nodes,
    SLURM_STEP_NUM_NODES: `${job.nodeCount}`,
    SLURM_STEP_NUM_TASKS: `${tasks}`,
    SLURM_SUBMIT_DIR: job.request.workDir,
    SLURM_SUBMIT_HOST: job.request.submitHost,
    SLURMD_NODENAME: job.nodes[0] ?? '',
  };
}

/** What slurmctld refuses here has happened already. */
function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
  }
}
