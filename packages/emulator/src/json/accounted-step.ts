import type { EmulatedStep } from '../model/job.ts';
import type { JobRow } from '../model/slurmdbd.ts';
import type { JsonContext } from './context.ts';
import { cpuTime } from './cpu-time.ts';
import { accountedExitCode } from './exit-code.ts';
import { nodeList } from './names.ts';
import { columnsOf, type Table, wrapNumber, writeObject } from './table.ts';
import { tresList } from './tres-text.ts';
import { type Fields, maybeNumber, type Value } from './value.ts';

interface StepOfRow {
  readonly row: JobRow;
  readonly step: EmulatedStep;
}

const { endless, group, integer, nullable, since, text, time, until, unused, value } = columnsOf<StepOfRow>();

/** A step within a row of accounting. */
export function writeStep(step: StepOfRow, context: JsonContext): Fields {
  return writeObject(stepTable, step, context);
}

const noUsage = { max: [], min: [], average: [], total: [] };
const isLaunched = (id: string) => /^[0-9]/.test(id);
const seconds = ({ step }: StepOfRow, kind: 'userSeconds' | 'systemSeconds') => step.used?.[kind] ?? 0;

const stepTable: Table<StepOfRow> = [
  group(
    'time',
    integer('elapsed', elapsed),
    time('end', ({ step }) => step.end),
    time('start', ({ step }) => step.start),
    integer('suspended', ({ row }) => row.suspendedSeconds),
    value('system', (one) => cpuTime(seconds(one, 'systemSeconds'))),
    ...since(43, endless('limit')),
    value('total', (one) => cpuTime(seconds(one, 'userSeconds') + seconds(one, 'systemSeconds'))),
    value('user', (one) => cpuTime(seconds(one, 'userSeconds'))),
  ),
  value('exit_code', stepExit),
  value('nodes', ({ step: { nodes } }) => ({ count: nodes.length, range: nodeList(nodes), list: nodes })),
  value('tasks', ({ step }) => ({ count: step.tasks })),
  ...until(44, unused('pid', '')),
  value('CPU', frequency),
  nullable('kill_request_user', () => ''),
  value('state', ({ step }, context) => (context.dialect >= 40 ? [step.state] : step.state)),
  value('statistics', (_, context) => ({ CPU: { actual_frequency: 0 }, energy: { consumed: context.dialect < 39 ? 0 : maybeNumber(0) } })),
  value('step', stepId),
  ...since(
    45,
    text('submit_line', ({ step }) => step.submitLine),
  ),
  value('task', ({ step }) => ({ distribution: distribution(step) })),
  value('tres', ({ step }, context) => ({
    requested: noUsage,
    consumed: consumed(step, context),
    allocated: tresList(step.tres, context),
  })),
];

function elapsed({ row, step }: StepOfRow, context: JsonContext): number {
  return Math.max(0, (step.end ?? context.now) - step.start - row.suspendedSeconds);
}

/** Steps that were cancelled end by SIGTERM; v0.0.38 has no code of those whose job was cancelled with them. */
function stepExit({ step }: StepOfRow, context: JsonContext): Value {
  if (context.dialect < 39 && step.end === null) return accountedExitCode({ code: 0, signal: 0 }, context);
  return accountedExitCode(step.exit, context);
}

function frequency({ step }: StepOfRow, context: JsonContext): Fields {
  const launched = isLaunched(step.id);
  const bound = wrapNumber(launched ? null : 0, context);
  const governors = launched ? ['Conservative', 'Performance', 'PowerSave', 'OnDemand', 'UserSpace'] : [];
  return {
    requested_frequency: { min: bound, max: bound },
    governor: context.dialect < 39 ? governors : launched ? 'Unknown' : '0',
  };
}

function stepId({ row, step }: StepOfRow, context: JsonContext): Fields {
  if (context.dialect < 39) {
    return { job_id: row.jobId, het: { component: null }, id: isLaunched(step.id) ? Number(step.id) : step.id, name: step.name };
  }
  // An object in v0.0.39 alone.
  const id =
    context.dialect === 39 ? { job_id: row.jobId, step_het_component: 4_294_967_294, step_id: step.id } : `${row.jobId}.${step.id}`;
  const files = ['stderr', 'stdin', 'stdout', 'stderr_expanded', 'stdin_expanded', 'stdout_expanded'].map((key) => [key, ''] as const);
  return { id, name: step.name, ...(context.dialect >= 43 ? Object.fromEntries(files) : {}) };
}

function distribution(step: EmulatedStep): string {
  if (!isLaunched(step.id)) return 'Unknown';
  return step.nodes.length === 1 && step.tasks > 1 ? 'Block' : 'Cyclic';
}

/** Usage of a step as far as it is known: CPU time in milliseconds and resident memory in bytes, where nothing gathers it: nothing. */
function consumed(step: EmulatedStep, context: JsonContext): Fields {
  if (step.used === null || !isKnown(step)) return noUsage;
  const cpu = Math.round((step.used.userSeconds + step.used.systemSeconds) * 1000);
  const memory = step.used.maxRssKiB * 1024;
  const list = tresList({ cpu, mem: memory }, context);
  const node = step.nodes[0] ?? '';
  const extreme = list.map((one) => ({ ...one, task: wrapNumber(0, context), node }));
  return { max: extreme, min: extreme, average: list, total: list };
}

function isKnown(step: EmulatedStep): boolean {
  return step.used !== null && (step.used.maxRssKiB > 0 || step.used.userSeconds + step.used.systemSeconds > 0);
}
