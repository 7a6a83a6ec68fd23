import { expandHostlist, expandTaskList } from '@sluice/slurm';
import type { JobRow } from '../model/slurmdbd.ts';
import { writeStep } from './accounted-step.ts';
import type { JsonContext } from './context.ts';
import { cpuTime } from './cpu-time.ts';
import { accountedExitCode } from './exit-code.ts';
import { outputPaths, sluid } from './names.ts';
import { columnsOf, type Table, textOrNull, writeObject } from './table.ts';
import { tresList } from './tres-text.ts';
import type { Fields, Value } from './value.ts';

/** What slurmdbd stores for "never" in a job that ended without having begun, since 24.11. */
const noTime = 4_294_967_294;
const { constant, flag, group, integer, nullable, number, since, text, until, value, words } = columnsOf<JobRow>();

/** A row of accounting as sacct and `/slurmdb/…/jobs` print it. */
export function writeJobRow(row: JobRow, context: JsonContext): Fields {
  return writeObject(rowTable, row, context);
}

const used = (row: JobRow, kind: 'userSeconds' | 'systemSeconds') => row.steps.reduce((sum, step) => sum + (step.used?.[kind] ?? 0), 0);

const rowTable: Table<JobRow> = [
  text('account', (row) => row.account),
  group(
    'comment',
    nullable('administrator', (row) => row.adminComment),
    nullable('job', (row) => row.comment),
    nullable('system', (row) => row.systemComment),
  ),
  integer('allocation_nodes', (row) => (row.start === null ? 0 : row.nodeCount)),
  group(
    'array',
    integer('job_id', (row) => row.array?.jobId ?? 0),
    value('limits', (row) => ({ max: { running: { tasks: row.array?.maxRunning ?? 0 } } })),
    number('task_id', (row) => row.array?.taskId ?? null),
    nullable('task', (row) => taskBits(row)),
  ),
  group(
    'association',
    text('account', (row, context) => (context.dialect >= 43 ? '' : row.account)),
    text('cluster', (row) => row.cluster),
    nullable('partition', () => ''),
    text('user', (row, context) => (context.dialect >= 43 ? '' : row.user)),
    ...since(
      40,
      integer('id', (row) => row.associationId),
    ),
  ),
  ...since(39, constant('block', '')),
  text('cluster', (row) => row.cluster),
  text('constraints', (row) => row.constraints),
  nullable('container', () => ''),
  value('derived_exit_code', (row, context) => accountedExitCode(row.derivedExit, context, { derived: true })),
  group(
    'time',
    integer('elapsed', elapsed),
    value('eligible', (row, context) => row.eligible ?? (context.dialect < 39 && row.end === null ? null : 0)),
    integer('end', (row) => row.end ?? 0),
    ...since(41, number('planned', planned)),
    value('start', start),
    integer('submission', (row) => row.submit),
    integer('suspended', (row) => row.suspendedSeconds),
    value('system', (row) => cpuTime(used(row, 'systemSeconds'))),
    number('limit', (row) => row.timeLimit),
    value('total', (row) => cpuTime(used(row, 'userSeconds') + used(row, 'systemSeconds'))),
    value('user', (row) => cpuTime(used(row, 'userSeconds'))),
  ),
  value('exit_code', (row, context) => accountedExitCode(row.exit, context)),
  ...since(
    39,
    text('extra', (row) => row.extra),
    text('failed_node', (row) => row.failedNode),
  ),
  ...since(
    45,
    text('exclusive', (row) => (row.flags.includes('Exclusive') ? 'NODE' : 'NO')),
    text('oversubscribe', (row) => (row.flags.includes('OverSubscribe') ? 'YES' : 'NO')),
  ),
  words('flags', startFlags),
  text('group', (row) => row.group),
  group(
    'het',
    integer('job_id', (row) => row.het?.jobId ?? 0),
    number('job_offset', (row) => row.het?.offset ?? null),
  ),
  integer('job_id', (row) => row.jobId),
  text('name', (row) => row.name.replaceAll('"', '`')),
  ...since(39, constant('licenses', '')),
  constant('mcs', { label: '' }),
  text('nodes', (row) => row.nodes || 'None assigned'),
  text('partition', (row) => row.partition),
  ...since(
    39,
    flag('hold', (row) => row.priority === 0),
  ),
  number('priority', (row) => row.priority),
  text('qos', (row) => row.qos),
  ...since(
    42,
    text('qosreq', (row) => row.requestedQos ?? ''),
  ),
  group(
    'required',
    integer('CPUs', (row) => row.requestedCpus),
    ...until(
      39,
      integer('memory', (row) => row.requestedMemory?.mib ?? 0),
    ),
    ...since(
      39,
      number('memory_per_cpu', (row) => (row.requestedMemory?.per === 'cpu' ? row.requestedMemory.mib : null)),
      number('memory_per_node', (row) => (row.requestedMemory?.per === 'node' ? row.requestedMemory.mib : null)),
    ),
  ),
  value('kill_request_user', (row, context) => textOrNull(row.cancelledBy === null ? '' : context.userName(row.cancelledBy), context)),
  ...since(
    42,
    integer('restart_cnt', (row) => row.restarts),
  ),
  group(
    'reservation',
    constant('id', 0),
    value('name', (row, context) => (context.dialect < 39 ? 0 : row.reservation)),
    ...since(43, constant('requested', '')),
  ),
  ...since(39, constant('script', '')),
  ...since(43, constant('segment_size', 0)),
  ...since(
    45,
    text('sluid', (row) => sluid(row.dbIndex)),
    text('original_sluid', (row) => sluid(row.dbIndex)),
  ),
  ...since(
    41,
    text('stdin_expanded', (row, context) => paths('stdin', row, context).expanded),
    text('stdout_expanded', (row, context) => paths('stdout', row, context).expanded),
    text('stderr_expanded', (row, context) => paths('stderr', row, context).expanded),
    text('stdout', (row, context) => paths('stdout', row, context).raw),
    text('stderr', (row, context) => paths('stderr', row, context).raw),
    text('stdin', (row, context) => paths('stdin', row, context).raw),
  ),
  group(
    'state',
    value('current', state),
    text('reason', (row) => row.reason || 'None'),
  ),
  value('steps', (row, context) => row.steps.map((step) => writeStep({ row, step }, context))),
  ...since(
    39,
    text('submit_line', (row) => row.submitLine),
  ),
  group(
    'tres',
    value('allocated', (row, context) => tresList(withEnergy(row.allocatedTres), context)),
    value('requested', (row, context) => tresList(row.requestedTres, context)),
  ),
  ...since(39, constant('used_gres', '')),
  text('user', (row) => row.user),
  group(
    'wckey',
    text('wckey', (row) => row.wckey),
    constant('flags', []),
  ),
  text('working_directory', (row) => row.workDir),
];

