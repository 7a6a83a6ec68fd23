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
  return {
    dbIndex: job.dbIndex,
    cluster,
    jobId: job.jobId,
    array:
      array === null
        ? null
        : {
            jobId: array.jobId,
            taskId: array.taskId,
            pending: job.pendingTasks === null ? null : formatRanges(job.pendingTasks),
            maxRunning: array.maxRunning,
          },
    het: het === null ? null : { jobId: het.jobId, offset: het.offset },
    // slurmdbd keeps no double quotes in names (recorded).
    name: job.name.replaceAll('"', '`'),
    uid: job.uid,
    user: job.user,
    gid: job.gid,
    group: job.group,
    account: job.account,
    associationId: job.associationId,
    qos: job.qos,
    partition: job.partition,
    state: state ?? job.state,
    cancelledBy: job.cancelledBy,
    // What never ran waited for nothing (recorded).
    reason: isOver && job.nodes.length === 0 ? 'None' : job.own.lastReason,
    exit: accountedExit(job, release),
    derivedExit: job.derivedExit,
    submit: job.submit,
    // Tasks that have no record of their own yet are in no window of sacct (recorded).
    eligible: job.pendingTasks === null ? job.eligible : null,
    start: job.nodes.length === 0 ? null : job.start,
    end: isOver ? job.end : null,
    suspendedSeconds: job.suspendedSeconds,
    suspendedAt: job.suspendedAt,
    timeLimit: job.own.limitGiven || job.start !== null || job.timeLimit !== 'unlimited' ? job.timeLimit : null,
    priority: job.priority,
    nodes: foldHostlist(sortHosts(job.nodes)),
    nodeCount: job.nodes.length,
    requestedCpus: job.requestedTres['cpu'] ?? 0,
    requestedTres: job.requestedTres,
    allocatedTres: job.allocatedTres ?? {},
    requestedMemory: memory === null || memory.per === 'gpu' ? null : { mib: memory.mib, per: memory.per },
    flags: rowFlags(job),
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
}

function rowFlags(job: JobRecord): readonly string[] {
  const flags: string[] = [];
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
