import type { Epoch, ExitCode, Tres } from '@sluice/slurm';
import type { EmulatedJob, EmulatedStep, JobRequest, NodeGrant } from '../model/job.ts';

/** What differs from recording to recording: moments, priorities, the row in accounting, and where the lab stood. */
export interface Moments {
  readonly lab: string;
  readonly submit: Epoch;
  readonly accrue: Epoch | null;
  readonly eligible: Epoch | null;
  readonly start: Epoch | null;
  readonly expectedStart: Epoch | null;
  readonly end: Epoch | null;
  readonly lastSchedEval: Epoch | null;
  readonly suspendedAt: Epoch | null;
  readonly ranBeforeSuspend: number;
  readonly timeLimit: number | 'unlimited';
  readonly priority: number;
  readonly submitLine: string;
  readonly dbIndex: string;
  readonly scheduler: 'Main' | 'Backfill';
  /** Where the scheduler happened to put a job of one node. */
  readonly node: string;
  readonly cpuIds: readonly number[];
  /** The fourth GPU of one release was the third of another. */
  readonly gpus: readonly number[];
  /** From 26.05 on a het job's components are billed nothing. */
  readonly release: string;
}

export type Changes = Omit<Partial<EmulatedJob>, 'request'> & { readonly request: Partial<JobRequest> };

const people = {
  alice: { uid: 1001, gid: 1001, account: 'physics', associationId: 6 },
  bob: { uid: 1002, gid: 1002, account: 'chem', associationId: 7 },
  root: { uid: 0, gid: 0, account: 'root', associationId: 2 },
};

export function job(jobId: number, user: keyof typeof people, at: Moments, { request, ...changes }: Changes): EmulatedJob {
  const cpus = (request.tasks ?? request.minNodes ?? 1) * (request.cpusPerTask ?? 1);
  const base: Omit<EmulatedJob, 'request'> = {
    jobId,
    array: null,
    pendingTasks: null,
    het: null,
    name: request.name ?? 'wrap',
    user,
    group: user,
    ...people[user],
    qos: 'normal',
    partitions: request.partitions ?? ['cpu'],
    partition: request.partitions?.[0] ?? 'cpu',
    state: 'RUNNING',
    flags: [],
    reason: 'None',
    reasonText: '',
    exit: none,
    derivedExit: none,
    cancelledBy: null,
    submit: at.submit,
    eligible: at.eligible,
    accrue: at.accrue,
    start: at.start,
    end: at.end,
    expectedStart: at.expectedStart,
    suspendedAt: at.suspendedAt,
    ranBeforeSuspend: at.ranBeforeSuspend,
    suspendedSeconds: 0,
    lastSchedEval: at.lastSchedEval,
    scheduler: at.scheduler,
    timeLimit: at.timeLimit,
    priority: at.priority,
    nice: request.nice ?? 0,
    held: null,
    requestedTres: tres(cpus, cpus * 1000, 1),
    allocatedTres: null,
    cpus: (changes.grants ?? []).reduce((sum, { cpuIds }) => sum + cpuIds.length, 0) || cpus,
    nodeCount: changes.grants?.length || 1,
    tasks: request.tasks ?? 1,
    grants: [],
    nodes: (changes.grants ?? []).map(({ node }) => node),
    completingNodes: null,
    batchHost: changes.grants?.[0]?.node ?? '',
    failedNode: '',
    stdout: '',
    stderr: '',
    stdin: '/dev/null',
    comment: request.comment ?? '',
    adminComment: '',
    systemComment: '',
    dependency: '',
    requeue: true,
    restarts: 0,
    reservation: '',
    steps: [],
    dbIndex: at.dbIndex,
  };
  const asked: JobRequest = {
    workDir: `${at.lab}/work`,
    stdout: `${at.lab}/work/%j.%N.out`,
    script: '#!/bin/sh\n',
    command: '',
    environment: {},
    submitLine: at.submitLine,
    submitHost: 'localhost',
    ...request,
  };
  return { ...base, ...changes, request: asked };
}

const none: ExitCode = { code: 0, signal: 0 };

export function tres(cpu: number, mem: number, node: number, gpus: { readonly any: number; readonly a100?: number } = { any: 0 }): Tres {
  return {
    cpu,
    mem,
    node,
    billing: cpu,
    ...(gpus.any > 0 ? { 'gres/gpu': gpus.any } : {}),
    ...(gpus.a100 ? { 'gres/gpu:a100': gpus.a100 } : {}),
  };
}

export function grant(node: string, cpuIds: readonly number[], memoryMiB: number, gpus: readonly number[] = []): NodeGrant {
  return { node, cpuIds, memoryMiB, gres: gpus.length === 0 ? [] : [{ name: 'gpu', type: 'a100', indices: gpus }] };
}

export function step(id: string, at: Moments, nodes: readonly string[], changes: Partial<EmulatedStep> = {}): EmulatedStep {
  return {
    id,
    name: 'sleep',
    state: 'RUNNING',
    start: at.start ?? 0,
    end: null,
    exit: none,
    nodes,
    cpus: 2,
    tasks: 1,
    tres: {},
    used: null,
    submitLine: '',
    ...changes,
  };
}

export const allCpus = Array.from({ length: 16 }, (_, index) => index);
