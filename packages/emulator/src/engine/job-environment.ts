import { foldHostlist, sortHosts } from '@sluice/slurm';
import type { JobRecord } from './job-record.ts';

export type Environment = Readonly<Record<string, string>>;

/** `2(x2),4`: numbers per node as Slurm folds them. */
function perNode(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    let end = at + 1;
    while (numbers[end] === numbers[at]) end += 1;
    parts.push(end - at > 1 ? `${numbers[at]}(x${end - at})` : `${numbers[at]}`);
    at = end;
  }
  return parts.join(',');
}

/** CPUs that the job may use, node by node (recorded: 2 of the 4 CPUs of two cores with one thread each). */
function cpusPerNode(job: JobRecord): string {
  return perNode(job.grants.map(({ cpuIds }) => cpuIds.length * job.own.threadShare));
}

/** What slurmstepd puts into a batch script's environment beside what the job was submitted with (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES"). */
export function batchEnvironment(job: JobRecord, cluster: string): Environment {
  const { request, grants } = job;
  const first = grants[0];
  const nodeList = foldHostlist(sortHosts(job.nodes));
  const cpus = cpusPerNode(job);
  const gpus = first?.gres.filter(({ name }) => name === 'gpu').flatMap(({ indices }) => indices) ?? [];
  const { memory, cpusPerTask } = job.own.demand;
  return {
    ...request.environment,
    ENVIRONMENT: 'BATCH',
    HOSTNAME: job.batchHost,
    SLURM_CLUSTER_NAME: cluster,
    SLURM_CPUS_ON_NODE: `${first?.cpuIds.length ?? 0}`,
    SLURM_GTIDS: '0',
    SLURM_JOBID: `${job.jobId}`,
    SLURM_JOB_ACCOUNT: job.account,
    SLURM_JOB_CPUS_PER_NODE: cpus,
    SLURM_JOB_END_TIME: `${job.end ?? (job.start ?? 0) + 365 * 86_400}`,
    SLURM_JOB_GID: `${job.gid}`,
    SLURM_JOB_GROUP: job.group,
    SLURM_JOB_ID: `${job.jobId}`,
    SLURM_JOB_NAME: job.name,
    SLURM_JOB_NODELIST: nodeList,
    SLURM_JOB_NUM_NODES: `${job.nodeCount}`,
    SLURM_JOB_PARTITION: job.partition,
    SLURM_JOB_QOS: job.qos,
    SLURM_JOB_START_TIME: `${job.start ?? 0}`,
    SLURM_JOB_UID: `${job.uid}`,
    SLURM_JOB_USER: job.user,
    SLURM_LOCALID: '0',
    SLURM_NNODES: `${job.nodeCount}`,
    SLURM_NODEID: '0',
    SLURM_NODELIST: nodeList,
    SLURM_NPROCS: `${job.tasks}`,
    SLURM_NTASKS: `${job.tasks}`,
    SLURM_PROCID: '0',
    SLURM_SUBMIT_DIR: request.environment['SLURM_SUBMIT_DIR'] ?? request.workDir,
    SLURM_SUBMIT_HOST: request.submitHost,
    SLURM_TASKS_PER_NODE: perNode(tasksPerNode(job)),
    SLURMD_NODENAME: job.batchHost,
    TMPDIR: request.environment['TMPDIR'] ?? '/tmp',
    ...(request.cpusPerTask === undefined ? {} : { SLURM_CPUS_PER_TASK: `${cpusPerTask}` }),
    ...(memory?.per === 'cpu' ? { SLURM_MEM_PER_CPU: `${memory.mib}` } : {}),
    ...(memory?.per === 'node' ? { SLURM_MEM_PER_NODE: `${first?.memoryMiB ?? memory.mib}` } : {}),
    ...(gpus.length > 0
      ? { CUDA_VISIBLE_DEVICES: gpus.join(','), GPU_DEVICE_ORDINAL: gpus.join(','), SLURM_JOB_GPUS: gpus.join(',') }
      : {}),
    ...(job.restarts > 0 ? { SLURM_RESTART_COUNT: `${job.restarts}` } : {}),
    ...(job.reservation === '' ? {} : { SLURM_JOB_RESERVATION: job.reservation }),
    ...arrayEnvironment(job),
    ...(job.het === null ? {} : { SLURM_HET_SIZE: `${job.het.size}`, SLURM_HET_JOB_ID: `${job.het.jobId}` }),
  };
}

function tasksPerNode(job: JobRecord): readonly number[] {
  const nodes = Math.max(1, job.nodes.length);
  let left = job.tasks;
  return job.grants.map(({ cpuIds }, at) => {
    const room = Math.max(1, Math.floor(cpuIds.length / job.own.demand.cpusPerTask));
    const tasks = at === nodes - 1 ? left : Math.min(room, left - (nodes - at - 1));
    left -= tasks;
    return tasks;
  });
}

/** SLURM_ARRAY_* of a task. */
function arrayEnvironment(job: JobRecord): Environment {
  const { array } = job;
  const whole = job.own.array;
  if (array === null || whole === null) return {};
  return {
    SLURM_ARRAY_JOB_ID: `${array.jobId}`,
    SLURM_ARRAY_TASK_COUNT: `${whole.count}`,
    SLURM_ARRAY_TASK_ID: `${array.taskId ?? ''}`,
    SLURM_ARRAY_TASK_MAX: `${whole.max}`,
    SLURM_ARRAY_TASK_MIN: `${whole.min}`,
    SLURM_ARRAY_TASK_STEP: `${whole.step}`,
  };
}

