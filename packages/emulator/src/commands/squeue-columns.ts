import { type ExitCode, foldHostlist, sortHosts } from '@sluice/slurm';
import { waitStatus } from '../json/exit-code.ts';
import { outputPaths, sluid } from '../json/names.ts';
import type { EmulatedJob } from '../model/job.ts';
import { amountText, tresText } from './amounts.ts';
import {
  exclusiveText,
  exitText,
  hetSetText,
  jobIdText,
  limitMinutes,
  maximumNodes,
  minimumCpus,
  minimumMemoryText,
  oversubscribeText,
  ranSeconds,
  reasonText,
  shownEnd,
  shownStart,
  sortedNodesText,
  taskListText,
  tresPerTask,
  tresPerText,
} from './job-facts.ts';
import type { Scene } from './scene.ts';
import { compactJobState, jobStateWord } from './state-words.ts';
import { shortSpanText } from './time-text.ts';

/** What the columns need beside a job. */
export interface SqueueScene extends Scene {
  readonly isConverted: boolean;
  readonly expandsPatterns: boolean;
}

export interface JobColumn {
  /** Of `--Format`, in lower case; null: of `--format` alone. */
  readonly names: readonly string[];
  /** The names as `--helpFormat` writes them. */
  readonly shown: string;
  readonly letter: string | null;
  readonly header: string;
  /** Wider than its column, it is not cut when it stands on the right. */
  readonly isKept: boolean;
  /** Year × 100 + month of the first and of the last release that has it. */
  readonly since: number;
  readonly until: number;
  readonly text: (job: EmulatedJob, scene: SqueueScene) => string | null;
}

type Text = JobColumn['text'];
type More = Partial<Pick<JobColumn, 'isKept' | 'since' | 'until'>>;

/** `names` is `Name|OtherName`, with the letter behind a blank. */
function column(names: string, header: string, text: Text, more: More = {}): JobColumn {
  const [long = '', letter = null] = names.split(' ');
  const known = long === '' ? [] : long.toLowerCase().split('|');
  return { names: known, shown: long, letter, header, text, isKept: false, since: 0, until: 9999, ...more };
}

const none: Text = () => null;
const zero: Text = () => '0';
const notAvailable: Text = () => 'N/A';

function orNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

function hosts(names: readonly string[] = []): string {
  return names.length < 2 ? (names[0] ?? '') : foldHostlist(sortHosts(names));
}

function timed(epoch: number | null, scene: Scene): string {
  return epoch === null ? 'N/A' : scene.times.time(epoch);
}

const limitText: Text = (job) => {
  const minutes = limitMinutes(job);
  return minutes === null ? 'UNLIMITED' : shortSpanText(minutes * 60);
};

const leftText: Text = (job, { now }) => {
  const minutes = limitMinutes(job);
  return minutes === null ? 'UNLIMITED' : shortSpanText(minutes * 60 - ranSeconds(job, now));
};

const endText: Text = (job, scene) => {
  const end = shownEnd(job, scene.now);
  return end === 'never' ? 'NONE' : timed(end, scene);
};

const waiting: ReadonlySet<string> = new Set(['PENDING', 'TIMEOUT', 'OUT_OF_MEMORY', 'DEADLINE', 'FAILED']);

const reasonOrNodes: Text = (job) => {
  const isWaiting = !job.flags.includes('COMPLETING') && (waiting.has(job.state) || job.flags.includes('STAGE_OUT'));
  return isWaiting ? `(${reasonText(job)})` : sortedNodesText(job);
};

const partitionText: Text = (job) => (job.state === 'PENDING' ? job.partitions.join(',') : job.partition);

const arrayJobText: Text = ({ array, jobId }) => `${array?.jobId ?? jobId}`;

const taskText: Text = ({ array, pendingTasks }) => {
  if (array === null) return 'N/A';
  if (pendingTasks !== null) return taskListText(pendingTasks, array.maxRunning);
  return array.taskId === null ? 'N/A' : `${array.taskId}`;
};

/** ESLURMD_IO_ERROR, which slurmd gives as the status of a job whose files it could not open: its low seven bits read as signal 53. */
const ioError = 4021;
const rawStatus = (exit: ExitCode): number => (exit.signal === (ioError & 127) ? ioError : waitStatus(exit));
const exitCodeText: Text = (job, { release }) => (release < 2302 ? `${rawStatus(job.exit)}` : exitText(job.exit));
const derivedText: Text = (job, { release }) => (release < 2302 ? `${rawStatus(job.derivedExit)}` : exitText(job.derivedExit));

