import { document, jobStatesJson, jobsJson, type Said } from '../json/index.ts';
import { SlurmError } from '../model/slurmctld.ts';
import { type Ask, invalidQuery, Refused, type Route, unknownFields } from './ask.ts';
import { given, listOf, textOf, wordsOf } from './body.ts';
import { jobChanges, jobRequest } from './job-description.ts';

const jobFields = ['update_time', 'flags'];
const noJobs = (ask: Ask, said: Said) => jobsJson(ask.slurm, [], ask.call(said));
const idOf = (ask: Ask) => ask.params['job_id'] ?? '';

/** Jobs of slurmctld. */
export const jobRoutes: readonly Route[] = [
  {
    plane: 'slurm',
    method: 'GET',
    path: 'jobs',
    answer: (ask) => jobsJson(ask.slurm, ask.slurm.controller.jobs(), ask.call(unknownFields(ask, jobFields, 'OPENAPI_JOB_INFO_QUERY'))),
    refusal: {
      description: 'Unable to query jobs',
      source: 'slurm_load_jobs()',
      old: { description: 'Failed while looking for jobs', source: 'slurm_load_jobs' },
      data: noJobs,
    },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'jobs/state',
    from: 40,
    answer: (ask) => jobStatesJson(ask.slurm, ask.slurm.controller.jobs(), ask.call()),
    refusal: { description: 'Unable to query jobs', source: 'slurm_load_job_state()' },
  },
  {
    plane: 'slurm',
    method: 'DELETE',
    path: 'jobs',
    from: 40,
    answer: killJobs,
    refusal: { description: 'Signal request failed', source: 'slurm_kill_jobs()', data: noStatus },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'job/{job_id}',
    answer: getJob,
    refusal: {
      description: 'Unable to query JobId={job_id}',
      source: '_handle_job_get',
      old: { description: 'Unable to find JobId={job_id}', source: 'slurm_load_job' },
      data: noJobs,
    },
  },
  {
    plane: 'slurm',
    method: 'POST',
    path: 'job/{job_id}',
    answer: updateJob,
    refusal: {
      description: 'Job update requested failed',
      source: 'slurm_update_job2()',
      old: { description: 'job update from slurmrestd failed', source: '_parse_job_list' },
      data: (ask, said) => document(ask.slurm, ask.call(said), () => (ask.dialect >= 41 ? { results: null } : {})),
    },
  },
  {
    plane: 'slurm',
    method: 'DELETE',
    path: 'job/{job_id}',
    answer: killJob,
    refusal: {
      description: 'Signal request failed',
      source: 'slurm_kill_jobs()',
      old: { description: 'unable to kill JobId={job_id} with signal {signal}: {error}', source: 'slurm_kill_job' },
      data: noStatus,
    },
  },
  {
    plane: 'slurm',
    method: 'POST',
    path: 'job/submit',
    answer: submitJob,
    check: needScript,
    refusal: { description: 'Batch job submission failed', source: 'slurm_submit_batch_job()', old: {} },
  },
  {
    plane: 'slurm',
    method: 'GET',
    path: 'job/{job_id}/requeue',
    from: 45,
    answer: (ask) => {
      ask.slurm.controller.requeue(idOf(ask), { hold: false, specialExit: false }, ask.as);
      return document(ask.slurm, ask.call(), () => ({}));
    },
    refusal: { description: 'Job requeue requested failed', source: 'slurm_requeue()' },
  },
];

function getJob(ask: Ask) {
  const id = checkedId(ask);
  const jobs = ask.slurm.controller.select(id);
  if (jobs.length === 0) throw new SlurmError(unknownJob);
  return jobsJson(ask.slurm, jobs, ask.call());
}

const unknownJob = { number: 2017, name: 'ESLURM_INVALID_JOB_ID', message: 'Invalid job id specified' };

/** What is no job id is a bad request, not an unknown job. */
function checkedId(ask: Ask): string {
  const id = idOf(ask);
  if (/^[0-9]+([_+](?:[0-9]+|\[[0-9,:-]+\]))?$/.test(id)) return id;
  if (ask.dialect < 39) {
    const error = 'Jobs description entry not found, empty or not dictionary or list';
    throw new Refused([{ number: 9002, error, description: `Unable to find JobId=${id}`, source: '_handle_job_get' }], 400);
  }
  throw new Refused([{ ...invalidQuery, description: 'Rejecting request. Failure parsing parameters', source: 'op_handler_job' }]);
}

function updateJob(ask: Ask) {
  const id = checkedId(ask);
  const job = given(ask.body);
  const { controller } = ask.slurm;
  if (controller.select(id).length === 0) throw new SlurmError(unknownJob);
  if (job['hold'] === true) controller.hold(id, 'user', ask.as);
  if (job['hold'] === false) controller.release(id, ask.as);
  const changes = jobChanges(job);
  if (Object.keys(changes).length > 0) controller.updateJob(id, changes, ask.as);
  return document(ask.slurm, ask.call(), () => (ask.dialect >= 41 ? { results: null } : {}));
}

