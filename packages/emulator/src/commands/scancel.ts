import type { EmulatedJob } from '../model/job.ts';
import { type Slurmctld, SlurmError } from '../model/slurmctld.ts';
import { refusedCluster } from './clusters.ts';
import { type CommandCall, Unreachable } from './command.ts';
import { inform } from './inform.ts';
import { jobOptionTables } from './job-option-tables.ts';
import { isOver } from './job-waiting.ts';
import { type GivenOptions, OptionError, optionErrorText, readOptions } from './options.ts';
import { type Choice, ChoiceError, choiceOf, choiceWords, isChosen } from './scancel-choice.ts';
import { majorRelease } from './scene.ts';
import { unreachableWords } from './unreachable.ts';

const usage = 'Usage: scancel [OPTIONS] [job_id[_array_id][.step_id]]\n';

/** scancel(1). */
export async function scancel(call: CommandCall): Promise<number> {
  const table = jobOptionTables(majorRelease(call)).scancel;
  try {
    const given = readOptions(call.argv, table);
    const informed = inform(call, 'scancel', given, usage, table) ?? refusedCluster(call, 'scancel', given.value('clusters'));
    if (informed !== undefined) return informed;
    const choice = choiceOf(given, call);
    return choice.isPlain ? await cancelNamed(call, given, choice) : await cancelChosen(call, given, choice);
  } catch (error) {
    if (error instanceof OptionError) call.err(optionErrorText('scancel', error));
    else if (error instanceof ChoiceError) call.err(error.message);
    else throw error;
    return 1;
  }
}

/** slurm_errno's number of a connection that fails, and of an answer that does not come. */
const unreachableNumbers = { refused: 1800, silent: 5004 } as const;

/** Without any choice but ids, each is asked for by itself, and a job that is over or unknown is no error. */
async function cancelNamed(call: CommandCall, given: GivenOptions, { ids }: Choice): Promise<number> {
  let code = 0;
  for (const id of ids) {
    if (given.has('verbose') && !given.has('quiet')) call.err(`scancel: Terminating job ${id}\n`);
    try {
      const controller = await call.controller();
      controller.signal(id, null, { batchOnly: false, full: false }, call.as);
    } catch (error) {
      const { number, message } = failureOf(error, call);
      const isNothing = isOverAlready(error);
      if (!isNothing || given.has('verbose')) call.err(`scancel: error: Kill job error on job id ${id}: ${message}\n`);
      // The exit code is the error's number, of which the system keeps eight bits.
      if (!isNothing) code = number % 256;
    }
  }
  return code;
}

function failureOf(error: unknown, call: CommandCall): { readonly number: number; readonly message: string } {
  if (error instanceof SlurmError) return error;
  if (!(error instanceof Unreachable)) throw error;
  const words = unreachableWords('scancel', call.argv, error, call.slurm.spec).stderr.trim();
  return { number: unreachableNumbers[error.how], message: words.slice(words.indexOf('error: ') + 'error: '.length) };
}

/** Looks through all jobs for those that are meant. */
async function cancelChosen(call: CommandCall, given: GivenOptions, choice: Choice): Promise<number> {
  const controller = await call.controller();
  const active = [...controller.jobs()].filter((job) => !isOver(job));
  const wanted = choice.ids.length === 0 ? null : new Set(choice.ids.flatMap((id) => controller.select(id)));
  const chosen = active.filter((job) => (wanted === null || wanted.has(job)) && isChosen(job, choice));
  let code = 0;
  for (const id of choice.ids) {
    if (controller.select(id).some((job) => !isOver(job))) continue;
    if (!given.has('quiet')) call.err(`scancel: error: Kill job error on job id ${id}: Invalid job id specified\n`);
    code = 1;
  }
  if (chosen.length === 0 && choice.ids.length === 0 && given.has('verbose')) {
    call.err(`scancel: error: No active jobs match ALL job filters, including: ${choiceWords(choice)}\n`);
  }
  const answers = linesOf(call.stdin);
  for (const job of chosen) {
    if (given.has('interactive') && !(await confirmed(call, job, answers))) continue;
    code = signalled(call, controller, job, { given, choice }) || code;
  }
  return code;
}

function signalled(
  call: CommandCall,
  controller: Slurmctld,
  job: EmulatedJob,
  { given, choice }: { readonly given: GivenOptions; readonly choice: Choice },
): number {
  const id = idOf(job);
  if (given.has('verbose'))
    call.err(choice.signal === null ? `scancel: Terminating job ${id}\n` : `scancel: Signal ${choice.signal} to job ${id}\n`);
  try {
    controller.signal(id, choice.signal, { batchOnly: given.has('batch'), full: given.has('full') }, call.as);
    return 0;
  } catch (error) {
    const { number, message } = failureOf(error, call);
    const isNothing = isOverAlready(error) && choice.signal === null;
    if (isNothing ? given.has('verbose') : !given.has('quiet')) call.err(`scancel: error: Kill job error on job id ${id}: ${message}\n`);
    return isNothing ? 0 : number % 256;
  }
}

/** A component of a het job goes with its leader; a job may end by itself meanwhile. */
function isOverAlready(error: unknown): boolean {
  return error instanceof SlurmError && (error.name === 'ESLURM_ALREADY_DONE' || error.name === 'ESLURM_INVALID_JOB_ID');
}

async function confirmed(call: CommandCall, job: EmulatedJob, answers: AsyncIterator<string>): Promise<boolean> {
  for (;;) {
    call.out(`Cancel job_id=${idOf(job)} name=${job.name} partition=${job.partition} [y/n]? `);
    const { value, done } = await answers.next();
    if (done === true || /^n/i.test(value)) return false;
    if (/^y/i.test(value)) return true;
  }
}

function idOf({ jobId, array, het }: EmulatedJob): string {
  if (array !== null && array.taskId !== null) return `${array.jobId}_${array.taskId}`;
  return het === null || het.offset === 0 ? `${jobId}` : `${het.jobId}+${het.offset}`;
}

async function* linesOf(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of stdin) {
    const lines = (text + Buffer.from(chunk).toString('utf8')).split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
  if (text !== '') yield text;
}