const allocatedText: Text = (job) => tresText(job.allocatedTres ?? job.requestedTres, 'id') ?? 'N/A';

/** Paths as they were given, unless they are to be filled in; until 24.05 squeue thinks of a default name itself. */
function outputText(kind: 'stdout' | 'stderr' | 'stdin'): Text {
  return (job, scene) => {
    const { request } = job;
    const isBatch = request.script !== null;
    const isOld = scene.release < 2405;
    if (kind === 'stdin') return shownPath(request.stdin ?? (isBatch ? '/dev/null' : null), job, scene);
    const standing = isOld ? `slurm-${job.jobId}.out` : isBatch ? (job.array === null ? 'slurm-%j.out' : 'slurm-%A_%a.out') : null;
    if (kind === 'stdout') return shownPath(request.stdout ?? standing, job, scene);
    if (!isOld) return shownPath(request.stderr ?? null, job, scene);
    return isBatch ? shownPath(request.stderr ?? request.stdout ?? standing, job, scene) : 'N/A';
  };
}

function shownPath(path: string | null, job: EmulatedJob, { expandsPatterns }: SqueueScene): string | null {
  if (path === null) return null;
  const { workDir } = job.request;
  if (expandsPatterns) return outputPaths('stdout', path, { ...job, workDir }).expanded;
  return path.startsWith('/') ? path : `${workDir}/${path}`;
}

const pendingSeconds: Text = (job, { now }) => {
  const start = shownStart(job);
  return `${(start !== null && start < now ? start : now) - job.submit}`;
};