/** What PrologSlurmctld and EpilogSlurmctld find in their environment, and nothing else: as recorded on 22.05 to 26.05 (slurm.md §7). */
export function hookEnvironment(
  job: JobRecord,
  context: {
    readonly cluster: string;
    /** 2411 for 24.11. */
    readonly release: number;
    readonly hook: 'prolog_slurmctld' | 'epilog_slurmctld';
    /** All components of a het job, the leader first; one for any other. */
    readonly components: readonly JobRecord[];
  },
): Environment {
  const { release, hook } = context;
  const common: Record<string, string> = {
    ...arrayEnvironment(job),
    SLURM_CLUSTER_NAME: context.cluster,
    SLURM_JOBID: `${job.jobId}`,
    SLURM_JOB_ACCOUNT: job.account,
    SLURM_JOB_CPUS_PER_NODE: cpusPerNode(job),
    SLURM_JOB_GID: `${job.gid}`,
    SLURM_JOB_GROUP: job.group,
    SLURM_JOB_ID: `${job.jobId}`,
    SLURM_JOB_NAME: job.name,
    SLURM_JOB_NODELIST: foldHostlist(sortHosts(job.nodes)),
    SLURM_JOB_NUM_NODES: `${job.nodeCount}`,
    SLURM_JOB_PARTITION: job.partition,
    SLURM_JOB_RESTART_COUNT: `${job.restarts}`,
    SLURM_JOB_STDIN: job.request.stdin ?? '/dev/null',
    SLURM_JOB_STDOUT: rawPath(job),
    SLURM_JOB_UID: `${job.uid}`,
    SLURM_JOB_USER: job.user,
    SLURM_JOB_WORK_DIR: job.request.workDir,
    SLURM_SCRIPT_CONTEXT: hook,
  };
  if (job.comment !== '') common['SLURM_JOB_COMMENT'] = job.comment;
  if (job.reservation !== '') common['SLURM_JOB_RESERVATION'] = job.reservation;
  if (release >= 2311) Object.assign(common, timesAndSharing(job, release));
  if (release >= 2511) Object.assign(common, { SLURM_JOB_QOS: job.qos, SLURM_JOB_SLUID: sluid(job.dbIndex) });
  if (hook === 'epilog_slurmctld') {
    // Of a job that was ended from outside, the epilog learns no code (recorded).
    const ended = job.state === 'CANCELLED' || job.state === 'TIMEOUT' || job.state === 'PREEMPTED';
    const exit = ended ? { code: 0, signal: 0 } : job.exit;
    common['SLURM_JOB_DERIVED_EC'] = `${ended ? 0 : waitStatus(job.derivedExit)}`;
    common['SLURM_JOB_EXIT_CODE'] = `${waitStatus(exit)}`;
    common['SLURM_JOB_EXIT_CODE2'] = `${exit.code}:${exit.signal}`;
  }
  if (job.het !== null) {
    const nodes = foldHostlist(sortHosts(context.components.flatMap((component) => component.nodes)));
    for (const word of ['HET', 'PACK']) {
      common[`SLURM_${word}_JOB_ID`] = `${job.het.jobId}`;
      common[`SLURM_${word}_JOB_NODELIST`] = nodes;
      common[`SLURM_${word}_JOB_OFFSET`] = `${job.het.offset}`;
    }
  }
  return common;
}

function timesAndSharing(job: JobRecord, release: number): Environment {
  const { sharing } = job.own.demand;
  const ends = job.end ?? (job.start ?? 0) + 365 * 86_400;
  const oversubscribe =
    sharing === 'exclusive' ? 'NO' : sharing === 'oversubscribe' ? 'YES' : sharing === 'user' ? 'USER' : release >= 2605 ? 'NO' : 'OK';
  return {
    SLURM_JOB_START_TIME: `${job.start ?? 0}`,
    SLURM_JOB_END_TIME: `${ends}`,
    SLURM_JOB_OVERSUBSCRIBE: oversubscribe,
    ...(release >= 2605 ? { SLURM_JOB_EXCLUSIVE: sharing === 'exclusive' ? 'NODE' : sharing === 'user' ? 'USER' : 'NO' } : {}),
  };
}

/** The output path as it was asked for, with its patterns, made absolute. */
function rawPath(job: JobRecord): string {
  const raw = job.request.stdout ?? (job.array === null ? 'slurm-%j.out' : 'slurm-%A_%a.out');
  return raw.startsWith('/') ? raw : `${job.request.workDir}/${raw}`;
}

function waitStatus({ code, signal }: { readonly code: number; readonly signal: number }): number {
  return code * 256 + signal;
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The SLUID of a job (25.11 on): `s` and 13 digits of base 32 (recorded). */
function sluid(dbIndex: string): string {
  let rest = BigInt(dbIndex);
  let text = '';
  for (let digit = 0; digit < 13; digit++) {
    text = crockford[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return `s${text}`;
}
