import { type ExitCode, foldHostlist, formatRanges, sortHosts } from '@sluice/slurm';
import type { JobRow } from '../model/slurmdbd.ts';
import type { JobRecord } from './job-record.ts';

/** The row that slurmdbd is told of a job's run, as the recordings have it. */
export function jobRow(
  job: JobRecord,
  {
    cluster,
    release,
    state,
    stores,
  }: {
    readonly cluster: string;
    readonly release: number;
    /** In place of the job's own: RESIZING or REQUEUED close a row of a job that goes on. */
    readonly state?: 'RESIZING' | 'REQUEUED';
    readonly stores: ReadonlySet<string>;
  },
): JobRow {
  const { array, het, request } = job;
  const { memory } = job.own.demand;
  const isOver = state !== undefined || (job.state !== 'RUNNING' && job.state !== 'SUSPENDED' && job.state !== 'PENDING');
  const row: JobRow = {
    dbIndex: job.dbIndex,
    cluster,
    jobId: job.jobId,
    array: array === null ? null : arrayOf(array, job.pendingTasks),
    het: het === null ? null : { jobId: het.jobId, offset: het.offset },
    // slurmdbd keeps no double quotes in names (recorded).
    name: job.name.includes('"') ? job.name.replaceAll('"', '`') : job.name,
    uid: job.uid,
    user: job.user,
    gid: job.gid,
    group: job.group,
    account: job.account,
    associationId: job.associationId,
    qos: job.qos,
    // What has no nodes may still go into any of its partitions (measured on 22.05).
    partition: job.nodes.length === 0 ? job.partitions.join(',') : job.partition,
    state: state ?? job.state,
    cancelledBy: job.cancelledBy,
    reason: accountedReason(job, release, isOver),
    exit: accountedExit(job, release),
    // Before 24.11 a step that was cancelled with its job left no code behind (recorded).
    derivedExit: release < 2411 && isCancelled(job) ? { code: 0, signal: 0 } : job.derivedExit,
    submit: job.submit,
    // Tasks that have no record of their own yet are in no window of sacct (recorded).
    eligible: job.pendingTasks === null ? job.eligible : null,
    start: job.nodes.length > 0 || (release < 2411 && endedAtOnce(job)) ? job.start : null,
    end: isOver ? job.end : null,
    suspendedSeconds: job.suspendedSeconds,
    suspendedAt: job.suspendedAt,
    // A row that a requeue closed kept no limit before 24.11, unless one was given (recorded).
    timeLimit:
      job.own.limitGiven || (release < 2411 && state === 'REQUEUED')
        ? job.own.limitGiven
          ? job.timeLimit
          : null
        : job.start !== null || job.timeLimit !== 'unlimited'
          ? job.timeLimit
          : null,
    priority: job.priority,
    nodes: job.nodes.length < 2 ? (job.nodes[0] ?? '') : foldHostlist(sortHosts(job.nodes)),
    nodeCount: job.nodes.length,
    requestedCpus: job.requestedTres['cpu'] ?? 0,
    requestedTres: job.requestedTres,
    allocatedTres: job.allocatedTres ?? {},
    requestedMemory: memory === null || memory.per === 'gpu' ? null : { mib: memory.mib, per: memory.per },
    flags: rowFlags(job, release < 2411 && state === 'REQUEUED'),
    constraints: request.constraint ?? '',
    reservation: job.reservation,
    restarts: job.restarts,
    // Comments are told with the end of a run (recorded).
    comment: stores.has('job_comment') && isOver ? job.comment : '',
    adminComment: isOver ? job.adminComment : '',
    systemComment: isOver ? job.systemComment : '',
    extra: stores.has('job_extra') ? (request.extra ?? '') : '',
    workDir: request.workDir,
    submitLine: request.submitLine,
    stdout: request.stdout ?? job.stdout,
    stderr: request.stderr ?? '',
    stdin: job.stdin,
    failedNode: job.failedNode,
    wckey: request.wckey ?? '',
    script: stores.has('job_script') ? request.script : null,
    environment: stores.has('job_env') ? environmentText(request.environment) : null,
    // slurmctld goes on to call the steps of a suspended job running (recorded).
    steps:
      job.state === 'SUSPENDED'
        ? job.steps.map((step) => (step.end === null ? { ...step, state: 'SUSPENDED' as const } : step))
        : job.steps,
  };
  // Not within the literal: an object of so many keys is made three times for each job, and with a spread in its middle it costs ten times as much.
  return request.qos === undefined ? row : { ...row, requestedQos: request.qos };
}

/** The list of tasks that pend is long, and told again with each that begins: it is written out when somebody reads it. */
function arrayOf(
  { jobId, taskId, maxRunning }: NonNullable<JobRecord['array']>,
  pendingTasks: readonly number[] | null,
): NonNullable<JobRow['array']> {
  let text: string | null = null;
  return {
    jobId,
    taskId,
    get pending() {
      if (pendingTasks !== null) text ??= formatRanges(pendingTasks);
      return text;
    },
    maxRunning,
  };
}

/** What never ran waited for nothing, from 24.11 on; before, for what it had waited for first (recorded). */
function accountedReason(job: JobRecord, release: number, isOver: boolean): string {
  const { lastReason } = job.own;
  if (!isOver || job.nodes.length > 0) return lastReason;
  if (release >= 2411 || job.state === 'DEADLINE' || endedAtOnce(job)) return 'None';
  return lastReason === 'DependencyNeverSatisfied' ? 'Dependency' : lastReason;
}

/** Cancelled in the second in which it came: before 24.11, accounting had not heard of it and took the moment for its start (recorded). */
function endedAtOnce(job: JobRecord): boolean {
  return job.state === 'CANCELLED' && job.end === job.submit;
}

function isCancelled(job: JobRecord): boolean {
  return job.state === 'CANCELLED' || job.state === 'TIMEOUT' || job.state === 'NODE_FAIL';
}

function rowFlags(job: JobRecord, withoutScheduler: boolean): readonly string[] {
  const flags: string[] = [];
  if (withoutScheduler) return job.eligible === null ? [] : ['StartReceived'];
  if (job.start !== null && job.scheduler !== null) flags.push(job.scheduler === 'Backfill' ? 'SchedBackfill' : 'SchedMain');
  if (job.eligible !== null) flags.push('StartReceived');
  return flags;
}

/** slurmdbd holds other exit codes than slurmctld: of a job that was ended from outside, none, and of NODE_FAIL and DEADLINE 1:0 (slurm.md §4, recordings). */
function accountedExit(job: JobRecord, release: number): ExitCode {
  switch (job.state) {
    case 'CANCELLED':
    case 'TIMEOUT':
    case 'PREEMPTED':
      return { code: 0, signal: 0 };
    case 'NODE_FAIL':
      return { code: release >= 2411 ? 1 : 0, signal: 0 };
    case 'DEADLINE':
      return { code: 1, signal: 0 };
    default:
      return job.exit;
  }
}

function environmentText(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
