import { type HttpClient, type HttpResponse, SluiceError } from '@sluice/io';
import type { StartPayload, StopPayload } from './payloads.ts';
import type { CcCluster } from './decide/topology.ts';

/**
 * What became of a write (contract §4.17). `there`: it stood already. `refused`: it will never be taken as it is.
 * `missing`: a stop for a job the server does not know. Everything else is an error, and the outcome is unknown or the
 * operator has to act.
 */
export type Written =
  | { readonly kind: 'written' }
  | { readonly kind: 'there' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly reason: string };

/** A job as the server lists it; only what is looked at. */
export interface ListedJob {
  readonly jobId: number;
  readonly cluster: string;
  readonly startTime: number;
  readonly jobState: string;
  readonly duration: number;
}

/** cc-backend's REST API, one call per method. Errors are those of {@link HttpClient}, and the `cc.*` codes. */
export interface CcBackendClient {
  start(job: StartPayload): Promise<Written>;
  stop(job: StopPayload): Promise<Written>;
  /** What the server serves, as it was at its start. */
  clusters(): Promise<readonly CcCluster[]>;
  /** Jobs of a cluster that started at exactly this time; only what the server has committed. */
  startedAt(cluster: string, startTime: number): Promise<readonly ListedJob[]>;
}

/** `token` is asked for at each request, so that a new one is taken up. */
export function ccBackendClient(http: HttpClient, token: () => string): CcBackendClient {
  async function post(name: 'start_job' | 'stop_job', body: StartPayload | StopPayload): Promise<HttpResponse> {
    return http.request({
      method: 'POST',
      path: `/api/jobs/${name}/`,
      name,
      // The answers are short: compressing them costs both sides more than it saves.
      headers: { 'x-auth-token': token(), 'content-type': 'application/json', 'accept-encoding': 'identity' },
      body: JSON.stringify(body),
    });
  }

  async function get<T>(name: string, path: string, what: string): Promise<T> {
    const answer = await http.request({ method: 'GET', path, name, headers: { 'x-auth-token': token() } });
    if (answer.status !== 200) throw unexpected(answer, what);
    try {
      return JSON.parse(answer.body.toString('utf8')) as T;
    } catch (cause) {
      throw new SluiceError('cc.failed', `cc-backend answered ${what} with something that is no JSON`, { cause });
    }
  }

  async function startedAt(cluster: string, startTime: number): Promise<readonly ListedJob[]> {
    const query = new URLSearchParams({ cluster, 'start-time': `${startTime}-${startTime}`, 'items-per-page': '10000' });
    const { jobs } = await get<{ jobs: readonly ListedJob[] }>('jobs', `/api/jobs/?${query}`, 'the listing of jobs');
    return jobs;
  }

  return {
    startedAt,
    async clusters() {
      const { clusters } = await get<{ clusters: readonly CcCluster[] }>('clusters', '/api/clusters/', 'the listing of clusters');
      return clusters;
    },
    async start(job) {
      const answer = await post('start_job', job);
      if (answer.status === 201) return { kind: 'written' };
      const reason = reasonOf(answer);
      // The first is only cached yet: the same job, cluster and start (contract W3).
      if (answer.status === 500 && reason.includes('UNIQUE constraint failed: job_cache.')) return { kind: 'there' };
      if (answer.status === 422) {
        // Any run of this id within a day is refused so; whether it is this one, the list says (contract W4).
        const listed = await startedAt(job.cluster, job.startTime);
        return listed.some(({ jobId }) => jobId === job.jobId) ? { kind: 'there' } : { kind: 'refused', reason };
      }
      if (answer.status === 400 || (answer.status === 500 && reason.includes('CHECK constraint failed')))
        return { kind: 'refused', reason };
      throw unexpected(answer, `the start of job ${job.jobId}`);
    },
    async stop(job) {
      const answer = await post('stop_job', job);
      if (answer.status === 200) return { kind: 'written' };
      const reason = reasonOf(answer);
      if (answer.status === 422) return { kind: 'there' };
      if (answer.status === 400) return { kind: 'refused', reason };
      if (answer.status === 404 && reason.includes('finding job failed')) return { kind: 'missing' };
      throw unexpected(answer, `the stop of job ${job.jobId}`);
    },
  };
}

/** The server's sentence in its error envelope, or the beginning of what it sent instead. */
function reasonOf(answer: HttpResponse): string {
  const text = answer.body.toString('utf8');
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // Not the envelope: a proxy's page, or an empty body after a panic.
  }
  return text.slice(0, 200);
}

function unexpected(answer: HttpResponse, what: string): SluiceError {
  const reason = reasonOf(answer);
  if (answer.status === 401 || answer.status === 403) {
    return new SluiceError('cc.denied', `cc-backend refuses the token (${answer.status}: ${reason})`, {
      hint: 'Make a token for a user with the role api alone: cc-backend -jwt NAME',
    });
  }
  if (answer.status === 404) {
    return new SluiceError('cc.no-route', `cc-backend has no route for ${what} (404: ${reason})`, {
      hint: 'Its configuration has main.api-subjects, which turns REST starts and stops off, or the URL is not that of cc-backend.',
    });
  }
  return new SluiceError('cc.failed', `cc-backend answered ${what} with ${answer.status}: ${reason}`);
}
