import { type HttpResponse, SluiceError } from '@sluice/io';

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
    const jobId = Number(row?.jobId);
    const startTime = secondsOf(row?.startTime);
    const jobState = row?.jobState ?? row?.state;
    const { cluster, duration, id } = row ?? {};
    if (!Number.isInteger(jobId) || startTime === undefined || typeof cluster !== 'string' || typeof jobState !== 'string') {
      throw new SluiceError('cc.failed', `cc-backend answered ${what} with a job that lacks its id, cluster, start or state`);
    }
    const dbId = id === undefined ? Number.NaN : Number(id);
    return { jobId, cluster, startTime, jobState, duration: Number(duration ?? 0), ...(Number.isInteger(dbId) ? { id: dbId } : {}) };
  });
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
