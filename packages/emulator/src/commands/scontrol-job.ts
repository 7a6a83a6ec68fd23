import { foldHostlist, formatGres, formatRanges, formatTimeLimit } from '@sluice/slurm';
import { outputPaths, sluid } from '../json/names.ts';
import type { EmulatedJob, NodeGrant } from '../model/job.ts';
import { amountText, tresText } from './amounts.ts';
import {
  exclusiveText,
  exitText,
  grantedTotal,
  hetSetText,
  maximumNodes,
  minimumCpus,
  minimumMemory,
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
import { jobStateWord } from './state-words.ts';
import { spanText } from './time-text.ts';

export interface ShowOptions {
  readonly isOneLine: boolean;
  readonly isDetailed: boolean;
}

/** One job of `scontrol show job`, with what ends it. */
export function jobText(job: EmulatedJob, scene: Scene, { isDetailed, isOneLine }: ShowOptions): string {
  const { release } = scene;
  const end = isOneLine ? ' ' : '\n   ';
  const lines = [
    ...identityLines(job, scene, isDetailed),
    ...stateLines(job, isDetailed),
    ...timeLines(job, scene),
    ...placeLines(job),
    ...sizeLines(job, scene),
    ...(isDetailed ? grantLines(job, release >= 2605 && isOneLine ? '' : '  ') : []),
    ...requestLines(job, scene),
    ...textLines(job, scene),
  ];
  // Until 25.11 the last line is followed by the beginning of a further one.
  return lines.join(end) + (release < 2605 ? end : '') + (isOneLine ? '\n' : '\n\n');
}

/** A text that slurmctld may not have. */
function orNull(text: string | null | undefined): string {
  return text === null || text === undefined || text === '' ? '(null)' : text;
}

/** Slurm's NO_VAL: what is left of an array that was cancelled is no task (recorded). */
const noTask = 4_294_967_294;

function identityLines(job: EmulatedJob, scene: Scene, isDetailed: boolean): readonly string[] {
  const { account, array, gid, group, het, jobId, name, nice, pendingTasks, priority, qos, request, uid, user } = job;
  const tasks = array === null ? null : pendingTasks === null ? `${array.taskId ?? noTask}` : taskListText(pendingTasks, array.maxRunning);
  const throttle = array?.maxRunning ? `ArrayTaskThrottle=${array.maxRunning} ` : '';
  const kind =
    array !== null
      ? `ArrayJobId=${array.jobId} ArrayTaskId=${tasks} ${throttle}`
      : het !== null
        ? `HetJobId=${het.jobId} HetJobOffset=${het.offset} `
        : '';
  const set = hetSetText(job);
  const wckey = scene.setting('TrackWCKey')?.toLowerCase() === 'yes' ? ` WCKey=${request.wckey ?? ''}` : '';
  return [
    `JobId=${jobId} ${kind}JobName=${orNull(name)}`,
    ...(isDetailed && scene.release >= 2511 ? [`SLUID=${sluid(job.dbIndex)}`] : []),
    ...(set === null ? [] : [`HetJobIdSet=${set}`]),
    `UserId=${user}(${uid}) GroupId=${group}(${gid}) MCS_label=N/A`,
    `Priority=${priority} Nice=${nice} Account=${orNull(account)} QOS=${orNull(qos)}${wckey}`,
  ];
}

function stateLines(job: EmulatedJob, isDetailed: boolean): readonly string[] {
  const failed = job.failedNode === '' ? '' : `FailedNode=${job.failedNode} `;
  const batch = job.request.script === null ? 0 : 1;
  return [
    `JobState=${jobStateWord(job)} Reason=${reasonText(job).replaceAll(/\s/g, '_')} ${failed}Dependency=${orNull(job.dependency)}`,
    `Requeue=${job.requeue ? 1 : 0} Restarts=${job.restarts} BatchFlag=${batch} Reboot=0 ExitCode=${exitText(job.exit)}`,
    ...(isDetailed ? [`DerivedExitCode=${exitText(job.derivedExit)}`] : []),
  ];
}

function timeLines(job: EmulatedJob, { now, times }: Scene): readonly string[] {
  const end = shownEnd(job, now);
  const deadline = job.request.deadline === undefined ? 'N/A' : times.time(job.request.deadline);
  // The asterisk: backfill tried it last, and may do so again.
  const scheduler = job.scheduler === 'Backfill' && job.state === 'PENDING' ? 'Backfill:*' : (job.scheduler ?? 'Main');
  const suspended = job.suspendedAt === null ? 'None' : times.time(job.suspendedAt);
  return [
    `RunTime=${spanText(ranSeconds(job, now))} TimeLimit=${formatTimeLimit(job.timeLimit)} TimeMin=N/A`,
    `SubmitTime=${times.time(job.submit)} EligibleTime=${times.time(job.eligible)}`,
    `AccrueTime=${times.time(job.accrue)}`,
    `StartTime=${times.time(shownStart(job))} EndTime=${end === 'never' ? 'Unknown' : times.time(end)} Deadline=${deadline}`,
    `SuspendTime=${suspended} SecsPreSuspend=${job.ranBeforeSuspend} LastSchedEval=${times.time(job.lastSchedEval)} Scheduler=${scheduler}`,
  ];
}

function placeLines(job: EmulatedJob): readonly string[] {
  const { request } = job;
  const partition = job.state === 'PENDING' ? job.partitions.join(',') : job.partition;
  const planned = job.nodes.length === 0 && job.expectedNodes?.length ? ` SchedNodeList=${foldHostlist(job.expectedNodes)}` : '';
  const hosts = (names: readonly string[] | undefined) => orNull(foldHostlist(names ?? []));
  return [
    `Partition=${partition} AllocNode:Sid=${orNull(request.submitHost)}:${request.submitSession ?? 0}`,
    `ReqNodeList=${hosts(request.requiredNodes)} ExcNodeList=${hosts(request.excludedNodes)}`,
    `NodeList=${sortedNodesText(job)}${planned}`,
    ...(job.batchHost === '' ? [] : [`BatchHost=${job.batchHost}`]),
  ];
}

function sizeLines(job: EmulatedJob, scene: Scene): readonly string[] {
  const { request } = job;
  const most = job.state === 'PENDING' ? maximumNodes(job, scene) : null;
  const least = most === null ? job.nodeCount : Math.min(job.nodeCount, most);
  const requested = tresText(job.requestedTres, 'id') ?? '(null)';
  const allocated = job.allocatedTres === null ? null : tresText(job.allocatedTres, 'id');
  return [
    `NumNodes=${least}${most === null ? '' : `-${most}`} NumCPUs=${job.cpus} NumTasks=${job.tasks} CPUs/Task=${request.cpusPerTask ?? 1} ReqB:S:C:T=0:0:*:${request.threadsPerCore ?? '*'}`,
    ...(scene.release < 2302 ? [`TRES=${allocated ?? requested}`] : [`ReqTRES=${requested}`, `AllocTRES=${orNull(allocated)}`]),
    `Socks/Node=* NtasksPerN:B:S:C=${request.tasksPerNode ?? 0}:0:*:* CoreSpec=*`,
  ];
}

/** What the job holds, neighbours with the same in one line. */
function grantLines(job: EmulatedJob, indent: string): readonly string[] {
  const { grants } = job;
  if (grants.length === 0) return [];
  const groups: { readonly words: string; readonly nodes: string[] }[] = [];
  for (const grant of grants) {
    const words = grantWords(grant);
    const last = groups.at(-1);
    if (last?.words === words) last.nodes.push(grant.node);
    else groups.push({ words, nodes: [grant.node] });
  }
  return [
    `JOB_GRES=${grantedTotal(job) ?? '(null)'}`,
    ...groups.map(({ nodes, words }) => `${indent}Nodes=${foldHostlist(nodes)} ${words}`),
  ];
}

function grantWords({ cpuIds, gres, memoryMiB }: NodeGrant): string {
  const devices = formatGres(gres.map(({ indices, name, type }) => ({ name, type, count: indices.length, indices })));
  return `CPU_IDs=${formatRanges(cpuIds)} Mem=${memoryMiB} GRES=${devices}`;
}

function requestLines(job: EmulatedJob, scene: Scene): readonly string[] {
  const { request } = job;
  const { release } = scene;
  const memory = minimumMemory(job, scene);
  const exclusive = release < 2605 ? '' : ` Exclusive=${exclusiveText(job)}`;
  const licenses = `Licenses=${orNull(request.licenses)}${release < 2505 ? '' : ' LicensesAlloc=(null)'}`;
  return [
    `MinCPUsNode=${minimumCpus(job)} MinMemory${memory.per}=${amountText(memory.mib, 'M', 'exact')} MinTmpDiskNode=0`,
    `Features=${orNull(request.constraint)} DelayBoot=00:00:00`,
    ...(job.reservation === '' ? [] : [`Reservation=${job.reservation}`]),
    `OverSubscribe=${oversubscribeText(job, scene)}${exclusive} Contiguous=0 ${licenses} Network=(null)`,
    `Command=${orNull(request.command)}`,
    ...(release < 2605 ? [] : [`SubmitLine=${orNull(request.submitLine)}`]),
    `WorkDir=${orNull(request.workDir)}`,
  ];
}

function textLines(job: EmulatedJob, scene: Scene): readonly string[] {
  const { request } = job;
  const { release } = scene;
  const after = release < 2605 ? ' ' : '';
  const text = (key: string, value: string | null | undefined) =>
    value === null || value === undefined || value === '' ? [] : [`${key}=${value}`];
  const free = (key: string, value: string | undefined) => text(key, value).map((line) => line + after);
  const kill = request.killOnInvalidDependency;
  return [
    ...free('AdminComment', job.adminComment),
    ...free('SystemComment', job.systemComment),
    ...free('Comment', job.comment),
    ...(release < 2302 ? [] : free('Extra', request.extra)),
    ...(request.script === null ? [] : outputLines(job, release)),
    ...(release < 2405 ? ['Power='] : []),
    ...(kill === undefined ? [] : [`KillOInInvalidDependent=${kill ? 'Yes' : 'No'}`]),
    ...text(
      'MemPerTres',
      request.memoryPerGpuMiB === undefined ? null : `${release < 2302 ? 'gres:' : 'gres/'}gpu:${request.memoryPerGpuMiB}`,
    ),
    ...text('TresPerJob', tresPerText(request.gresPerJob, scene)),
    ...text('TresPerNode', tresPerText(request.gresPerNode, scene)),
    ...text('TresPerTask', tresPerTask(job, scene)),
  ];
}

/** 26.05 fills in the node too, and names no file for errors that go where the output goes. */
function outputLines(job: EmulatedJob, release: number): readonly string[] {
  const source = { ...job, workDir: job.request.workDir, batchHost: job.batchHost || '(null)' };
  const path = (given: string | undefined) => {
    const { expanded, half } = outputPaths('stdout', given, source);
    return release < 2605 ? half : expanded;
  };
  const { stderr, stdin, stdout } = job.request;
  return [
    `StdErr=${stderr !== undefined ? path(stderr) : release < 2605 ? path(stdout) : ''}`,
    `StdIn=${stdin === undefined ? '/dev/null' : path(stdin)}`,
    `StdOut=${path(stdout)}`,
  ];
}
