import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Epoch, expandHostlist, parseDuration, parseExitCode, parseGres, parseTime, parseTimeLimit, parseTres } from '@sluice/slurm';
import type { BaseState, EmulatedJob, JobRequest, NodeGrant } from '../model/job.ts';

export const releases = ['22.05', '23.11', '24.11', '25.05', '26.05'] as const;

/** A recorded answer of a release. */
export function recording(release: string, name: string): string {
  return gunzipSync(readFileSync(new URL(`recordings/${release}/${name}.txt.gz`, import.meta.url))).toString('utf8');
}

/** `24.11.7` of a recording. */
export function fullRelease(release: string): string {
  const text = readFileSync(new URL(`recordings/${release}/version`, import.meta.url), 'utf8');
  return /[\d.]+/.exec(text.slice(text.indexOf(' ')))?.[0] ?? release;
}

/** Values of a line of scontrol by key: each ends where the next one that is looked for begins. */
export function pairsOf(line: string, keys: readonly string[]): ReadonlyMap<string, string> {
  const found = keys
    .flatMap((key) => {
      const at = line.startsWith(`${key}=`) ? 0 : line.indexOf(` ${key}=`) + 1;
      return at > 0 || line.startsWith(`${key}=`) ? [{ key, at }] : [];
    })
    .sort((a, b) => a.at - b.at);
  return new Map(
    found.map(({ key, at }, index) => [key, line.slice(at + key.length + 1, found[index + 1]?.at ?? line.length).replace(/\s+$/, '')]),
  );
}

const jobKeys = [
  ...[
    'JobId',
    'ArrayJobId',
    'ArrayTaskId',
    'ArrayTaskThrottle',
    'HetJobId',
    'HetJobOffset',
    'JobName',
    'SLUID',
    'HetJobIdSet',
    'UserId',
    'GroupId',
  ],
  ...[
    'MCS_label',
    'Priority',
    'Nice',
    'Account',
    'QOS',
    'JobState',
    'Reason',
    'FailedNode',
    'Dependency',
    'Requeue',
    'Restarts',
    'BatchFlag',
  ],
  ...[
    'Reboot',
    'ExitCode',
    'DerivedExitCode',
    'RunTime',
    'TimeLimit',
    'TimeMin',
    'SubmitTime',
    'EligibleTime',
    'AccrueTime',
    'StartTime',
    'EndTime',
  ],
  ...[
    'Deadline',
    'SuspendTime',
    'SecsPreSuspend',
    'LastSchedEval',
    'Scheduler',
    'Partition',
    'AllocNode:Sid',
    'ReqNodeList',
    'ExcNodeList',
    'NodeList',
  ],
  ...[
    'SchedNodeList',
    'BatchHost',
    'NumNodes',
    'NumCPUs',
    'NumTasks',
    'CPUs/Task',
    'ReqB:S:C:T',
    'TRES',
    'ReqTRES',
    'AllocTRES',
    'Socks/Node',
  ],
  ...[
    'NtasksPerN:B:S:C',
    'JOB_GRES',
    'Nodes',
    'MinCPUsNode',
    'MinMemoryCPU',
    'MinMemoryNode',
    'MinMemoryTRES',
    'MinTmpDiskNode',
    'Licenses',
    'LicensesAlloc',
    'Features',
    'OverSubscribe',
  ],
  ...[
    'Exclusive',
    'Contiguous',
    'Network',
    'Command',
    'SubmitLine',
    'WorkDir',
    'AdminComment',
    'Comment',
    'StdErr',
    'StdIn',
    'StdOut',
    'Power',
  ],
  ...['MemPerTres', 'TresPerJob', 'TresPerNode', 'TresPerTask'],
] as const;

/** Jobs of the recorded scenario whose submission said so much of their CPUs (see the lab's scenario). */
const withCpusPerTask: ReadonlySet<number> = new Set([6, 7, 22]);
const exclusiveJobs: ReadonlySet<number> = new Set([4, 39]);

/** The jobs of a recorded `scontrol -d show job -o`, in its order, as slurmctld would hold them. */
export function recordedJobs(release: string, name = 'scontrol-show-job-d-o'): readonly EmulatedJob[] {
  return recording(release, name)
    .split(/^(?=JobId=\d+ )/m)
    .map((line) => recordedJob(line, release));
}

