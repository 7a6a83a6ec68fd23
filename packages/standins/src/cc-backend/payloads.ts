import { type GoType, goArray, goFloat, goInt32, goInt64, goIntPlain, goMap, goPointer, goString, goStruct } from './go-json.ts';
import type { Release } from './release.ts';

export interface Resource {
  readonly hostname: string;
  readonly hwthreads: readonly number[] | null;
  readonly accelerators: readonly string[] | null;
  readonly configuration: string;
}

export interface Tag {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly scope: string;
}

/** The body of start_job as the server decodes it (contract §3.1). */
export interface StartJob {
  readonly jobId: number;
  readonly cluster: string;
  readonly subCluster: string;
  readonly partition: string;
  readonly project: string;
  readonly user: string;
  readonly shared: string;
  /** Before 1.5. */
  readonly exclusive: number;
  readonly jobState: string;
  readonly startTime: number;
  readonly submitTime: number;
  readonly walltime: number;
  readonly requestedMemory: number;
  readonly duration: number;
  readonly numNodes: number;
  readonly numHwthreads: number;
  readonly numAcc: number;
  readonly smt: number;
  readonly arrayJobId: number;
  readonly monitoringStatus: number;
  readonly resources: readonly (Resource | null)[] | null;
  readonly metaData: Readonly<Record<string, string>> | null;
  readonly tags: readonly (Tag | null)[] | null;
  readonly energy: number;
  readonly footprint: Readonly<Record<string, number>> | null;
  readonly energyFootprint: Readonly<Record<string, number>> | null;
  readonly statistics: Readonly<Record<string, unknown>> | null;
  readonly concurrentJobs: { readonly items: readonly unknown[] | null; readonly count: number };
  readonly id: number;
}

const resource: GoType<Resource> = goStruct<Resource>('schema.Resource', {
  hostname: goString,
  hwthreads: named(goArray(goIntPlain), '[]int'),
  accelerators: goArray(goString),
  configuration: goString,
});

function tagType(release: Release): GoType<Tag> {
  return goStruct<Tag>('schema.Tag', { id: goInt64, type: goString, name: goString, scope: goString }, release.scopes ? [] : ['scope']);
}

const unit = goStruct('schema.Unit', { base: goString, prefix: goString });
const statistic = goStruct('schema.JobStatistics', { unit, avg: goFloat, min: goFloat, max: goFloat });
const jobLink = goStruct('schema.JobLink', { id: goInt64, jobId: goInt64 });

/** The body of start_job as a release decodes it, and what its variable holds before. */
export function startJobType(release: Release): { readonly type: GoType<StartJob>; empty(): StartJob } {
  const modern = release.sharing === 'shared';
  const absent: (keyof StartJob)[] = modern ? ['exclusive'] : ['shared', 'submitTime', 'requestedMemory'];
  if (!release.has('1.4.0')) absent.push('energy', 'footprint', 'energyFootprint');
  const type = goStruct<StartJob>(
    modern ? 'schema.Job' : 'schema.JobMeta',
    {
      jobId: goInt64,
      cluster: goString,
      subCluster: goString,
      partition: goString,
      project: goString,
      user: goString,
      shared: goString,
      exclusive: goInt32,
      jobState: named(goString, 'schema.JobState'),
      startTime: goInt64,
      submitTime: goInt64,
      walltime: goInt64,
      requestedMemory: goInt64,
      duration: goInt32,
      numNodes: goInt32,
      numHwthreads: goInt32,
      numAcc: goInt32,
      smt: goInt32,
      arrayJobId: goInt64,
      monitoringStatus: goInt32,
      resources: goArray(goPointer(resource)),
      metaData: goMap(goString),
      tags: goArray(goPointer(tagType(release))),
      energy: goFloat,
      footprint: goMap(goFloat),
      energyFootprint: goMap(goFloat),
      statistics: goMap<unknown>(statistic),
      concurrentJobs: goStruct<StartJob['concurrentJobs']>('schema.JobLinkResultList', {
        items: goArray<unknown>(goPointer(jobLink)),
        count: goIntPlain,
      }),
      id: goInt64,
    },
    absent,
  );
  return { type, empty: () => ({ ...type.zero(), shared: 'none', exclusive: 1, monitoringStatus: 1 }) };
}

