import { expandHostlist } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { jobBaseStates, readJobState } from './state-words.ts';

/** A job as `--jobs` names it. */
export interface JobName {
  readonly jobId: number;
  readonly taskId: number | null;
}

/** Which jobs squeue shows; null: not asked for. */
export interface JobChoice {
  readonly jobs: readonly JobName[] | null;
  readonly accounts: readonly string[] | null;
  readonly licenses: readonly string[] | null;
  readonly names: readonly string[] | null;
  readonly nodes: ReadonlySet<string> | null;
  readonly partitions: readonly string[] | null;
  readonly qos: readonly string[] | null;
  readonly reservation: string | null;
  /** `all`, or the states with the base states among them that are looked for alone. */
  readonly states: 'all' | readonly { readonly state: string; readonly isFlag: boolean }[] | null;
  readonly uids: readonly number[] | null;
  readonly notUid: number | null;
}

/** `8`, `17_3`; undefined when it is none. */
export function readJobName(text: string): JobName | undefined {
  const [, job, task] = /^\s*(\d{1,10})(?:_(\d{1,10}))?$/.exec(text) ?? [];
  if (job === undefined || Number(job) === 0) return undefined;
  return { jobId: Number(job), taskId: task === undefined ? null : Number(task) };
}

export function readStates(text: string): JobChoice['states'] | { readonly invalid: string } {
  const states: { state: string; isFlag: boolean }[] = [];
  for (const word of text.split(',')) {
    if (word.toLowerCase() === 'all') return 'all';
    const state = readJobState(word);
    if (state === undefined) return { invalid: word };
    states.push(state);
  }
  return states;
}

/** What squeue says about a state that is none. */
export function invalidStateText(word: string): string {
  const flags = [
    ...['COMPLETING', 'CONFIGURING', 'RESIZING', 'RESV_DEL_HOLD', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'REVOKED', 'SIGNALING'],
  ];
  const all = [...jobBaseStates, ...flags, 'SPECIAL_EXIT', 'STAGE_OUT', 'STOPPED'].join(',');
  return `squeue: error: Invalid job state specified: ${word}\nsqueue: error: Valid job states include: ${all}\n\n`;
}

export function hostSet(text: string): ReadonlySet<string> | undefined {
  const hosts = expandHostlist(text);
  return hosts && new Set(hosts);
}

/** Chooses, and reduces an array that pends to the tasks that were asked for. */
export function chooseJobs(jobs: Iterable<EmulatedJob>, choice: JobChoice): readonly EmulatedJob[] {
  const chosen: EmulatedJob[] = [];
  const byId = choice.jobs === null ? null : jobFilter(choice.jobs);
  for (const job of jobs) {
    const named = byId === null ? job : byId(job);
    if (named !== null && isChosen(named, choice)) chosen.push(named);
  }
  return chosen;
}

function jobFilter(names: readonly JobName[]): (job: EmulatedJob) => EmulatedJob | null {
  const whole = new Set(names.filter(({ taskId }) => taskId === null).map(({ jobId }) => jobId));
  const tasks = new Map<number, Set<number>>();
  for (const { jobId, taskId } of names) {
    if (taskId !== null) tasks.set(jobId, (tasks.get(jobId) ?? new Set()).add(taskId));
  }
  return (job) => {
    const { array, het, jobId, pendingTasks } = job;
    if (whole.has(jobId) || (array !== null && whole.has(array.jobId)) || (het !== null && whole.has(het.jobId))) return job;
    const wanted = array === null ? undefined : tasks.get(array.jobId);
    if (wanted === undefined) return null;
    if (pendingTasks === null) return array !== null && array.taskId !== null && wanted.has(array.taskId) ? job : null;
    const some = pendingTasks.filter((task) => wanted.has(task));
    return some.length === 0 ? null : oneOrSome(job, some);
  };
}