function recordedJob(line: string, release: string): EmulatedJob {
  const pairs = pairsOf(line, jobKeys);
  const text = (key: string) => {
    const value = pairs.get(key) ?? '';
    return value === '(null)' || value === 'N/A' ? '' : value;
  };
  const time = (key: string): Epoch | null => parseTime(pairs.get(key) ?? '') ?? null;
  const jobId = Number(text('JobId'));
  const state = text('JobState') as BaseState;
  const isPending = state === 'PENDING';
  const [user = '', uid = ''] = text('UserId').split(/[()]/);
  const [group = '', gid = ''] = text('GroupId').split(/[()]/);
  const reason = text('Reason');
  const isSentence = reason.includes('_') && !/^[A-Za-z]+$/.test(reason);
  const allocated = parseTres(text(release === '22.05' ? 'TRES' : 'AllocTRES')) ?? {};
  const requested = parseTres(text(release === '22.05' ? 'TRES' : 'ReqTRES')) ?? {};
  const nodes = [...(expandHostlist(text('NodeList')) ?? [])];
  const exit = parseExitCode(text('ExitCode')) ?? { code: 0, signal: 0 };
  const [nodeCount = '1', maxNodes] = text('NumNodes').split('-');
  const limit = parseTimeLimit(text('TimeLimit'));
  const suspended = time('SuspendTime');
  const isOld = release === '22.05';
  return {
    jobId,
    array: arrayOf(text),
    pendingTasks: isPending && /[-,%]/.test(text('ArrayTaskId')) ? tasksOf(text('ArrayTaskId')) : null,
    het: hetOf(text),
    name: pairs.get('JobName') ?? '',
    uid: Number(uid),
    user,
    gid: Number(gid),
    group,
    account: text('Account'),
    associationId: user === 'bob' ? 7 : 6,
    qos: text('QOS'),
    partitions: text('Partition').split(','),
    partition: text('Partition').split(',')[0] ?? '',
    state,
    flags: [],
    reason: isSentence ? 'Resources' : reason,
    reasonText: isSentence ? reason.replaceAll('_', ' ') : '',
    exit,
    derivedExit: parseExitCode(text('DerivedExitCode')) ?? exit,
    cancelledBy: null,
    submit: time('SubmitTime') ?? 0,
    eligible: time('EligibleTime'),
    accrue: time('AccrueTime'),
    start: isPending ? null : time('StartTime'),
    end: time('EndTime'),
    expectedStart: isPending ? time('StartTime') : null,
    expectedNodes: expandHostlist(text('SchedNodeList')) ?? [],
    suspendedAt: suspended,
    ranBeforeSuspend: Number(text('SecsPreSuspend')),
    suspendedSeconds: 0,
    lastSchedEval: time('LastSchedEval'),
    scheduler: text('Scheduler').startsWith('Backfill') ? 'Backfill' : 'Main',
    timeLimit: typeof limit === 'number' ? limit : 'unlimited',
    priority: Number(text('Priority')),
    nice: Number(text('Nice')),
    held: reason === 'JobHeldUser' ? 'user' : null,
    request: requestOf({ jobId, maxNodes, release, text, pairs }),
    requestedTres: requested,
    allocatedTres: isOld && !isPending && nodes.length === 0 ? null : isPending || Object.keys(allocated).length === 0 ? null : allocated,
    cpus: Number(text('NumCPUs').split('-')[0]),
    nodeCount: Number(nodeCount),
    tasks: Number(text('NumTasks')),
    grants: grantsOf(line),
    nodes,
    completingNodes: null,
    batchHost: text('BatchHost'),
    failedNode: text('FailedNode'),
    stdout: pairs.get('StdOut') ?? '',
    stderr: pairs.get('StdErr') ?? '',
    stdin: pairs.get('StdIn') ?? '',
    comment: text('Comment'),
    adminComment: text('AdminComment'),
    systemComment: '',
    dependency: text('Dependency'),
    requeue: text('Requeue') === '1',
    restarts: Number(text('Restarts')),
    reservation: '',
    steps: [],
    dbIndex: sluidNumber(text('SLUID')),
  };
}

function arrayOf(text: (key: string) => string): EmulatedJob['array'] {
  if (text('ArrayJobId') === '') return null;
  const task = text('ArrayTaskId');
  return {
    jobId: Number(text('ArrayJobId')),
    taskId: /^\d+$/.test(task) ? Number(task) : null,
    maxRunning: text('ArrayTaskThrottle') === '' ? null : Number(text('ArrayTaskThrottle')),
  };
}

