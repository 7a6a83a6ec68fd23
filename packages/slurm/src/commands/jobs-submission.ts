import { SluiceError } from '@sluice/io';
import type { Submission } from '../facets.ts';
import { expandHostlist, formatUts } from '../languages/index.ts';
import type { TimeLimit } from '../records.ts';

/** A submission as sbatch takes it: arguments, the job's variables in sbatch's own environment, the script on stdin. */
export interface SbatchCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

/**
 * Checks a submission and words it for sbatch. Every value stands in one word with its option (`--comment=…`), so that
 * none can become an option or the name of a script. Throws `data.invalid` with every fault at once.
 */
export function sbatchCall(submission: Submission): SbatchCall {
  const faults: string[] = [];
  const args = [...optionsOf(submission, faults)];
  const env = environmentOf(submission.environment ?? {}, faults);
  args.push(submission.environment === undefined ? '--export=NONE' : exportOption(Object.keys(submission.environment)));
  args.push(...extraOf(submission.extra ?? [], faults));
  checkScript(submission.script, faults);
  for (const arg of args) if (arg.includes('\0')) faults.push(`${arg.slice(0, arg.indexOf('='))}: holds a NUL`);
  if (faults.length > 0) throw new SluiceError('data.invalid', `the submission cannot be made: ${faults.join('; ')}`);
  return { args, env, stdin: submission.script };
}

function* optionsOf(submission: Submission, faults: string[]): Generator<string> {
  const { nodes, timeLimit } = submission;
  yield* word('job-name', submission.name);
  yield* word('account', submission.account);
  yield* word('partition', submission.partition);
  yield* word('qos', submission.qos);
  yield* word('reservation', submission.reservation);
  if (timeLimit !== undefined && timeLimit !== 'partition') yield `--time=${limitText(timeLimit, faults)}`;
  if (typeof nodes === 'number') yield* count('nodes', nodes, faults);
  else if (nodes) yield `--nodes=${natural('nodes', nodes.min, faults)}-${natural('nodes', nodes.max, faults)}`;
  yield* count('ntasks', submission.tasks, faults);
  yield* count('ntasks-per-node', submission.tasksPerNode, faults);
  yield* count('cpus-per-task', submission.cpusPerTask, faults);
  if (submission.memoryPerNodeMiB !== undefined) yield `--mem=${natural('mem', submission.memoryPerNodeMiB, faults)}M`;
  if (submission.memoryPerCpuMiB !== undefined) yield `--mem-per-cpu=${natural('mem-per-cpu', submission.memoryPerCpuMiB, faults)}M`;
  yield* word('gres', submission.gres);
  yield* word('gpus', submission.gpus);
  yield* word('gpus-per-node', submission.gpusPerNode);
  yield* word('constraint', submission.constraint);
  yield* hosts('nodelist', submission.nodeList, faults);
  yield* hosts('exclude', submission.exclude, faults);
  if (submission.exclusive) yield '--exclusive';
  if (submission.oversubscribe) yield '--oversubscribe';
  yield* word('dependency', submission.dependency);
  yield* word('array', submission.array);
  if (submission.begin !== undefined) yield `--begin=${formatUts(natural('begin', submission.begin, faults))}`;
  if (submission.deadline !== undefined) yield `--deadline=${formatUts(natural('deadline', submission.deadline, faults))}`;
  if (submission.hold) yield '--hold';
  if (submission.requeue !== undefined) yield submission.requeue ? '--requeue' : '--no-requeue';
  if (submission.nice !== undefined) yield `--nice=${integer('nice', submission.nice, faults)}`;
  yield* word('comment', submission.comment);
  yield* word('chdir', submission.workDir);
  yield* word('output', submission.stdout);
  yield* word('error', submission.stderr);
  yield* word('input', submission.stdin);
}

function* word(option: string, value: string | undefined): Generator<string> {
  if (value !== undefined) yield `--${option}=${value}`;
}

function* count(option: string, value: number | undefined, faults: string[]): Generator<string> {
  if (value !== undefined) yield `--${option}=${natural(option, value, faults)}`;
}

/** A host list; sbatch would read a file if there were a `/` in it. */
function* hosts(option: string, value: string | undefined, faults: string[]): Generator<string> {
  if (value === undefined) return;
  if (!expandHostlist(value)) faults.push(`--${option}: ${JSON.stringify(value)} is no host list`);
  yield `--${option}=${value}`;
}

function natural(option: string, value: number, faults: string[]): number {
  if (!Number.isSafeInteger(value) || value < 0) faults.push(`--${option}: ${value} is no natural number`);
  return value;
}

function integer(option: string, value: number, faults: string[]): number {
  if (!Number.isSafeInteger(value)) faults.push(`--${option}: ${value} is no whole number`);
  return value;
}

function limitText(limit: Exclude<TimeLimit, 'partition'>, faults: string[]): string {
  return limit === 'unlimited' ? 'UNLIMITED' : `${natural('time', limit, faults)}`;
}

/** Options that sbatch reads, and the loader of its libraries obeys: as variables of a job they would steer sbatch itself. */
const steering = /^(?:SBATCH_|SLURM_|SPANK_|LD_|GLIBC_|MALLOC_)/;

/**
 * The job's variables go through sbatch's environment, never its command line, which every user of the host can read.
 */
function environmentOf(environment: Readonly<Record<string, string>>, faults: string[]): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) faults.push(`environment: ${JSON.stringify(name)} is no name of a variable`);
    else if (steering.test(name)) faults.push(`environment: ${name} would steer sbatch; set it in the script`);
    else if (value.includes('\0')) faults.push(`environment: the value of ${name} holds a NUL`);
    else env[name] = value;
  }
  return env;
}

/** `NIL` gives the job nothing but Slurm's own variables; `NONE`, in its place, would have slurmd run a login shell. */
function exportOption(names: readonly string[]): string {
  return `--export=${names.length === 0 ? 'NIL' : names.join(',')}`;
}

function extraOf(extra: readonly string[], faults: string[]): readonly string[] {
  for (const option of extra) {
    if (!/^--[a-z][a-z0-9-]*(?:=|$)/.test(option)) faults.push(`extra: ${JSON.stringify(option)} is no option of the form --name=value`);
  }
  return extra;
}

function checkScript(script: string, faults: string[]): void {
  if (!script.startsWith('#!')) faults.push('script: does not begin with #! and an interpreter');
  if (script.includes('\0')) faults.push('script: holds a NUL');
  if (/^[^\n]*\r\n/.test(script)) faults.push('script: has DOS line breaks');
}