/** A pending array with these of its tasks alone; one alone is shown as a task. */
function oneOrSome(job: EmulatedJob, tasks: readonly number[]): EmulatedJob {
  const [only = 0, ...others] = tasks;
  if (others.length > 0 || job.array === null) return { ...job, pendingTasks: tasks, ...noThrottle(job) };
  return { ...job, pendingTasks: null, array: { ...job.array, taskId: only } };
}

function noThrottle({ array }: EmulatedJob): Pick<EmulatedJob, 'array'> {
  return { array: array === null ? null : { ...array, maxRunning: null } };
}

/** One row per pending task (`--array`). */
export function spreadTasks(job: EmulatedJob): readonly EmulatedJob[] {
  return job.pendingTasks?.map((task) => oneOrSome(job, [task])) ?? [job];
}

/** Pending tasks of an array that have records of their own are shown with those that have none. */
export function joinTasks(jobs: readonly EmulatedJob[]): readonly EmulatedJob[] {
  const alone = new Map<number, EmulatedJob[]>();
  for (const job of jobs) {
    if (job.state !== 'PENDING' || job.array === null || job.pendingTasks !== null) continue;
    alone.set(job.array.jobId, [...(alone.get(job.array.jobId) ?? []), job]);
  }
  if (alone.size === 0) return jobs;
  const joined = new Set<EmulatedJob>();
  const shown = jobs.map((job) => {
    if (job.pendingTasks === null || job.array === null) return job;
    const tasks = (alone.get(job.array.jobId) ?? []).filter(
      ({ name, partitions }) => name === job.name && `${partitions}` === `${job.partitions}`,
    );
    if (tasks.length === 0) return job;
    for (const task of tasks) joined.add(task);
    const all = [...job.pendingTasks, ...tasks.map(({ array }) => array?.taskId ?? 0)].sort((a, b) => a - b);
    const reasons = [...new Set([job, ...tasks].map(({ reason }) => reason))].join(',');
    return { ...job, pendingTasks: all, reasonText: reasons === job.reason ? job.reasonText : reasons, ...noThrottle(job) };
  });
  return shown.filter((job) => !joined.has(job));
}

const shownWithoutAsking: ReadonlySet<string> = new Set(['PENDING', 'RUNNING', 'SUSPENDED']);

function isChosen(job: EmulatedJob, choice: JobChoice): boolean {
  return (
    isInState(job, choice.states) &&
    (choice.accounts === null || hasWord(choice.accounts, job.account)) &&
    (choice.qos === null || hasWord(choice.qos, job.qos)) &&
    (choice.uids === null || choice.uids.includes(job.uid)) &&
    (choice.notUid === null || choice.notUid !== job.uid) &&
    (choice.names === null || choice.names.includes(job.name)) &&
    (choice.reservation === null || choice.reservation === job.reservation) &&
    (choice.partitions === null || shownPartitions(job).some((partition) => choice.partitions?.includes(partition))) &&
    (choice.nodes === null || job.nodes.some((node) => choice.nodes?.has(node))) &&
    (choice.licenses === null || licensesOf(job).some((license) => choice.licenses?.includes(license)))
  );
}

export function shownPartitions(job: EmulatedJob): readonly string[] {
  return job.state === 'PENDING' ? job.partitions : [job.partition];
}

function isInState(job: EmulatedJob, states: JobChoice['states']): boolean {
  if (states === 'all') return true;
  if (states === null) return shownWithoutAsking.has(job.state) || job.flags.includes('COMPLETING') || job.flags.includes('STAGE_OUT');
  // A base state is that of jobs without any flag beside it.
  return states.some(({ state, isFlag }) => (isFlag ? job.flags.includes(state) : job.flags.length === 0 && job.state === state));
}

function hasWord(words: readonly string[], word: string): boolean {
  return words.some((one) => one.toLowerCase() === word.toLowerCase());
}

function licensesOf({ request }: EmulatedJob): readonly string[] {
  return (request.licenses ?? '').split(',').map((license) => license.split(':', 1)[0] ?? '');
}
