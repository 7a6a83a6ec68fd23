import { parseDuration, parseExitCode, parseJobId, parseState, parseTime, parseTimeLimit, parseTres } from '../languages/index.ts';
import type { AccountedJob, ArrayPosition, Epoch, HetPosition } from '../records.ts';
import { isOwn, memoize, own } from './memo.ts';
import { jobColumns } from './sacct-columns.ts';

/** A record, or the reason why a row is none. */
export type Decoded<T> = T | string;

type Row = readonly string[];

/**
 * Reads rows of sacct whose columns have the given names (of its header, in any order and any subset; names we do not
 * know are passed over). A column that is absent gives null, the empty text or 0 as the record's type has it. The
 * record stands for itself: it holds on to no part of the chunk it was read from.
 */
export function jobDecoder(columns: readonly string[]): (row: Row) => Decoded<AccountedJob> {
  const at = placesOf(columns);
  const state = memoize(parseState);
  // One memory per column: of two columns in turn, neither would find the value before.
  const exitCode = memoize((text: string) => parseExitCode(text) ?? null);
  const derivedExitCode = memoize((text: string) => parseExitCode(text) ?? null);
  const requested = memoize((text: string) => parseTres(text) ?? {});
  const allocated = memoize((text: string) => parseTres(text) ?? {});
  const flags = memoize((text: string) => (text === '' ? [] : text.split(',')));
  const timeLimit = memoize((text: string) => parseTimeLimit(text) ?? null);
  const reason = memoize((text: string) => (text === '' || text === 'None' ? null : text));
  const nodes = memoize((text: string) => (text === 'None assigned' ? '' : text));
  const longWord = memoize((text: string) => text);

  /** A short one is a copy already, and looking it up costs more than it. */
  function word(text: string): string {
    return isOwn(text) ? text : longWord(text);
  }

  /** 22.05 gives a job that was cancelled while it pended its end as its start; what never held a node never ran. */
  function started(row: Row): boolean {
    return nodes(row[at.nodes] ?? 'unknown') !== '' || (row[at.allocated] ?? '') !== '';
  }

  return function decode(row) {
    const rawId = naturalOrNull(row[at.jobId] ?? '');
    if (rawId === null || rawId === 0) return `JobIDRaw is no job id`;
    const position = positionOf(row[at.array] ?? '', rawId);
    if (position === undefined) return `JobID is no job id`;
    const jobState = state(row[at.state] ?? '');
    if (jobState === undefined) return 'State is no state';
    return {
      cluster: word(row[at.cluster] ?? ''),
      jobId: rawId,
      array: position.array,
      het: position.het,
      name: own(row[at.name] ?? ''),
      user: word(row[at.user] ?? ''),
      uid: naturalOrNull(row[at.uid] ?? ''),
      group: word(row[at.group] ?? ''),
      gid: naturalOrNull(row[at.gid] ?? ''),
      account: word(row[at.account] ?? ''),
      partition: word(row[at.partition] ?? ''),
      qos: word(row[at.qos] ?? ''),
      state: jobState,
      reason: reason(row[at.reason] ?? ''),
      exitCode: exitCode(row[at.exitCode] ?? ''),
      submit: time(row[at.submit] ?? ''),
      eligible: time(row[at.eligible] ?? ''),
      start: started(row) ? time(row[at.start] ?? '') : null,
      end: time(row[at.end] ?? ''),
      timeLimit: timeLimit(row[at.timeLimit] ?? ''),
      nodes: nodes(row[at.nodes] ?? ''),
      nodeCount: naturalOrNull(row[at.nodeCount] ?? '') ?? 0,
      cpus: naturalOrNull(row[at.cpus] ?? '') ?? 0,
      requested: requested(row[at.requested] ?? ''),
      allocated: allocated(row[at.allocated] ?? ''),
      comment: own(row[at.comment] ?? ''),
      adminComment: own(row[at.adminComment] ?? ''),
      workDir: word(row[at.workDir] ?? ''),
      restarts: naturalOrNull(row[at.restarts] ?? ''),
      elapsed: naturalOrNull(row[at.elapsed] ?? '') ?? 0,
      suspended: suspended(row[at.suspended] ?? ''),
      derivedExitCode: derivedExitCode(row[at.derivedExitCode] ?? ''),
      reservation: word(row[at.reservation] ?? ''),
      constraints: word(row[at.constraints] ?? ''),
      systemComment: own(row[at.systemComment] ?? ''),
      submitLine: own(row[at.submitLine] ?? ''),
      flags: flags(row[at.flags] ?? ''),
      dbIndex: own(row[at.dbIndex] ?? ''),
    };
  };
}

/**
 * Where in a row each part of a record stands; of one that is absent the place behind the last. -1 would be no index of an array to
 * V8, but a name to look up, which for the columns that are not asked for took longer than all the rest of a row.
 */
function placesOf(columns: readonly string[]): Readonly<Record<keyof AccountedJob, number>> {
  const given = new Map(columns.map((column, index) => [column.toLowerCase(), index]));
  const places = jobColumns.map(({ column, key }) => `"${key}":${given.get(column.toLowerCase()) ?? columns.length}`);
  // Objects that come from JSON have a shape, those that are filled key by key are looked up like maps.
  return JSON.parse(`{${places.join(',')}}`) as Record<keyof AccountedJob, number>;
}

const alone = { array: null, het: null } as const;

interface Position {
  readonly array: ArrayPosition | null;
  readonly het: HetPosition | null;
}

/** Place in an array or a het job, from JobID: `17_3`, `17_[7-10%4]`, `15+1`; a plain number has none. */
function positionOf(text: string, rawId: number): Position | undefined {
  if (text === '' || text === `${rawId}`) return alone;
  const parts = parseJobId(text);
  if (parts === undefined || parts.step !== null) return undefined;
  const { jobId, taskId, pending, hetOffset } = parts;
  if (hetOffset !== null) return { array: null, het: { jobId, offset: hetOffset } };
  if (taskId !== null || pending !== null) return { array: { jobId, taskId, pending }, het: null };
  return alone;
}

function time(text: string): Epoch | null {
  // Most of what is not asked for comes here.
  if (text === '') return null;
  return naturalOrNull(text) || (parseTime(text) ?? null);
}

function suspended(text: string): number {
  return text === '00:00:00' || text === '' ? 0 : (parseDuration(text) ?? 0);
}

/** Digits as a number; by hand, for it is called a dozen times per job. */
function naturalOrNull(text: string): number | null {
  const { length } = text;
  if (length === 0 || length > 15) return null;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}
