import { exitCodeFromWaitStatus, isEnded, parseExitCode, parseState, parseTime, parseTimeLimit, parseTres } from '../languages/index.ts';
import type { ActiveJob, ArrayPosition, Epoch, ExitCode, HetPosition, JobState, TimeLimit, Tres } from '../records.ts';
import { memoize } from './memo.ts';
import type { SqueueColumn } from './squeue-columns.ts';

/** A row that is no job; `reason` names the column. */
export class UnreadableRow extends Error {}

/** Reads rows of one answer. Strings and resources that many rows share are kept once. */
export class SqueueDecoder {
  readonly #at: ReadonlyMap<SqueueColumn, number>;
  readonly #shared = memoize(ownString);
  readonly #readState = memoize(parseState);
  readonly #readTres = memoize(parseTres);
  readonly #readLimit = memoize(parseTimeLimit);

  constructor(columns: readonly SqueueColumn[]) {
    this.#at = new Map(columns.map((name, index) => [name, index]));
  }

  /** The job of one row. Throws {@link UnreadableRow} when a column that Slurm itself writes is not of its language. */
  job(row: readonly string[]): ActiveJob {
    const state = this.#state(row);
    const nodes = this.#own(row, 'NodeList');
    const start = this.#time(row, 'StartTime');
    const end = this.#time(row, 'EndTime');
    const pending = state.base === 'PENDING';
    const over = isEnded(state);
    const tres = this.#resources(row);
    const times = timesOf(state, nodes !== '', start, end);
    return {
      cluster: this.#share(row, 'Cluster'),
      jobId: this.#number(row, 'JobID'),
      array: this.#array(row),
      het: this.#het(row),
      name: this.#freeText(row, 'Name'),
      user: this.#share(row, 'UserName'),
      uid: this.#optionalNumber(row, 'UserID'),
      group: this.#share(row, 'GroupName'),
      gid: this.#optionalNumber(row, 'GroupID'),
      account: this.#share(row, 'Account'),
      partition: this.#share(row, 'Partition'),
      qos: this.#share(row, 'QOS'),
      state,
      reason: this.#reason(row),
      exitCode: pending || !over ? null : this.#exitCode(row),
      submit: this.#time(row, 'SubmitTime'),
      eligible: this.#time(row, 'EligibleTime'),
      start: times.start,
      end: times.end,
      timeLimit: this.#limit(row),
      nodes,
      nodeCount: this.#count(row, 'NumNodes'),
      cpus: this.#count(row, 'NumCPUs'),
      // squeue has one column for both: what is allocated, or else what is asked for.
      requested: nodes === '' ? tres : none,
      allocated: nodes === '' ? none : tres,
      comment: this.#freeText(row, 'Comment'),
      adminComment: this.#freeText(row, 'admin_comment'),
      workDir: this.#share(row, 'WorkDir'),
      restarts: this.#optionalNumber(row, 'RestartCnt'),
      priority: this.#optionalNumber(row, 'PriorityLong'),
      expectedStart: pending ? start : null,
      dependency: this.#own(row, 'Dependency'),
      batchHost: this.#share(row, 'BatchHost'),
      sharing: this.#sharing(row),
      stdout: this.#own(row, 'STDOUT'),
      stderr: this.#own(row, 'STDERR'),
      stdin: this.#share(row, 'STDIN'),
      command: this.#share(row, 'Command'),
    };
  }

  /** The raw name and workload characterisation key, exactly as written: what a reader of `scontrol show job` skips. */
  raw(row: readonly string[], column: SqueueColumn): string {
    return row[this.#at.get(column) ?? -1] ?? '';
  }

  /** The column's text; empty where Slurm says that there is none, or the release lacks the column. */
  #text(row: readonly string[], column: SqueueColumn): string {
    const text = this.raw(row, column);
    return text === '(null)' || text === 'N/A' || text === 'n/a' ? '' : text;
  }

