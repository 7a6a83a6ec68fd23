import type { EmulatedJob, EmulatedStep } from '../model/job.ts';
import type { JsonContext } from './context.ts';
import { nodeList, sluid } from './names.ts';
import { columnsOf, type Table, writeObject } from './table.ts';
import { tresText } from './tres-text.ts';
import { type Fields, maybeNumber } from './value.ts';

/** A step that slurmctld holds, with its job. */
export interface StepOfJob {
  readonly job: EmulatedJob;
  readonly step: EmulatedStep;
}

const { constant, integer, since, text, value } = columnsOf<StepOfJob>();
const isLaunched = (id: string) => /^[0-9]/.test(id);

/** A step as `scontrol show step` prints it; 22.05 prints none as JSON. */
export function writeControllerStep(step: StepOfJob, context: JsonContext): Fields {
  return writeObject(stepTable, step, context);
}

const stepTable: Table<StepOfJob> = [
  value('array', ({ job }) => ({ job_id: job.array?.jobId ?? 0, task_id: job.array?.taskId ?? 4_294_967_294 })),
  text('cluster', (_, context) => context.cluster),
  constant('container', ''),
  constant('container_id', ''),
  ...since(45, constant('container_type', '')),
  value('cpu', ({ step }) => {
    const bound = maybeNumber(isLaunched(step.id) ? null : 0);
    return { frequency: { min: bound, max: bound, governor: bound } };
  }),
  value('tres', ({ step }, context) => ({
    per: { cpu: '', memory: '', step: '', node: '', socket: '', task: '' },
    allocation: isLaunched(step.id) ? tresText(step.tres, context) : '',
    binding: '',
    frequency: '',
  })),
  text('name', ({ step }) => step.name),
  constant('network', ''),
  text('nodes', ({ step }) => nodeList(step.nodes)),
  integer('number_cpus', ({ step }) => (isLaunched(step.id) ? step.cpus : 0)),
  integer('number_tasks', ({ step }) => step.tasks),
  text('partition', ({ job }) => job.partition),
  constant('reserved_ports', ''),
  value('time', ({ step }, context) => ({
    running: maybeNumber(Math.max(0, (step.end ?? context.now) - step.start)),
    start: maybeNumber(step.start),
    limit: maybeNumber('unlimited'),
  })),
  value('srun', ({ job, step }) => ({ host: isLaunched(step.id) ? job.request.submitHost : '', pid: 0 })),
  value('state', ({ step }) => [step.state]),
  text('id', ({ job, step }) => `${job.jobId}.${step.id}`),
  ...since(
    45,
    text('sluid', ({ job }) => sluid(job.dbIndex)),
  ),
  ...since(43, ...['stderr', 'stdin', 'stdout', 'stdin_expanded', 'stdout_expanded', 'stderr_expanded'].map((key) => constant(key, ''))),
  text('submit_line', ({ step }) => step.submitLine),
  value('task', ({ step }) => ({
    distribution: isLaunched(step.id) ? (step.nodes.length === 1 && step.tasks > 1 ? 'Block' : 'Cyclic') : 'Unknown',
  })),
  text('user', ({ job }) => job.user),
];