/** A state and what made it end so: a row that a requeue or a resize closed is pending beside it. */
function state(row: JobRow, context: JsonContext): Value {
  if (context.dialect < 40) return row.state;
  return row.state === 'REQUEUED' || row.state === 'RESIZING' ? ['PENDING', row.state] : [row.state];
}

/** Of a job that ended without having begun: never, in the words of the release; up to 23.11 its end when somebody cancelled it. */
function start(row: JobRow, context: JsonContext): number | null {
  if (row.start !== null || row.end === null) return row.start ?? 0;
  if (context.release >= 2411) return noTime;
  if (row.state === 'CANCELLED') return row.end;
  return context.dialect < 39 ? null : 0;
}

function elapsed(row: JobRow, context: JsonContext): number {
  if (row.start === null) return 0;
  return Math.max(0, (row.end ?? context.now) - row.start - row.suspendedSeconds);
}

/** Seconds between being eligible and starting. */
function planned(row: JobRow, context: JsonContext): number {
  return row.eligible === null ? 0 : Math.max(0, (row.start ?? row.end ?? context.now) - row.eligible);
}

const startWords: Readonly<Record<string, string>> = {
  SchedSubmit: 'STARTED_ON_SUBMIT',
  SchedMain: 'STARTED_ON_SCHEDULE',
  SchedBackfill: 'STARTED_ON_BACKFILL',
  StartReceived: 'START_RECEIVED',
  StartRecieved: 'START_RECEIVED',
};

function startFlags(row: JobRow, context: JsonContext): readonly string[] {
  const flags = row.flags.map((flag) => startWords[flag] ?? flag).filter((flag) => /^[A-Z_]+$/.test(flag));
  if (context.dialect >= 39) return flags;
  const started = flags.filter((flag) => flag.startsWith('STARTED_'));
  return started.length === 0 ? [] : ['CLEAR_SCHEDULING', ...started];
}

/** Tasks still pending, as a bit mask: `7-10%4` is `0x780`. */
function taskBits({ array }: JobRow): string {
  const tasks = array?.pending ? expandTaskList(array.pending.replace(/%.*$/, '')) : undefined;
  if (tasks === undefined || tasks.length === 0) return '';
  return `0x${tasks
    .reduce((bits, task) => bits | (1n << BigInt(task)), 0n)
    .toString(16)
    .toUpperCase()}`;
}

/** Energy stands among what a job got, unknown as long as nothing measures it. */
function withEnergy(tres: JobRow['allocatedTres']): Readonly<Record<string, number | null>> {
  return Object.keys(tres).length === 0 || 'energy' in tres ? tres : { ...tres, energy: null };
}

function paths(kind: 'stdout' | 'stderr' | 'stdin', row: JobRow, context: JsonContext) {
  const none = context.release >= 2505 ? 'None' : '';
  const batchHost = row.steps[0]?.nodes[0] ?? expandHostlist(row.nodes)?.[0] ?? none;
  return outputPaths(kind, row[kind] === '' ? undefined : row[kind], { ...row, batchHost });
}
