import { sluid } from '../json/names.ts';
import type { JobRow } from '../model/slurmdbd.ts';
import { amountText } from './amounts.ts';
import {
  cpusOf,
  cpuTimeText,
  elapsedSeconds,
  exitOf,
  flagsText,
  isWaiting,
  type JobText,
  layoutText,
  limitText,
  memoryText,
  orBlank,
  plannedCpuSeconds,
  plannedCpuText,
  plannedText,
  resources,
  rowIdText,
  type StepText,
  startText,
  stateText,
  stepCpus,
  stepSeconds,
  sumOfSteps,
  suspendedSeconds,
  systemOf,
  totalOf,
  type Used,
  usageText,
  userOf,
  whereUsed,
} from './sacct-facts.ts';
import { spanText } from './time-text.ts';

export interface SacctColumn {
  readonly name: string;
  /** Negative: aligned on the left. */
  readonly width: number;
  /** A number that is too wide is not cut. */
  readonly isNumber: boolean;
  /** Year × 100 + month of the first and of the last release that has it. */
  readonly since: number;
  readonly until: number;
  readonly job: JobText;
  readonly step: StepText;
}

const blank = () => null;
const number = { isNumber: true };
const later = { since: 2302 };

function column(
  name: string,
  width: number,
  [job, step = blank]: readonly [job: JobText, step?: StepText],
  more: Partial<Pick<SacctColumn, 'isNumber' | 'since' | 'until'>> = {},
): SacctColumn {
  return { name, width, job, step, isNumber: false, since: 0, until: 9999, ...more };
}

/** What the steps of a job say as the job does. */
function both(of: (row: JobRow) => string): readonly [JobText, StepText] {
  return [of, (_, row) => of(row)];
}

function text(of: (row: JobRow) => string): readonly [JobText] {
  return [(row) => orBlank(of(row))];
}

function measured(of: StepText): readonly [JobText, StepText] {
  return [blank, of];
}

function cpuTime(of: (used: Used) => number): readonly [JobText, StepText] {
  return [(row) => cpuTimeText(sumOfSteps(row, of)), ({ used }) => cpuTimeText(used === null ? 0 : of(used))];
}

const stepNodes: StepText = ({ nodes, tres: { node } }) => `${node ?? nodes.length}`;
const memory = measured((step, _, scene) => memoryText(step, scene));
const usage = measured((step, _, scene) => usageText(step, scene));
const processor = measured(({ used }) => (used === null ? null : spanText(Math.floor(totalOf(used)))));
const firstNode = measured(whereUsed(({ nodes }) => nodes[0] ?? ''));
const firstTask = measured(whereUsed(() => '0'));
const usedOn = measured(whereUsed(({ nodes }) => `cpu=${nodes[0] ?? ''},mem=${nodes[0] ?? ''}`));
const usedBy = measured(whereUsed(() => 'cpu=0,mem=0'));
const unmeasured = measured(whereUsed(() => '0'));
const frequency: readonly [JobText, StepText] = [() => 'Unknown', ({ id }) => (id === 'batch' || id === 'extern' ? '0' : 'Unknown')];
const energy: readonly [JobText, StepText] = [(row) => (isWaiting(row) ? '0' : null), () => '0'];
const cpus: readonly [JobText, StepText] = [(row, scene) => `${cpusOf(row, scene)}`, (step) => `${stepCpus(step)}`];
const planned: readonly [JobText] = [plannedText];
const plannedCpu: readonly [JobText] = [plannedCpuText];
const plannedCpuRaw: readonly [JobText] = [(row, scene) => `${plannedCpuSeconds(row, scene)}`];
const id = both(({ dbIndex }) => sluid(dbIndex));
const jobCpuSeconds = (row: JobRow, scene: Parameters<JobText>[1]) => elapsedSeconds(row, scene.now) * cpusOf(row, scene);
const stepCpuSeconds = (...[step, row, { now }]: Parameters<StepText>) => stepSeconds(step, row, now) * stepCpus(step);
const nodeCount: JobText = (row) => `${isWaiting(row) ? (row.requestedTres['node'] ?? row.nodeCount) : row.nodeCount}`;

function output(word: string, width: number): SacctColumn {
  return column(`TRESUsageOut${word}`, width, [blank]);
}

