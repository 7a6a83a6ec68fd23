import { type HttpClient, type HttpResponse, SluiceError } from '@sluice/io';
import type { CcCluster } from '../decide/cc-cluster.ts';
import { errorFor, isMissing, isNoRoute, isPage, reasonOf, type Surroundings } from './answers.ts';
import { startForVersion, statesForVersion, stopForVersion } from './dialect.ts';
import { ccGraphql, type JobFilter } from './graphql.ts';
import { type DetailedJob, jsonOf, type ListedJob, readDetails, readRows } from './listed-job.ts';
import type { NodeStatesPayload, StartPayload, StopPayload } from './payloads.ts';
import { ccRequests } from './requests.ts';
import { probeServer, type ServerProfile } from './server-profile.ts';
import { type AskRange, slices, type WholeList } from './slices.ts';
import { seesAllJobs } from './token-facts.ts';
import { isUnknownField, judgeRuns, judgeStart, judgeStop, type Written } from './written.ts';

export type { ListedJob, ServerProfile, WholeList, Written };

/**
 * cc-backend 1.3 to 1.5, asked as each takes it. Errors are those of {@link HttpClient} (after `http.timeout` and
 * `http.dropped` the outcome of a write is unknown: look it up with `find`), and
 * - `cc.denied`: the token or this address is refused; the hint says what the token itself tells,
 * - `cc.blocked`: something before it refuses access, a proxy or a login page,
 * - `cc.no-route`: no such route; the hint says whether by NATS mode, age or a wrong address,
 * - `cc.failed`: it failed or answered nonsense; `retryAfterMs` says how long it asks to be left alone, if it does.
 */
export interface CcBackendClient {
  start(job: StartPayload): Promise<Written>;
  stop(job: StopPayload): Promise<Written>;
  /** What the server serves, as it was at its start. */
  clusters(): Promise<readonly CcCluster[]>;
  /** What the server is: probed once, and again after it could not be reached or an answer says that it has changed. */
  profile(): Promise<ServerProfile>;
  /** What the last probe found, without asking; null when it has to be asked. */
  lastProfile(): ServerProfile | null;
  /** Jobs of a cluster that started at exactly this time; only what the server has committed. */
  startedAt(cluster: string, startTime: number): Promise<readonly ListedJob[]>;
  /** The same with all that is known of them; the server reads the archive for each that has ended (contract W9). */
  detailsAt(cluster: string, startTime: number): Promise<readonly DetailedJob[]>;
  /** The committed runs of a job: all where GraphQL can be used, else the one of this start. */
  runsOf(cluster: string, jobId: number, startTime: number): Promise<readonly ListedJob[]>;
  /** One run, if the server has committed it. */
  find(cluster: string, jobId: number, startTime: number): Promise<ListedJob | undefined>;
  /** All committed jobs in state `running`, started at `from` or later. */
  running(cluster: string, options?: RunningOptions): WholeList;
  /**
   * All committed jobs that started from `from` to `to`, in any state or those named. By GraphQL where it can be used: REST
   * reads the archive for each ended job, and one that cannot be read there fails the whole question (contract W9).
   */
  startedBetween(cluster: string, from: number, to: number, options?: StartedOptions): WholeList;
  /**
   * Sends node states. That nothing is thrown does not prove that they were taken (contract W10). Errors also:
   * `data.invalid` when the server does not understand them.
   */
  nodeStates(states: NodeStatesPayload): Promise<void>;
  /** Deletes a committed run's row, its archive stays; false when there was none. */
  remove(cluster: string, jobId: number, startTime: number): Promise<boolean>;
}

export interface RunningOptions {
  /** Unix seconds. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

export interface StartedOptions {
  readonly states?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface CcBackendClientOptions {
  /** Unix milliseconds; the system's clock by default. */
  readonly now?: () => number;
  /** Rows asked for at once; 1,000 by default. */
  readonly pageSize?: number;
}

/** Of ended jobs the server reads one archive entry per row, within its 20 s for an answer. */
const archivedPageSize = 50;
/** Jobs of one second that are looked at in full. */
const ofOneSecond = 5000;
const listing = 'the listing of jobs';
/** 2100-01-01: a start that lies in the server's future is one of its running jobs all the same. */
const endOfTime = 4_102_444_800;

