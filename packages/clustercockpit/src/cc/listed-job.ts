import { type HttpResponse, SluiceError } from '@sluice/io';
import type { ResourcePayload, Shared } from './payloads.ts';

/** A job as the server lists it; only what is looked at. */
export interface ListedJob {
  readonly jobId: number;
  readonly cluster: string;
  /** Unix seconds. */
  readonly startTime: number;
  readonly jobState: string;
  /** Seconds; of a running job those since its start. */
  readonly duration: number;
  /** The server's own number of the row; another row may get it after this one was deleted. */
  readonly id?: number;
}

/** What a listing of either kind holds per job: REST says `jobState` and seconds, GraphQL `state` and RFC 3339. */
interface RawJob {
  readonly jobId?: unknown;
  readonly cluster?: unknown;
  readonly startTime?: unknown;
  readonly jobState?: unknown;
  readonly state?: unknown;
  readonly duration?: unknown;
  readonly id?: unknown;
}

/** The rows of a listing. Throws `cc.failed` unless every row names its job: a list with a gap proves nothing. */
export function readRows(rows: unknown, what: string): readonly ListedJob[] {
  if (!Array.isArray(rows)) throw new SluiceError('cc.failed', `cc-backend answered ${what} with no list of jobs`);
  return rows.map((row: RawJob | null) => {
    const jobId = idOf(row?.jobId);
    const startTime = secondsOf(row?.startTime);
    const jobState = row?.jobState ?? row?.state;
    const { cluster, duration, id } = row ?? {};
    if (jobId === undefined || startTime === undefined || typeof cluster !== 'string' || typeof jobState !== 'string') {
      throw new SluiceError('cc.failed', `cc-backend answered ${what} with a job that lacks its id, cluster, start or state`);
    }
    const dbId = id === undefined ? Number.NaN : Number(id);
    return { jobId, cluster, startTime, jobState, duration: Number(duration ?? 0), ...(Number.isInteger(dbId) ? { id: dbId } : {}) };
  });
}

/** Null and the like become 0 as a number, and 0 is a job like another to whoever compares. */
function idOf(id: unknown): number | undefined {
  const number = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined;
}

function secondsOf(time: unknown): number | undefined {
  const seconds = typeof time === 'string' ? Math.floor(Date.parse(time) / 1000) : time;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined;
}

/** The body of a 200. Throws `cc.failed` for what is no JSON. */
export function jsonOf(answer: HttpResponse, what: string): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch (cause) {
    throw new SluiceError('cc.failed', `cc-backend answered ${what} with something that is no JSON`, { cause });
  }
}

/** A listed job with all that a start says of it; numbers that the server leaves out are 0. */
export interface DetailedJob extends ListedJob {
  readonly user: string;
  readonly project: string;
  readonly partition: string;
  readonly subCluster: string;
  /** As 1.5 words it, also where the server says `exclusive`; empty when it says neither. */
  readonly shared: string;
  readonly numNodes: number;
  readonly numHwthreads: number;
  readonly numAcc: number;
  /** Seconds. */
  readonly walltime: number;
  readonly arrayJobId: number;
  readonly resources: readonly ResourcePayload[];
}

/** The rows of a listing by REST, in full. Errors as `readRows`. */
export function readDetails(rows: unknown, what: string): readonly DetailedJob[] {
  const raw = Array.isArray(rows) ? (rows as readonly Readonly<Record<string, unknown>>[]) : [];
  return readRows(rows, what).map((job, index) => {
    const row = raw[index] ?? {};
    const text = (key: string) => (typeof row[key] === 'string' ? row[key] : '');
    const number = (key: string) => (typeof row[key] === 'number' ? row[key] : 0);
    return {
      ...job,
      user: text('user'),
      project: text('project'),
      partition: text('partition'),
      subCluster: text('subCluster'),
      shared: 'exclusive' in row ? (sharedOf[number('exclusive')] ?? '') : text('shared'),
      numNodes: number('numNodes'),
      numHwthreads: number('numHwthreads'),
      numAcc: number('numAcc'),
      walltime: number('walltime'),
      arrayJobId: number('arrayJobId'),
      resources: (Array.isArray(row['resources']) ? row['resources'] : []).filter((one) => typeof one?.hostname === 'string'),
    };
  });
}

/** `exclusive` of servers up to 1.4 (contract §5.2). */
const sharedOf: readonly Shared[] = ['multi_user', 'none', 'single_user'];