const signals: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  ALRM: 14,
  TERM: 15,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
};

function signalOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const word = text.toUpperCase().replace(/^SIG/, '');
  return signals[word] ?? (/^[0-9]{1,2}$/.test(word) ? Number(word) : null);
}

/** 22.05 answers with an error; the others with the status of each job, and of a job that has ended already with none. */
function killJob(ask: Ask) {
  const id = checkedId(ask);
  const signal = signalOf(ask.query.get('signal') ?? undefined);
  if (ask.dialect < 39) {
    kill(ask, id, signal);
    return document(ask.slurm, ask.call(), () => ({}));
  }
  const status = killed(ask, [id], signal);
  return document(ask.slurm, ask.call(), () => (ask.dialect < 40 ? {} : { status }));
}

function killJobs(ask: Ask) {
  const body = given(ask.body);
  const wanted = ask.slurm.controller;
  const users = wordsOf(body['user_name']) ?? wordsOf(body['user_id']);
  const account = textOf(body['account']);
  const byFilter = [...wanted.jobs()].filter(
    (job) =>
      (users?.includes(job.user) ?? users === undefined) &&
      (account === undefined || job.account === account) &&
      (textOf(body['partition']) ?? job.partition) === job.partition &&
      (textOf(body['job_name']) ?? job.name) === job.name &&
      isAlive(job.state),
  );
  const filtered = users !== undefined || account !== undefined || body['partition'] !== undefined || body['job_name'] !== undefined;
  const ids = wordsOf(body['jobs']) ?? (filtered ? byFilter.map(({ jobId }) => `${jobId}`) : []);
  const status = killed(ask, ids, signalOf(textOf(body['signal'])));
  return document(ask.slurm, ask.call(), () => ({ status }));
}

function killed(ask: Ask, ids: readonly string[], signal: number | null) {
  return ids.flatMap((id) => {
    try {
      kill(ask, id, signal);
      return [];
    } catch (error) {
      if (!(error instanceof SlurmError)) throw error;
      const { number, message } = error;
      if (number === 2021 || number === 2084) return [];
      const known = ask.slurm.controller.select(id).length > 0 && /^[0-9]+$/.test(id);
      return [
        {
          error: { string: message, code: number, message },
          step_id: id,
          job_id: { set: known, infinite: false, number: known ? Number(id) : 0 },
          federation: { sibling: '' },
        },
      ];
    }
  });
}

function kill(ask: Ask, id: string, signal: number | null): void {
  const { controller } = ask.slurm;
  if (controller.select(id).length === 0) throw new SlurmError(unknownJob);
  controller.signal(id, signal === 9 ? null : signal, { batchOnly: false, full: false }, ask.as);
}

function isAlive(state: string): boolean {
  return state === 'PENDING' || state === 'RUNNING' || state === 'SUSPENDED';
}

function noStatus(ask: Ask, said: Said) {
  return document(ask.slurm, ask.call(said), () => (ask.dialect >= 40 ? { status: [] } : {}));
}

function submitted(ask: Ask) {
  const body = given(ask.body);
  const script = textOf(body['script']);
  const jobs = Array.isArray(body['jobs']) ? listOf(body['jobs']) : [given(body['job'])];
  return { jobs, script, requests: jobs.map((job) => jobRequest(job, script)) };
}

/** A script beside the job is taken by all; within the job it is not known to v0.0.38. */
function needScript(ask: Ask): void {
  const { requests, script } = submitted(ask);
  if (requests.every((request) => request.script) && (ask.dialect >= 39 || script !== undefined)) return;
  throw new Refused([noScript(ask)]);
}

function submitJob(ask: Ask) {
  const { jobs, requests } = submitted(ask);
  const { jobId } = ask.slurm.controller.submit(requests, ask.as);
  const said =
    jobs.some((job) => isObjectEnvironment(job['environment'])) && ask.dialect >= 39 ? objectEnvironment(jobs[0]?.['environment']) : {};
  return document(ask.slurm, ask.call(said), () => ({
    job_id: jobId,
    step_id: ask.dialect < 39 ? 'BATCH' : 'batch',
    job_submit_user_msg: '',
  }));
}

function noScript(ask: Ask) {
  if (ask.dialect < 39) return { number: 2009, numberKey: 'error_code' as const, error: 'Job script not specified' };
  return { ...invalidQuery, description: 'Populated "script" field is required for job submission', source: '_job_post' };
}

function isObjectEnvironment(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** It is taken all the same, with a warning. */
function objectEnvironment(value: unknown): Said {
  const got = JSON.stringify(value).replaceAll('/', '\\/');
  const description = `Expected OpenAPI type=array (Slurm type=list) but got OpenAPI type=object (Slurm type=dictionary): ${got}`;
  return { warnings: [{ description, source: '#/job/environment/' }] };
}