/** `token` is asked for at each request, so that a new one is taken up. */
export function ccBackendClient(http: HttpClient, token: () => string, options: CcBackendClientOptions = {}): CcBackendClient {
  const { now = Date.now, pageSize = 1000 } = options;
  let known: ServerProfile | undefined;
  let probing: Promise<ServerProfile> | undefined;
  const requests = ccRequests(http, token, forget);
  const graphql = ccGraphql(requests);

  /** Whatever listens there when it answers again may be another release. */
  function forget(): void {
    known = undefined;
  }

  function probed(): Promise<ServerProfile> {
    probing ??= probeServer(requests, surroundings)
      .then((profile) => {
        known = profile;
        graphql.reset();
        return profile;
      })
      .finally(() => {
        probing = undefined;
      });
    return probing;
  }

  function surroundings(): Surroundings {
    return { token: token(), now: now(), profile: known };
  }

  async function read(name: string, path: string, what: string, signal?: AbortSignal): Promise<unknown> {
    const answer = await requests.get(name, path, signal);
    if (answer.status !== 200) throw errorFor(answer, what, surroundings());
    return jsonOf(answer, what);
  }

  async function list(
    cluster: string,
    from: number,
    to: number,
    items: number,
    options: StartedOptions = {},
  ): Promise<readonly ListedJob[]> {
    return readRows(await rawList(cluster, from, to, items, options), listing);
  }

  async function rawList(cluster: string, from: number, to: number, items: number, options: StartedOptions = {}): Promise<unknown> {
    const states = (options.states ?? []).map((state) => `&state=${state}`).join('');
    const path = `/api/jobs/?cluster=${encodeURIComponent(cluster)}&start-time=${from}-${to}&items-per-page=${items}${states}`;
    return ((await read('jobs', path, listing, options.signal)) as { jobs?: unknown } | null)?.jobs;
  }

  async function startedAt(cluster: string, startTime: number): Promise<readonly ListedJob[]> {
    const jobs: ListedJob[] = [];
    for await (const slice of slices(byRest(cluster, pageSize), startTime, startTime)) jobs.push(...slice.jobs);
    return jobs;
  }

  function byRest(cluster: string, perPage: number, options: StartedOptions = {}): AskRange {
    return async (from, to, factor) => {
      const rows = await list(cluster, from, to, perPage * factor, options);
      return { rows, full: rows.length >= perPage * factor };
    };
  }

  function inAnyState(cluster: string, { states, signal }: StartedOptions): AskRange {
    const onlyRunning = states?.every((state) => state === 'running') ?? false;
    return async (from, to, factor) => {
      const profile = known ?? (await probed());
      const asked = { ...(states && { states: statesForVersion(profile, states) }), ...(signal && { signal }) };
      // An empty list would not limit: the server has no such state, so no job is in one.
      if (asked.states?.length === 0) return { rows: [], full: false };
      if (onlyRunning) return byRest(cluster, pageSize, asked)(from, to, factor);
      const rows = await byGraphql({ cluster, from, to, ...asked }, pageSize * factor, signal);
      return rows ? { rows, full: rows.length >= pageSize * factor } : byRest(cluster, archivedPageSize, asked)(from, to, factor);
    };
  }

  /** By GraphQL, if it can be used; other roles would be shown their own jobs alone, as if there were no others. */
  async function byGraphql(filter: JobFilter, items: number, signal?: AbortSignal): Promise<readonly ListedJob[] | undefined> {
    return seesAllJobs(token()) ? graphql.jobs(known ?? (await probed()), filter, items, signal) : undefined;
  }

  /** Runs of an id, or as many as can be found: all by GraphQL, that of this start by REST. */
  async function runsOf(cluster: string, jobId: number, startTime: number): Promise<readonly ListedJob[]> {
    const runs = (await byGraphql({ cluster, jobId }, pageSize)) ?? (await startedAt(cluster, startTime));
    return runs.filter((run) => run.jobId === jobId && run.cluster === cluster);
  }

  async function find(cluster: string, jobId: number, startTime: number): Promise<ListedJob | undefined> {
    const filter = { cluster, jobId, from: startTime, to: startTime };
    const runs = (await byGraphql(filter, pageSize)) ?? (await startedAt(cluster, startTime));
    return runs.find((run) => run.jobId === jobId && run.cluster === cluster && run.startTime === startTime);
  }

  /** Sends what `make` makes for the server as it is known, and once more if the answer says that it is another by now. */
  async function write(name: string, make: (profile: ServerProfile) => unknown, what: () => string): Promise<HttpResponse> {
    const path = `/api/jobs/${name}/`;
    const profile = known ?? (await probed());
    const answer = await requests.send('POST', name, path, JSON.stringify(make(profile)));
    if (answer.status < 400) return answer;
    if (isNoRoute(answer)) {
      await probed();
      throw errorFor(answer, what(), surroundings());
    }
    if (!isUnknownField(answer) || (await probed()).version === profile.version) return answer;
    return requests.send('POST', name, path, JSON.stringify(make(known ?? profile)));
  }

  return {
    startedAt,
    async detailsAt(cluster, startTime) {
      return readDetails(await rawList(cluster, startTime, startTime, ofOneSecond), listing);
    },
    runsOf,
    find,
    profile: async () => known ?? probed(),
    lastProfile: () => known ?? null,
    async clusters() {
      const what = 'the listing of clusters';
      const clusters = ((await read('clusters', '/api/clusters/', what)) as { clusters?: unknown } | null)?.clusters;
      if (!Array.isArray(clusters)) throw new SluiceError('cc.failed', `cc-backend answered ${what} with no list of clusters`);
      return clusters as readonly CcCluster[];
    },
    async start(job) {
      const what = () => `the start of job ${job.jobId}`;
      const answer = await write('start_job', (profile) => startForVersion(profile, job), what);
      const judged = judgeStart(answer);
      if (judged === 'unexpected') throw errorFor(answer, what(), surroundings());
      if (judged !== 'look') return judged;
      // Any run of this id within a day is refused so; whether it is this one, only a list says (contract W4).
      return judgeRuns(await runsOf(job.cluster, job.jobId, job.startTime), job.startTime, reasonOf(answer));
    },
    async stop(job) {
      const what = () => `the stop of job ${job.jobId}`;
      const answer = await write('stop_job', (profile) => stopForVersion(profile, job), what);
      const judged = judgeStop(answer);
      if (judged === 'unexpected') throw errorFor(answer, what(), surroundings());
      if (judged !== 'look') return judged;
      const run = await find(job.cluster, job.jobId, job.startTime);
      if (!run) return { kind: 'missing' };
      return run.jobState === 'running' ? { kind: 'refused', reason: reasonOf(answer) } : { kind: 'there', state: run.jobState };
    },
    running: (cluster, { from = 0, signal } = {}) =>
      slices(byRest(cluster, pageSize, { states: ['running'], ...(signal && { signal }) }), from, endOfTime),
    startedBetween: (cluster, from, to, { states, signal } = {}) =>
      slices(inAnyState(cluster, { ...(states && { states }), ...(signal && { signal }) }), Math.max(0, from), to),
    async nodeStates(states) {
      const what = 'node states';
      const answer = await requests.send('POST', 'nodestate', '/api/nodestate/', JSON.stringify(states));
      if (answer.status === 200 && !isPage(answer)) return;
      if (answer.status === 400) throw new SluiceError('data.invalid', `cc-backend does not take ${what}: ${reasonOf(answer)}`);
      if (isNoRoute(answer)) await probed();
      throw errorFor(answer, what, surroundings());
    },
    async remove(cluster, jobId, startTime) {
      const body = JSON.stringify({ jobId, cluster, startTime });
      const answer = await requests.send('DELETE', 'delete_job', '/api/jobs/delete_job/', body);
      if (answer.status === 200 && !isPage(answer)) return true;
      if (isMissing(answer)) return false;
      throw errorFor(answer, `the deletion of job ${jobId}`, surroundings());
    },
  };
}
