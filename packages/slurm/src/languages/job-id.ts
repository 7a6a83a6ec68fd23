import { parseNatural, parseUint32 } from './text.ts';

/** A step of a job: its number, or one of Slurm's names (`batch`, `extern`, `interactive`, `TBD`). */
export interface JobStep {
  readonly name: number | string;
  /** Component of a step that runs across a het job (`123.0+1`), or null. */
  readonly hetOffset: number | null;
}

/** What a job id of Slurm's commands is made of. */
export interface JobIdParts {
  /** The number before `_`, `+` and `.`: the job, the array's job or the het job's leader. */
  readonly jobId: number;
  /** Index of an array task, `123_4`; null otherwise. */
  readonly taskId: number | null;
  /** The tasks of an array that still pend, `5-10%2` of `123_[5-10%2]`, cut with `...` where Slurm cuts; null otherwise. */
  readonly pending: string | null;
  /** Component of a het job, `123+1`; null otherwise. */
  readonly hetOffset: number | null;
  readonly step: JobStep | null;
}

const stepNames: ReadonlySet<string> = new Set(['batch', 'extern', 'interactive', 'TBD']);

/**
 * A job, array task, het component or step: `123`, `123_4`, `123_[1-5%2]`, `123+1`, `123.0`, `123_4.batch`, `123+1.0`,
 * `123.0+1`. Numbers have no leading zeros and 32 bits; 0 is no job. squeue cuts a long id off (`123_[1,8,15,`) unless
 * SLURM_BITSTR_LEN is 0 in its environment: its list of tasks ends with `...` then.
 */
export function parseJobId(text: string): JobIdParts | undefined {
  const array = /^([0-9]{1,10})_\[([0-9,:%.-]{1,1048576})(\]?)$/.exec(text);
  if (array !== null) {
    const [, id = '', list = '', closed] = array;
    const jobId = parseId(id);
    const pending = closed === ']' ? list : cut(list);
    if (!jobId || parsePending(pending) === undefined) return undefined;
    return { jobId, taskId: null, pending, hetOffset: null, step: null };
  }
  const match = /^([0-9]{1,10})(?:_([0-9]{1,10})|\+([0-9]{1,10}))?(?:\.([0-9]{1,10}|[A-Za-z]{1,16})(?:\+([0-9]{1,10}))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, job, task, het, name, stepHet] = match;
  const jobId = parseId(job ?? '');
  const taskId = parseOptionalId(task);
  const hetOffset = parseOptionalId(het);
  const step = name === undefined ? null : parseStep(name, stepHet);
  if (!jobId || taskId === undefined || hetOffset === undefined || step === undefined) return undefined;
  return { jobId, taskId, pending: null, hetOffset, step };
}

/** The text of an id, as Slurm's commands write and read it. */
export function formatJobId(parts: JobIdParts): string {
  let text = `${parts.jobId}`;
  if (parts.pending !== null) text += `_[${parts.pending}]`;
  else if (parts.taskId !== null) text += `_${parts.taskId}`;
  else if (parts.hetOffset !== null) text += `+${parts.hetOffset}`;
  if (parts.step === null) return text;
  return `${text}.${parts.step.name}${parts.step.hetOffset === null ? '' : `+${parts.step.hetOffset}`}`;
}

function parseStep(name: string, het: string | undefined): JobStep | undefined {
  const number = parseId(name);
  if (number === undefined && !stepNames.has(name)) return undefined;
  const hetOffset = parseOptionalId(het);
  return hetOffset === undefined ? undefined : { name: number ?? name, hetOffset };
}

/** Ids have 32 bits; the two highest are Slurm's words for none (NO_VAL, e.g. ArrayTaskId of a job that is no array) and all. */
function parseId(text: string): number | undefined {
  const id = text.length > 1 && text.startsWith('0') ? undefined : parseUint32(text);
  return id !== undefined && id < 0xffff_fffe ? id : undefined;
}

function parseOptionalId(text: string | undefined): number | null | undefined {
  return text === undefined ? null : parseId(text);
}

/** Tasks of an array as `--array` has them: the list, and how many may run at a time (null: all). */
export interface ArrayTasks {
  readonly tasks: string;
  readonly limit: number | null;
}

/** `1-5,9,20-30:2%2`: the tasks and the limit of those that run at a time. */
export function parseArrayTasks(text: string): ArrayTasks | undefined {
  const parts = parsePending(text);
  return parts === undefined || isCut(parts.tasks) ? undefined : parts;
}

/** The indices of `1-5,9,20-30:2` in the order written; undefined when there are more than `max` or the list was cut. */
export function expandTaskList(text: string, max = 1_000_000): readonly number[] | undefined {
  const tasks: number[] = [];
  for (const range of taskRanges(text)) {
    if (range === undefined) return undefined;
    const { low, high, step } = range;
    if (tasks.length + Math.floor((high - low) / step) + 1 > max) return undefined;
    for (let task = low; task <= high; task += step) tasks.push(task);
  }
  return tasks;
}

/**
 * Slurm cuts a long list of tasks with `...`, be it within a number (`120,127,1...%5`): SLURM_BITSTR_LEN of its
 * environment, 64 characters by default, 0 for no limit.
 */
function isCut(tasks: string): boolean {
  return tasks.endsWith('...');
}

/** The whole ranges of a list that was cut off anywhere, with `...` behind them. */
function cut(list: string): string {
  return `${list.slice(0, list.lastIndexOf(',') + 1)}...`;
}

function parsePending(text: string): ArrayTasks | undefined {
  const percent = text.indexOf('%');
  const tasks = percent < 0 ? text : text.slice(0, percent);
  const limit = percent < 0 ? null : parseId(text.slice(percent + 1));
  if (limit === undefined) return undefined;
  const whole = isCut(tasks) ? tasks.slice(0, -'...'.length).replace(/[,:-]$/, '') : tasks;
  if (isCut(tasks) && whole === '') return { tasks, limit };
  for (const range of taskRanges(whole)) if (range === undefined) return undefined;
  return { tasks, limit };
}

function* taskRanges(text: string): Generator<{ low: number; high: number; step: number } | undefined> {
  for (const part of text.split(',')) {
    const colon = part.indexOf(':');
    const [first = '', ...others] = (colon < 0 ? part : part.slice(0, colon)).split('-', 3);
    const low = parseId(first);
    const high = others.length === 0 ? low : parseId(others[0] ?? '');
    const step = colon < 0 ? 1 : parseNatural(part.slice(colon + 1));
    const sound = low !== undefined && high !== undefined && high >= low && step !== undefined && step > 0 && others.length < 2;
    yield sound ? { low, high, step } : undefined;
  }
}
