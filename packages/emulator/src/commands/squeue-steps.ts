import { foldHostlist } from '@sluice/slurm';
import type { EmulatedJob, EmulatedStep } from '../model/job.ts';
import { byBytes } from './amounts.ts';
import { jobIdText, stepJobText } from './job-facts.ts';
import type { Scene } from './scene.ts';
import { type Layout, parseFormat, parseLongFormat } from './text-columns.ts';
import { shortSpanText } from './time-text.ts';

export interface StepRow {
  readonly job: EmulatedJob;
  readonly step: EmulatedStep;
}

export interface StepColumn {
  readonly names: readonly string[];
  readonly letter: string;
  readonly header: string;
  readonly text: (row: StepRow, scene: Scene) => string | null;
}

export const stepFormat = '%.15i %.8j %.9P %.8u %.9M %N';

/** Columns of `squeue --steps` (squeue(1)). */
const stepColumns: readonly StepColumn[] = [
  { names: ['stepid', 'jobid'], letter: 'i', header: 'STEPID', text: stepIdText },
  { names: ['stepname', 'name'], letter: 'j', header: 'NAME', text: ({ step }) => step.name },
  { names: ['partition', 'steppartition'], letter: 'P', header: 'PARTITION', text: ({ job }) => job.partition },
  { names: ['username'], letter: 'u', header: 'USER', text: ({ job }) => job.user },
  { names: ['userid'], letter: 'U', header: 'UID', text: ({ job }) => `${job.uid}` },
  { names: ['timeused'], letter: 'M', header: 'TIME', text: ({ step }, { now }) => shortSpanText(Math.max(0, now - step.start)) },
  { names: ['timelimit'], letter: 'l', header: 'TIME_LIMIT', text: () => 'UNLIMITED' },
  { names: ['starttime'], letter: 'S', header: 'START_TIME', text: ({ step }, { times }) => times.time(step.start) },
  { names: ['nodes', 'nodelist'], letter: 'N', header: 'NODELIST', text: ({ step }) => foldHostlist(step.nodes) },
  { names: ['numtasks'], letter: 'A', header: 'TASKS', text: ({ step }) => `${step.tasks}` },
  { names: ['stepstate'], letter: 'T', header: 'STATE', text: ({ step }) => step.state },
  { names: ['arrayjobid'], letter: 'F', header: 'ARRAY_JOB_ID', text: ({ job }) => `${job.array?.jobId ?? 'N/A'}` },
  { names: ['arraytaskid'], letter: 'K', header: 'ARRAY_TASK_ID', text: ({ job }) => `${job.array?.taskId ?? 'N/A'}` },
  { names: ['numcpus'], letter: 'C', header: 'NUM_CPUS', text: ({ step }) => `${step.cpus}` },
  { names: ['cluster'], letter: '', header: 'CLUSTER', text: (_, { cluster }) => cluster },
];

/** `17_3.batch`, `8.0`. */
function stepIdText({ job, step }: StepRow): string {
  return `${stepJobText(job)}.${step.id}`;
}

/** Steps that run, by partition and id; `only` are ids as `8` and `8.0`. */
export function runningSteps(jobs: readonly EmulatedJob[], only: readonly string[] | null): readonly StepRow[] {
  const rows = jobs.flatMap((job) => job.steps.filter(({ end }) => end === null).map((step) => ({ job, step })));
  const isWanted = ({ job, step }: StepRow) => {
    const ids = [`${job.jobId}`, `${job.array?.jobId ?? job.jobId}`, jobIdText(job)];
    return only === null || ids.some((id) => only.includes(id) || only.includes(`${id}.${step.id}`));
  };
  return rows
    .filter(isWanted)
    .sort((a, b) => byBytes(a.job.partition, b.job.partition) || a.job.jobId - b.job.jobId || stepOrder(a) - stepOrder(b));
}

/** Steps with names come behind those with numbers. */
function stepOrder({ step }: StepRow): number {
  return /^\d+$/.test(step.id) ? Number(step.id) : 2 ** 32 - ['batch', 'extern', 'interactive'].indexOf(step.id);
}

export interface StepField {
  readonly column: StepColumn | null;
  readonly layout: Layout;
}

/** Fields of `-o` or `-O` for steps, with the names that are none. */
export function stepFields(format: { readonly short: string } | { readonly long: string }): {
  readonly prefix: string;
  readonly fields: readonly StepField[];
  readonly refused: readonly string[];
} {
  if ('long' in format) {
    const parsed = parseLongFormat(format.long);
    const find = (name: string) => stepColumns.find(({ names }) => names.includes(name.toLowerCase())) ?? null;
    const fields = parsed.map(({ name, layout }) => ({ column: find(name), layout }));
    return { prefix: '', fields, refused: parsed.filter(({ name }) => find(name) === null).map(({ name }) => name) };
  }
  const find = (wanted: string) => stepColumns.find(({ letter }) => letter !== '' && letter === wanted) ?? null;
  const { prefix, fields, refused } = parseFormat(format.short, (letter) => find(letter) !== null);
  return { prefix, fields: fields.map(({ letter, layout }) => ({ column: find(letter), layout })), refused };
}