function tasksOf(list: string): readonly number[] {
  return (list.split('%')[0] ?? '').split(',').flatMap((range) => {
    const [low = 0, high = low] = range.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}

function hetOf(text: (key: string) => string): EmulatedJob['het'] {
  if (text('HetJobId') === '') return null;
  const [first = 0, last = first] = text('HetJobIdSet').split('-').map(Number);
  return { jobId: Number(text('HetJobId')), offset: Number(text('HetJobOffset')), size: last - first + 1 };
}

function grantsOf(line: string): readonly NodeGrant[] {
  return [...line.matchAll(/Nodes=(\S+) CPU_IDs=(\S+) Mem=(\d+) GRES=(\S*)/g)].flatMap(([, hosts = '', cpus = '', memory, gres = '']) => {
    const cpuIds = tasksOf(cpus);
    const devices = parseGres(gres.replace(/\(CNT:\d+\)/, '')) ?? [];
    return (expandHostlist(hosts) ?? []).map((node) => ({
      node,
      cpuIds,
      memoryMiB: Number(memory),
      gres: devices.map(({ indices, name, type }) => ({ name, type, indices: indices ?? [] })),
    }));
  });
}

interface RequestParts {
  readonly jobId: number;
  readonly maxNodes: string | undefined;
  readonly release: string;
  readonly text: (key: string) => string;
  readonly pairs: ReadonlyMap<string, string>;
}

function requestOf({ jobId, maxNodes, pairs, text }: RequestParts): JobRequest {
  const [host = '', session = ''] = text('AllocNode:Sid').split(':');
  const mib = (key: string) => {
    const value = parseTres(`mem=${text(key)}`)?.['mem'];
    return value;
  };
  const hosts = (key: string) => expandHostlist(text(key)) ?? [];
  const perCpu = mib('MinMemoryCPU');
  const perNode = mib('MinMemoryNode');
  const byDevice = /(\d+)$/.exec(text('MemPerTres'))?.[1];
  const threads = /:(\d)$/.exec(text('ReqB:S:C:T'))?.[1];
  const perTres = (key: string) => text(key).replace(/^gres[/:]/, '');
  return {
    workDir: text('WorkDir'),
    stdout: patternOf(pairs.get('StdOut') ?? '', jobId, text),
    script: '#!/bin/sh\n',
    command: text('Command'),
    environment: {},
    submitLine: pairs.get('SubmitLine') ?? '',
    submitHost: host,
    submitSession: Number(session),
    tasks: Number(text('NumTasks')),
    ...(maxNodes === undefined || (jobId !== 22 && jobId !== 39) ? {} : { maxNodes: Number(maxNodes) }),
    ...(withCpusPerTask.has(jobId) ? { cpusPerTask: Number(text('CPUs/Task')) } : {}),
    ...(threads === undefined ? {} : { threadsPerCore: Number(threads) }),
    ...(jobId === 8 ? { tasksPerNode: 1 } : {}),
    ...(byDevice === undefined ? {} : { memoryPerGpuMiB: Number(byDevice) }),
    ...(byDevice === undefined && perNode !== undefined ? { memoryPerNodeMiB: perNode } : {}),
    ...(perCpu === undefined || perCpu === 1000 ? {} : { memoryPerCpuMiB: perCpu }),
    ...(perTres('TresPerNode') === '' ? {} : { gresPerNode: perTres('TresPerNode') }),
    ...(perTres('TresPerJob') === '' ? {} : { gresPerJob: perTres('TresPerJob') }),
    ...(exclusiveJobs.has(jobId) ? { sharing: 'exclusive' as const } : {}),
    ...(text('OverSubscribe') === 'YES' ? { sharing: 'oversubscribe' as const } : {}),
    ...(hosts('ReqNodeList').length === 0 ? {} : { requiredNodes: hosts('ReqNodeList') }),
    ...(hosts('ExcNodeList').length === 0 ? {} : { excludedNodes: hosts('ExcNodeList') }),
    ...(text('Deadline') === '' ? {} : { deadline: parseTime(text('Deadline')) ?? 0 }),
    ...(text('Comment') === '' ? {} : { comment: text('Comment') }),
  };
}

/** The pattern that a path of the scenario was given as. */
function patternOf(path: string, jobId: number, text: (key: string) => string): string {
  if (text('ArrayJobId') !== '') return path.replace(/arr\.\d+_\d+\.out$/, 'arr.%A_%a.out');
  return path.replace(new RegExp(`(het\\.|/)${jobId}\\.`), '$1%j.').replace(/%j\.(?:[a-z]+\d+|\(null\)|%N)\.out$/, '%j.%N.out');
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function sluidNumber(sluid: string): string {
  let number = 0n;
  for (const digit of sluid.slice(1)) number = number * 32n + BigInt(crockford.indexOf(digit));
  return `${number}`;
}

/** The moment of a recorded answer, from the time that job 4 had run by then; job 4 runs in all of them. */
export function momentOf(jobs: readonly EmulatedJob[], ran: string): Epoch {
  return (jobs.find(({ jobId }) => jobId === 4)?.start ?? 0) + (parseDuration(ran) ?? 0);
}