/** The body of stop_job (contract §4.2); null is "not given". */
export interface StopJob {
  readonly jobId: number | null;
  readonly cluster: string | null;
  readonly startTime: number | null;
  readonly jobState: string;
  readonly stopTime: number;
}

export const stopJob: GoType<StopJob> = goStruct<StopJob>('api.StopJobAPIRequest', {
  jobId: goPointer(goInt64),
  cluster: goPointer(goString),
  startTime: goPointer(goInt64),
  jobState: named(goString, 'schema.JobState'),
  stopTime: goInt64,
});

/** The body of delete_job (contract §4.8). */
export type FindJob = Pick<StopJob, 'jobId' | 'cluster' | 'startTime'>;

const findKeys = { jobId: goPointer(goInt64), cluster: goPointer(goString), startTime: goPointer(goInt64) };

export const deleteJob: GoType<FindJob> = goStruct<FindJob>('api.DeleteJobAPIRequest', findKeys);

export interface EditMeta {
  readonly key: string;
  readonly value: string;
}

/** The body of edit_meta by database id (contract §4.7). */
export const editMeta: GoType<EditMeta> = goStruct<EditMeta>('api.EditMetaRequest', { key: goString, value: goString });

/** The body of edit_meta by request (contract §4.7). */
export interface JobMeta extends FindJob {
  readonly payload: EditMeta;
}

export const jobMeta: GoType<JobMeta> = goStruct<JobMeta>('api.JobMetaRequest', { ...findKeys, payload: editMeta });

export interface TagRequest {
  readonly type: string;
  readonly name: string;
  readonly scope: string;
}

/** The body of tag_job and of the deletion of tags (contract §4.7). */
export function tagRequests(release: Release): GoType<readonly TagRequest[] | null> {
  const fields = { type: goString, name: goString, scope: goString };
  return goArray(goStruct<TagRequest>('api.ApiTag', fields, release.scopes ? [] : ['scope']));
}

/** The body of `POST /api/jobs/{id}`: names of metrics. */
export const metricNames: GoType<readonly string[] | null> = goArray(goString);

/** The body of `POST /api/user/{username}` (contract §4.11). */
export interface UpdateUser {
  readonly 'add-role': string;
  readonly 'remove-role': string;
  readonly 'add-project': string;
  readonly 'remove-project': string;
}

export const updateUser: GoType<UpdateUser> = goStruct<UpdateUser>('api.UpdateUserAPIRequest', {
  'add-role': goString,
  'remove-role': goString,
  'add-project': goString,
  'remove-project': goString,
});

export interface NodePayload {
  readonly hostname: string;
  readonly states: readonly string[] | null;
  readonly cpusAllocated: number;
  readonly memoryAllocated: number;
  readonly gpusAllocated: number;
  readonly jobsRunning: number;
}

/** The body of nodestate (contract §4.9). */
export interface NodeStates {
  readonly cluster: string;
  readonly nodes: readonly NodePayload[] | null;
}

export const nodeStates: GoType<NodeStates> = goStruct<NodeStates>('api.UpdateNodeStatesRequest', {
  cluster: goString,
  nodes: goArray(
    goStruct<NodePayload>('schema.NodePayload', {
      hostname: goString,
      states: goArray(goString),
      cpusAllocated: goIntPlain,
      memoryAllocated: goInt64,
      gpusAllocated: goIntPlain,
      jobsRunning: goIntPlain,
    }),
  ),
});

function named<T>(type: GoType<T>, name: string): GoType<T> {
  return { ...type, name };
}
