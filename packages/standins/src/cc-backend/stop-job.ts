import type { Asked, Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { jobJson } from './job-json.ts';
import { isInt64, notAnInteger } from './numbers.ts';
import { type StopJob, stopJob } from './payloads.ts';
import { failure, jsonReply, type Reply, sqliteText } from './reply.ts';
import type { JobRow } from './store.ts';

/** How a stop ended, told apart by the step it came to. */
export type Stopped =
  | { readonly step: 'done'; readonly job: JobRow }
  | { readonly step: 'decode' | 'required' | 'find'; readonly error: string }
  | {
      readonly step: 'state' | 'time' | 'invalid' | 'transfer' | 'mark';
      readonly job: JobRow;
      readonly request: StopJob;
      readonly error: string;
    };

/** Stops a job in the order of contract §4.2. */
export function stopByRequest(context: Context, body: string, raced = false): Stopped | Promise<Stopped> {
  const request = decode(body);
  if ('error' in request) return { step: 'decode', ...request };
  if (request.jobId === null) return { step: 'required', error: "the field 'jobId' is required" };
  const key = { jobId: request.jobId, cluster: request.cluster, startTime: request.startTime };
  const cached = context.release.cached ? context.jobs.find('job_cache', key) : undefined;
  const row = cached ?? context.jobs.find('job', key);
  if (!row) return { step: 'find', error: 'sql: no rows in result set' };
  return stop(context, row, request, cached !== undefined, raced);
}

function stop(context: Context, row: JobRow, request: StopJob, cached: boolean, raced: boolean): Stopped | Promise<Stopped> {
  const wrong = check(context, row, request);
  if (wrong) return { ...wrong, job: row, request };
  const job = {
    ...row,
    job_state: request.jobState === '' ? 'completed' : request.jobState,
    duration: (request.stopTime - row.start_time) | 0,
  };
  if (raced) context.jobs.sync();
  return context.mutex.run(() => mark(context, job, request, cached));
}

/** With the mutex held: transfer, update, and the place in the archiver's queue, for which it may have to wait. */
function mark(context: Context, job: JobRow, request: StopJob, cached: boolean): Stopped | Promise<Stopped> {
  let { id } = job;
  if (cached) {
    try {
      const transferred = context.jobs.transfer(id);
      // The connection's last row id is stale then. Which of the server's four connections it is nobody knows: the
      // worst one is taken here (contract W1).
      id = transferred.moved ? transferred.id : context.jobs.newestOther(job);
    } catch (error) {
      return { step: 'transfer', job, request, error: sqliteText(error) };
    }
  }
  const stopped = { ...job, id };
  try {
    context.jobs.stop(id, job.job_state, job.duration);
  } catch (error) {
    return { step: 'mark', job: stopped, request, error: sqliteText(error) };
  }
  const done: Stopped = { step: 'done', job: stopped };
  if (job.monitoring_status === 0) return done;
  return context.archiver.enqueue(stopped)?.then(() => done) ?? done;
}

type Wrong = { readonly step: 'state' | 'time' | 'invalid'; readonly error: string };

function check({ release }: Context, row: JobRow, { stopTime, jobState }: StopJob): Wrong | undefined {
  if (release.stopCoarse && (row.start_time >= stopTime || row.job_state !== 'running')) {
    return { step: 'time', error: 'stopTime must be larger than startTime and only running jobs can be stopped' };
  }
  if (row.job_state !== 'running') return { step: 'state', error: `job has already been stopped (state is: ${row.job_state})` };
  if (stopTime < row.start_time) {
    return { step: 'time', error: `stopTime ${stopTime} must be larger/equal than startTime ${row.start_time}` };
  }
  if (jobState !== '' && !release.states.includes(jobState)) {
    return { step: 'invalid', error: `invalid requested job state: ${JSON.stringify(jobState)}` };
  }
  return undefined;
}

/** `POST /api/jobs/stop_job/`. */
export function handleStop(context: Context, { body, raced }: Asked): Reply | Promise<Reply> {
  return answer(context, stopByRequest(context, body, raced));
}

/** `POST /api/jobs/stop_job/{id}`, up to 1.3 (contract §4.3). */
export function handleStopById(context: Context, { body, variables: [id = ''] }: Asked): Reply | Promise<Reply> {
  const request = decode(body);
  if ('error' in request) return failure(400, `parsing request body failed: ${request.error}`);
  if (!isInt64(id)) return failure(400, `integer expected in path for id: ${notAnInteger(id)}`);
  const row = context.jobs.byId(Number(id));
  if (!row) return failure(422, 'finding job failed: sql: no rows in result set');
  return answer(context, stop(context, row, request, false, false));
}

function answer(context: Context, stopped: Stopped | Promise<Stopped>): Reply | Promise<Reply> {
  return stopped instanceof Promise ? stopped.then((later) => reply(context, later)) : reply(context, stopped);
}

function reply(context: Context, stopped: Stopped): Reply {
  const { release } = context;
  switch (stopped.step) {
    case 'decode':
      return failure(400, `parsing request body failed: ${stopped.error}`);
    case 'required':
      return failure(400, stopped.error);
    case 'find':
      return failure(release.stopMissing, `finding job failed: ${stopped.error}`);
    case 'done':
      return jsonReply(200, jobJson(stopped.job, context.now(), { isoStart: release.isoStart }));
    default:
      break;
  }
  const { job, error } = stopped;
  const named = release.stopCoarse ? '' : `jobId ${job.job_id} (id ${job.id}) on ${job.cluster} : `;
  switch (stopped.step) {
    case 'state':
      return failure(422, named + error);
    case 'transfer':
      return failure(500, `${named}transferring cached job failed: ${error}`);
    case 'mark':
      return failure(500, `${named}marking job as '${job.job_state}' (duration: ${job.duration}) in DB failed: ${error}`);
    default:
      return failure(400, named + error);
  }
}

function decode(body: string): StopJob | { readonly error: string } {
  try {
    return decodeGoJson(body, stopJob);
  } catch (error) {
    if (error instanceof GoJsonError) return { error: error.message };
    throw error;
  }
}