  /** Free text, whose author may write `N/A`; `(null)` stands for none, and cannot be told from one that says so. */
  #freeText(row: readonly string[], column: SqueueColumn): string {
    const text = this.raw(row, column);
    return text === '(null)' ? '' : ownString(text);
  }

  /** A string of its own: a piece of a larger one would keep that alive. */
  #own(row: readonly string[], column: SqueueColumn): string {
    return ownString(this.#text(row, column));
  }

  #share(row: readonly string[], column: SqueueColumn): string {
    return this.#shared(this.#text(row, column));
  }

  #number(row: readonly string[], column: SqueueColumn): number {
    const number = this.#optionalNumber(row, column);
    if (number === null) throw new UnreadableRow(`no number in column ${column}`);
    return number;
  }

  /** Slurm may shorten large counts to `16K`, in spite of --noconvert, which it then does exactly. */
  #count(row: readonly string[], column: SqueueColumn): number {
    const text = this.#text(row, column);
    return text.endsWith('K') && /^\d{1,12}K$/.test(text) ? Number(text.slice(0, -1)) * 1024 : this.#number(row, column);
  }

  #optionalNumber(row: readonly string[], column: SqueueColumn): number | null {
    const text = this.#text(row, column);
    return /^\d{1,15}$/.test(text) ? Number(text) : null;
  }

  #time(row: readonly string[], column: SqueueColumn): Epoch | null {
    const time = parseTime(this.raw(row, column));
    if (time === undefined) throw new UnreadableRow(`no time in column ${column}`);
    return time;
  }

  #state(row: readonly string[]): JobState {
    const text = this.raw(row, 'State');
    const state = this.#readState(text);
    if (state === undefined) throw new UnreadableRow('no job state in column State');
    return state;
  }

  #resources(row: readonly string[]): Tres {
    const tres = this.#readTres(this.raw(row, 'tres-alloc'));
    if (tres === undefined) throw new UnreadableRow('no resources in column tres-alloc');
    return tres;
  }

  #limit(row: readonly string[]): TimeLimit | null {
    const limit = this.#readLimit(this.raw(row, 'TimeLimit'));
    if (limit === undefined) throw new UnreadableRow('no time limit in column TimeLimit');
    return limit;
  }

  #reason(row: readonly string[]): string | null {
    const reason = this.#share(row, 'Reason');
    return reason === '' || reason === 'None' ? null : reason;
  }

  #array(row: readonly string[]): ArrayPosition | null {
    const task = this.#text(row, 'ArrayTaskID');
    if (task === '') return null;
    const jobId = this.#number(row, 'ArrayJobID');
    return /^\d+$/.test(task) ? { jobId, taskId: Number(task), pending: null } : { jobId, taskId: null, pending: ownString(task) };
  }

  #het(row: readonly string[]): HetPosition | null {
    const jobId = this.#optionalNumber(row, 'HetJobID');
    return jobId === null || jobId === 0 ? null : { jobId, offset: this.#number(row, 'HetJobOffset') };
  }

  /** 22.05 writes the status of wait(2), later releases `code:signal`. */
  #exitCode(row: readonly string[]): ExitCode | null {
    const text = this.#text(row, 'exit_code');
    if (/^\d+$/.test(text)) return exitCodeFromWaitStatus(Number(text));
    return parseExitCode(text) ?? null;
  }

  #sharing(row: readonly string[]): ActiveJob['sharing'] {
    return sharingOf(this.#text(row, 'OverSubscribe'), this.#text(row, 'Exclusive'));
  }
}

const none: Tres = {};

/**
 * When a job started and ended, of the two times that squeue shows: those of a pending job are estimates, the end of a
 * running one is its limit, and a job cancelled before it started gets its end as its start.
 */
export function timesOf(
  state: JobState,
  hasNodes: boolean,
  start: Epoch | null,
  end: Epoch | null,
): { readonly start: Epoch | null; readonly end: Epoch | null } {
  const over = isEnded(state);
  const neverStarted = state.base === 'PENDING' || (over && !hasNodes && start === end);
  return { start: neverStarted ? null : start, end: over || state.flags.includes('COMPLETING') ? end : null };
}

/**
 * OverSubscribe and, from 26.05, Exclusive. Until then NO meant exclusive, USER and MCS stood here too, and OK was the usual;
 * since then NO is the usual. An empty `exclusive` says that the release has no such field.
 */
function sharingOf(overSubscribe: string, exclusive: string): ActiveJob['sharing'] {
  if (overSubscribe === '') return null;
  if (overSubscribe === 'YES' || overSubscribe.startsWith('YES:')) return 'oversubscribed';
  const word = exclusive === '' ? overSubscribe : exclusive;
  if (word === 'USER') return 'user';
  if (word === 'MCS') return 'mcs';
  if (exclusive === '') return overSubscribe === 'NO' ? 'exclusive' : 'shared';
  return exclusive === 'NODE' || exclusive === 'YES' ? 'exclusive' : 'shared';
}

/** V8 keeps strings of 13 characters and more as views of what they were cut from; this one stands alone. */
function ownString(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
