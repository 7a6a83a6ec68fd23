import type { Context } from './context.ts';
import { decodeGoJson } from './go-json.ts';
import { GoJsonError } from './go-json-syntax.ts';
import { jobJson } from './job-json.ts';
import { jobStates, type StopJob, stopJob } from './payloads.ts';
import { failure, jsonReply, type Reply, sqliteText } from './reply.ts';

/** `POST /api/jobs/stop_job/`, in the order of contract §4.2. */
export function handleStop(context: Context, body: string): Reply {
  let request: StopJob;
  try {
    request = decodeGoJson(body, stopJob);
  } catch (error) {
    if (error instanceof GoJsonError) return failure(400, `parsing request body failed: ${error.message}`);
    throw error;
  }
  if (request.jobId === null) return failure(400, "the field 'jobId' is required");
  const { store } = context;
  const key = { jobId: request.jobId, cluster: request.cluster, startTime: request.startTime };
  const cached = store.newest('job_cache', key);
  const row = cached ?? store.newest('job', key);
  if (!row) return failure(404, 'finding job failed: sql: no rows in result set');

  const named = `jobId ${row.job_id} (id ${row.id}) on ${row.cluster} : `;
  if (row.job_state !== 'running') return failure(422, `${named}job has already been stopped (state is: ${row.job_state})`);
  if (request.stopTime < row.start_time) {
    return failure(400, `${named}stopTime ${request.stopTime} must be larger/equal than startTime ${row.start_time}`);
  }
  const state = request.jobState === '' ? 'completed' : request.jobState;
  if (!jobStates.some((known) => known === state)) return failure(400, `${named}invalid requested job state: "${state}"`);

  let id = row.id;
  if (cached) {
    try {
      id = store.transfer(cached.id);
    } catch (error) {
      return failure(500, `${named}transferring cached job failed: ${sqliteText(error)}`);
    }
  }
  const duration = (request.stopTime - row.start_time) | 0;
  try {
    store.stop(id, state, duration);
  } catch (error) {
    return failure(500, `${named}marking job as '${state}' (duration: ${duration}) in DB failed: ${sqliteText(error)}`);
  }
  const stopped = { ...row, id, job_state: state, duration };
  if (row.monitoring_status !== 0) context.archive(id);
  return jsonReply(200, jobJson(stopped, context.now()));
}