/** All columns in the order of `sacct --helpformat` (sacct(1)), compared with the answers of 22.05 to 26.05. */
const columns: readonly SacctColumn[] = [
  column(
    'Account',
    10,
    both(({ account }) => account),
  ),
  column(
    'AdminComment',
    15,
    text(({ adminComment }) => adminComment),
  ),
  column('AllocCPUS', 10, cpus, number),
  column('AllocNodes', 10, [(row) => `${isWaiting(row) ? 0 : row.nodeCount}`, stepNodes]),
  column('AllocTRES', 10, [(row, scene) => resources(row.allocatedTres, scene), (step, _, scene) => resources(step.tres, scene)]),
  column(
    'AssocID',
    7,
    both(({ associationId }) => `${associationId}`),
    number,
  ),
  column('AveCPU', 10, processor),
  column(
    'AveCPUFreq',
    10,
    measured(() => '0'),
  ),
  column('AveDiskRead', 14, unmeasured),
  column('AveDiskWrite', 14, unmeasured),
  column('AvePages', 10, unmeasured),
  column('AveRSS', 10, memory),
  column('AveVMSize', 10, unmeasured),
  column('BlockID', 16, [blank]),
  column(
    'Cluster',
    10,
    both(({ cluster }) => cluster),
  ),
  column(
    'Comment',
    14,
    text(({ comment }) => comment),
  ),
  column(
    'Constraints',
    19,
    text(({ constraints }) => constraints),
  ),
  column('ConsumedEnergy', 14, energy),
  column('ConsumedEnergyRaw', 17, energy, number),
  column('Container', 19, [blank]),
  column('CPUTime', 10, [(row, scene) => spanText(jobCpuSeconds(row, scene)), (...of) => spanText(stepCpuSeconds(...of))]),
  column('CPUTimeRAW', 10, [(row, scene) => `${jobCpuSeconds(row, scene)}`, (...of) => `${stepCpuSeconds(...of)}`], number),
  column(
    'DBIndex',
    -21,
    both(({ dbIndex }) => dbIndex),
    number,
  ),
  column('DerivedExitCode', 15, [({ derivedExit }) => exitOf(derivedExit)]),
  column('Elapsed', 10, [
    (row, { now }) => spanText(elapsedSeconds(row, now)),
    (step, row, { now }) => spanText(stepSeconds(step, row, now)),
  ]),
  column(
    'ElapsedRaw',
    10,
    [(row, { now }) => `${elapsedSeconds(row, now)}`, (step, row, { now }) => `${stepSeconds(step, row, now)}`],
    number,
  ),
  column('Eligible', 19, [(row, { times }) => times.time(row.eligible), (step, _, { times }) => times.time(step.start)]),
  column('End', 19, [(row, { times }) => times.time(row.end), (step, _, { times }) => times.time(step.end)]),
  column('Exclusive', 14, [({ flags }) => (flags.includes('Exclusive') ? 'NODE' : 'NO')], { since: 2605 }),
  column('ExitCode', 8, [({ exit }) => exitOf(exit), ({ exit }) => exitOf(exit)]),
  column(
    'Extra',
    14,
    text(({ extra }) => extra),
    later,
  ),
  column(
    'FailedNode',
    8,
    text(({ failedNode }) => failedNode),
    later,
  ),
  column('Flags', 19, [flagsText]),
  column('GID', 6, [({ gid }) => `${gid}`], number),
  column(
    'Group',
    9,
    text(({ group }) => group),
  ),
  column('JobID', -12, [rowIdText, (step, row) => `${rowIdText(row)}.${step.id}`]),
  column('JobIDRaw', -12, [({ jobId }) => `${jobId}`, (step, { jobId }) => `${jobId}.${step.id}`]),
  column('JobName', 10, [({ name }) => name, ({ name }) => name]),
  column('Layout', 9, measured(layoutText)),
  column('Licenses', 10, [blank], later),
  column('MaxDiskRead', 12, unmeasured),
  column('MaxDiskReadNode', 15, firstNode),
  column('MaxDiskReadTask', 15, firstTask, number),
  column('MaxDiskWrite', 12, unmeasured),
  column('MaxDiskWriteNode', 16, firstNode),
  column('MaxDiskWriteTask', 16, firstTask, number),
  column('MaxPages', 8, unmeasured),
  column('MaxPagesNode', 12, firstNode),
  column('MaxPagesTask', 14, firstTask, number),
  column('MaxRSS', 10, memory),
  column('MaxRSSNode', 10, firstNode),
  column('MaxRSSTask', 10, firstTask, number),
  column('MaxVMSize', 10, unmeasured),
  column('MaxVMSizeNode', 14, firstNode),
  column('MaxVMSizeTask', 14, firstTask, number),
  column('McsLabel', 12, [blank]),
  column('MinCPU', 10, processor),
  column('MinCPUNode', 10, firstNode),
  column('MinCPUTask', 10, firstTask, number),
  column('NCPUS', 10, cpus, number),
  column('NNodes', 8, [nodeCount, stepNodes], number),
  column('NodeList', 15, [({ nodes }) => (nodes === '' ? 'None assigned' : nodes), ({ nodes }, _, { foldNodes }) => foldNodes(nodes)]),
  column(
    'NTasks',
    8,
    measured(({ tasks }) => `${tasks}`),
    number,
  ),
  column('OriginalSLUID', 14, id, { since: 2511 }),
  column('OverSubscribe', 14, [({ flags }) => (flags.includes('OverSubscribe') ? 'YES' : 'NO')], { since: 2605 }),
  column(
    'Partition',
    10,
    text(({ partition }) => partition),
  ),
  column('Planned', 10, planned, later),
  column('PlannedCPU', 10, plannedCpu, later),
  column('PlannedCPURAW', 13, plannedCpuRaw, { ...number, ...later }),
  column('Priority', 10, [({ priority }) => `${priority}`], number),
  column(
    'QOS',
    10,
    text(({ qos }) => qos),
  ),
  column('QOSRAW', 6, [({ qos }, { qosId }) => (qosId(qos) === null ? null : `${qosId(qos)}`)], number),
  column(
    'QOSREQ',
    10,
    text(({ requestedQos }) => requestedQos ?? ''),
    { since: 2405 },
  ),
  column(
    'Reason',
    22,
    text(({ reason }) => reason),
  ),
  column('ReqCPUFreq', 10, frequency),
  column('ReqCPUFreqGov', 13, frequency),
  column('ReqCPUFreqMax', 13, frequency),
  column('ReqCPUFreqMin', 13, frequency),
  column('ReqCPUS', 8, [({ requestedCpus }) => `${requestedCpus}`, (step) => `${stepCpus(step)}`], number),
  column('ReqMem', 10, [({ requestedTres }, { conversion }) => amountText(requestedTres['mem'] ?? 0, 'M', conversion)]),
  column('ReqNodes', 8, [({ requestedTres }) => `${requestedTres['node'] ?? 0}`, stepNodes]),
  column('ReqTRES', 10, [(row, scene) => resources(row.requestedTres, scene)]),
  column(
    'Reservation',
    20,
    text(({ reservation }) => reservation),
  ),
  column('ReservationId', 8, [blank], number),
  column('ReqReservation', 20, [blank], { since: 2505 }),
  column('Reserved', 10, planned, { until: 2301 }),
  column('ResvCPU', 10, plannedCpu, { until: 2301 }),
  column('ResvCPURAW', 10, plannedCpuRaw, { ...number, until: 2301 }),
  column('Restarts', 8, [({ restarts }) => `${restarts}`], { ...number, since: 2405 }),
  column('SegmentSize', 11, [blank], { ...number, since: 2505 }),
  column('SLUID', 14, id, { since: 2405 }),
  column('Start', 19, [startText, (step, _, { times }) => times.time(step.start)]),
  column('State', 10, [stateText, ({ state }) => state]),
  column(
    'StdErr',
    20,
    text(({ stderr }) => stderr),
    { since: 2405 },
  ),
  column(
    'StdIn',
    20,
    text(({ stdin }) => stdin),
    { since: 2405 },
  ),
  column(
    'StdOut',
    20,
    text(({ stdout }) => stdout),
    { since: 2405 },
  ),
  column('Submit', 19, [(row, { times }) => times.time(row.submit), (step, _, { times }) => times.time(step.start)]),
  column('SubmitLine', 20, [({ submitLine }) => orBlank(submitLine), ({ submitLine }) => orBlank(submitLine)]),
  column('Suspended', 10, [
    (row, { now }) => spanText(suspendedSeconds(row, now)),
    (_, row, { now }) => spanText(row.state === 'SUSPENDED' ? suspendedSeconds(row, now) : 0),
  ]),
  column(
    'SystemComment',
    15,
    text(({ systemComment }) => systemComment),
  ),
  column('SystemCPU', 10, cpuTime(systemOf)),
  column('Timelimit', 10, [limitText]),
  column('TimelimitRaw', 10, [(row) => (typeof row.timeLimit === 'number' ? `${row.timeLimit}` : limitText(row))]),
  column('TotalCPU', 10, cpuTime(totalOf)),
  column('TRESUsageInAve', 14, usage),
  column('TRESUsageInMax', 14, usage),
  column('TRESUsageInMaxNode', 18, usedOn),
  column('TRESUsageInMaxTask', 18, usedBy),
  column('TRESUsageInMin', 14, usage),
  column('TRESUsageInMinNode', 18, usedOn),
  column('TRESUsageInMinTask', 18, usedBy),
  column('TRESUsageInTot', 14, usage),
  output('Ave', 15),
  output('Max', 15),
  output('MaxNode', 19),
  output('MaxTask', 19),
  output('Min', 15),
  output('MinNode', 19),
  output('MinTask', 19),
  output('Tot', 15),
  column('UID', 6, [({ uid }) => `${uid}`], number),
  column(
    'User',
    9,
    text(({ user }) => user),
  ),
  column('UserCPU', 10, cpuTime(userOf)),
  column(
    'WCKey',
    10,
    text(({ wckey }) => wckey),
  ),
  column('WCKeyID', 10, [() => '0'], number),
  column(
    'WorkDir',
    20,
    text(({ workDir }) => workDir),
  ),
];

/** Columns that a release has; 22.05 has a narrower DBIndex. */
export function sacctColumnsOf(release: number): readonly SacctColumn[] {
  const known = columns.filter(({ since, until }) => since <= release && release <= until);
  return release < 2302 ? known.map((one) => (one.name === 'DBIndex' ? { ...one, width: -10 } : one)) : known;
}