/** All columns of jobs, in the order in which `squeue --helpFormat` lists them. Facts from squeue(1) and from the answers of 22.05 to 26.05. */
const jobColumns: readonly JobColumn[] = [
  column('Account a', 'ACCOUNT', (job) => orNull(job.account)),
  column('AccrueTime', 'ACCRUE_TIME', (job, scene) => timed(job.accrue, scene)),
  column('admin_comment', 'ADMIN_COMMENT', (job) => orNull(job.adminComment)),
  column('AllocNodes', 'ALLOC_NODES', (job) => orNull(job.request.submitHost)),
  column('AllocSID', 'ALLOC_SID', (job) => `${job.request.submitSession ?? 0}`),
  column('ArrayJobId F', 'ARRAY_JOB_ID', arrayJobText),
  column('ArrayTaskId K', 'ARRAY_TASK_ID', taskText),
  column('AssocId', 'ASSOC_ID', (job) => `${job.associationId}`),
  column('BatchFlag', 'BATCH_FLAG', (job) => (job.request.script === null ? '0' : '1')),
  column('BatchHost B', 'EXEC_HOST', (job) => (job.request.script === null ? job.request.submitHost : job.batchHost) || 'n/a'),
  column('BoardsPerNode', 'BOARDS_PER_NODE', zero),
  column('BurstBuffer', 'BURST_BUFFER', none),
  column('BurstBufferState', 'BURST_BUFFER_STATE', none),
  column('Cluster', 'CLUSTER', (_, { cluster }) => cluster),
  column('ClusterFeature', 'CLUSTER_FEATURES', none),
  column('Command o', 'COMMAND', (job) => orNull(job.request.command)),
  column('Comment k', 'COMMENT', (job) => orNull(job.comment)),
  column('Container', 'CONTAINER', none),
  column('ContainerId', 'CONTAINER_ID', none, { since: 2302 }),
  column('ContainerType', 'CONTAINERTYPE', none, { since: 2511 }),
  column('Contiguous O', 'CONTIGUOUS', zero),
  column('Cores I', 'CORES_PER_SOCKET', () => '*'),
  column('CoreSpec X', 'CORE_SPEC', notAvailable),
  column('CPUsPerTask|cpus-per-task', 'CPUS_PER_TASK', (job) => `${job.request.cpusPerTask ?? 1}`),
  column('cpus-per-tres', 'CPUS_PER_TRES', notAvailable),
  column('CronJob', 'CRON_JOB', () => 'No', { since: 2505 }),
  column('Deadline', 'DEADLINE', (job, scene) => timed(job.request.deadline ?? null, scene)),
  column('DelayBoot', 'DELAY_BOOT', () => '0:00'),
  column('Dependency E', 'DEPENDENCY', (job) => orNull(job.dependency)),
  column('DerivedEC', 'DERIVED_EC', derivedText),
  column('EligibleTime', 'ELIGIBLE_TIME', (job, scene) => timed(job.eligible, scene)),
  column('EndTime e', 'END_TIME', endText),
  column('ExcNodes x', 'EXC_NODES', (job) => hosts(job.request.excludedNodes), { isKept: true }),
  column('Exclusive', 'EXCLUSIVE', exclusiveText, { since: 2605 }),
  column('exit_code', 'EXIT_CODE', exitCodeText),
  column('Feature f', 'FEATURES', (job) => orNull(job.request.constraint)),
  column('Gres b', 'TRES_PER_NODE', (job, scene) => tresPerText(job.request.gresPerNode, scene) ?? 'N/A'),
  column('GroupId G', 'GROUP', (job) => `${job.gid}`),
  column('GroupName g', 'GROUP', (job) => job.group),
  column('HetJobId|PackJobId', 'HET_JOB_ID', (job) => `${job.het?.jobId ?? 'N/A'}`),
  column('HetJobIdSet|PackJobIdSet', 'HET_JOB_ID_SET', (job) => hetSetText(job) ?? 'N/A'),
  column('HetJobOffset|PackJobOffset', 'HET_JOB_OFFSET', (job) => `${job.het?.offset ?? 'N/A'}`),
  column('JobArrayId i', 'JOBID', jobIdText),
  column('JobId A', 'JOBID', (job) => `${job.jobId}`),
  column('LastSchedEval', 'LAST_SCHED_EVAL', (job, scene) => timed(job.lastSchedEval, scene)),
  column('Licenses W', 'LICENSES', (job) => orNull(job.request.licenses)),
  column('LicensesAlloc', 'LICENSES_ALLOC', none, { since: 2505 }),
  column('MaxCPUs', 'MAX_CPUS', (job) => `${job.cpus}`),
  column('MaxNodes', 'MAX_NODES', (job, scene) => `${(job.state === 'PENDING' && maximumNodes(job, scene)) || job.nodeCount}`),
  column('mem-per-tres', 'MEM_PER_TRES', (job, scene) => memoryPerTres(job, scene) ?? 'N/A'),
  column('MCSLabel', 'MCSLABEL', none),
  column('MinCPUs c', 'MIN_CPUS', (job) => amountText(minimumCpus(job), '', 'exact')),
  column('MinMemory m', 'MIN_MEMORY', (job, scene) => minimumMemoryText(job, scene, scene.isConverted ? 'exact' : 'none')),
  column('MinTime', 'TIME_MIN', () => '0:00'),
  column('MinTmpDisk d', 'MIN_TMP_DISK', zero),
  column('Name j', 'NAME', (job) => orNull(job.name)),
  column('Network', 'NETWORK', none),
  column('Nice y', 'NICE', (job) => `${job.nice}`),
  column('NodeList N', 'NODELIST', sortedNodesText, { isKept: true }),
  column('NTPerCore', 'NTASKS_PER_CORE', notAvailable),
  column('NTPerNode', 'NTASKS_PER_NODE', (job) => `${job.request.tasksPerNode ?? 0}`),
  column('NTPerSocket', 'NTASKS_PER_SOCKET', notAvailable),
  column('NTPerBoard', 'NTASKS_PER_BOARD', zero),
  column('NumCPUs C', 'CPUS', (job) => `${job.cpus}`),
  column('NumNodes D', 'NODES', (job) => `${job.nodeCount}`),
  column('NumTasks', 'TASKS', (job) => `${job.tasks}`),
  column('Origin', 'ORIGIN', () => 'NA'),
  column('OriginRaw', 'ORIGIN_RAW', () => 'NA'),
  column('OverSubscribe|Shared h', 'OVER_SUBSCRIBE', oversubscribeText),
  column('Partition P', 'PARTITION', partitionText),
  column('PendingTime', 'PENDING_TIME', pendingSeconds),
  column('PreemptTime', 'PREEMPT_TIME', notAvailable),
  column('Prefer', 'PREFER', none),
  column('Priority p', 'PRIORITY', (job) => (job.priority / 0xffff_ffff).toFixed(14)),
  column('PriorityLong Q', 'PRIORITY', (job) => `${job.priority}`),
  column('Profile', 'PROFILE', () => 'NotSet'),
  column('QOS q', 'QOS', (job) => orNull(job.qos)),
  column('Reason r', 'REASON', reasonText),
  column('ReasonList R', 'NODELIST(REASON)', reasonOrNodes, { isKept: true }),
  column('Reboot', 'REBOOT', zero),
  column('ReqNodes n', 'REQ_NODES', (job) => hosts(job.request.requiredNodes), { isKept: true }),
  column('ReqSwitch', 'REQ_SWITCH', zero),
  column('Requeue', 'REQUEUE', (job) => (job.requeue ? '1' : '0')),
  column('Reservation v', 'RESERVATION', (job) => orNull(job.reservation)),
  column('ResizeTime', 'RESIZE_TIME', notAvailable),
  column('RestartCnt', 'RESTART_COUNT', (job) => `${job.restarts}`),
  column('SchedNodes Y', 'SCHEDNODES', (job) => (job.nodes.length === 0 ? orNull(foldHostlist(job.expectedNodes ?? [])) : null), {
    isKept: true,
  }),
  column('SCT z', 'S:C:T', (job) => `*:*:${job.request.threadsPerCore ?? '*'}`),
  column('SegmentSize', 'SEGMENT_SIZE', zero, { since: 2505 }),
  column('SiblingsActive', 'ACTIVE_SIBLINGS', () => 'NA'),
  column('SiblingsActiveRaw', 'ACTIVE_SIBLINGS_RAW', () => 'NA'),
  column('SiblingsViable', 'VIABLE_SIBLINGS', () => 'NA'),
  column('SiblingsViableRaw', 'VIALBLE_SIBLINGS_RAW', () => 'NA'),
  column('SLUID s', 'SLUID', (job) => sluid(job.dbIndex), { since: 2511 }),
  column('SelectJobInfo s', '', () => '', { until: 2305 }),
  column('Sockets H', 'SOCKETS_PER_NODE', () => '*'),
  column('SPerBoard', 'SOCKETS_PER_BOARD', zero),
  column('StartTime S', 'START_TIME', (job, scene) => timed(shownStart(job), scene)),
  column('State T', 'STATE', jobStateWord),
  column('StateCompact t', 'ST', (job) => compactJobState(jobStateWord(job))),
  column('StdErr', 'STDERR', outputText('stderr')),
  column('StdIn', 'STDIN', outputText('stdin')),
  column('StdOut', 'STDOUT', outputText('stdout')),
  column('SubmitTime V', 'SUBMIT_TIME', (job, scene) => timed(job.submit, scene)),
  column('system_comment', 'SYSTEM_COMMENT', (job) => orNull(job.systemComment)),
  column('Threads J', 'THREADS_PER_CORE', (job) => `${job.request.threadsPerCore ?? '*'}`),
  column('TimeLeft L', 'TIME_LEFT', leftText, { isKept: true }),
  column('TimeLimit l', 'TIME_LIMIT', limitText),
  column('TimeUsed M', 'TIME', (job, { now }) => shortSpanText(ranSeconds(job, now)), { isKept: true }),
  column('tres-alloc|Tres', 'TRES_ALLOC', allocatedText),
  column('tres-bind', 'TRES_BIND', notAvailable),
  column('tres-freq', 'TRES_FREQ', notAvailable),
  column('tres-per-job', 'TRES_PER_JOB', (job, scene) => tresPerText(job.request.gresPerJob, scene) ?? 'N/A'),
  column('tres-per-node', 'TRES_PER_NODE', (job, scene) => tresPerText(job.request.gresPerNode, scene) ?? 'N/A'),
  column('tres-per-socket', 'TRES_PER_SOCKET', notAvailable),
  column('tres-per-task', 'TRES_PER_TASK', (job, scene) => tresPerTask(job, scene) ?? 'N/A'),
  column('UserId U', 'UID', (job) => `${job.uid}`),
  column('UserName u', 'USER', (job) => job.user),
  column('Wait4Switch', 'WAIT4SWITCH', () => '0:00'),
  column('WCKey w', 'WCKEY', (job) => orNull(job.request.wckey)),
  column('WorkDir Z', 'WORK_DIR', (job) => orNull(job.request.workDir)),
];

/** `gres/gpu:3072`: memory per device. */
function memoryPerTres(job: EmulatedJob, { release }: Scene): string | null {
  const { memoryPerGpuMiB } = job.request;
  return memoryPerGpuMiB === undefined ? null : `${release < 2302 ? 'gres:' : 'gres/'}gpu:${memoryPerGpuMiB}`;
}

/** Columns that a release has. */
export function columnsOf(release: number): readonly JobColumn[] {
  return jobColumns.filter(({ since, until }) => since <= release && release <= until);
}
