import { expandHostlist } from '@sluice/slurm';
import type { JobRequest } from '../model/job.ts';
import type { JobChanges } from '../model/slurmctld.ts';
import { countOf, flagOf, type Given, given, numberOf, said, textOf, wordsOf } from './body.ts';

/** A job as slurmrestd is told it, in the keys of all dialects. `script` may stand beside the job. */
export function jobRequest(job: Given, outerScript: string | undefined): JobRequest & { readonly script: string | null } {
  const nodes = nodeCounts(job);
  const { sharing } = sharingOf(job);
  return {
    ...said<Omit<JobRequest, 'workDir' | 'script' | 'command' | 'environment' | 'submitLine' | 'submitHost'>>({
      ...shared(job),
      minNodes: nodes.min,
      maxNodes: nodes.max,
      tasks: countOf(job['tasks']),
      tasksPerNode: countOf(job['tasks_per_node']),
      cpusPerTask: countOf(job['cpus_per_task']),
      threadsPerCore: countOf(job['threads_per_core']),
      memoryPerNodeMiB: countOf(job['memory_per_node']),
      memoryPerCpuMiB: countOf(job['memory_per_cpu']),
      memoryPerGpuMiB: memoryPerGpu(job['memory_per_tres']),
      gresPerNode: gres(job['tres_per_node']),
      gresPerJob: gres(job['tres_per_job']),
      gresPerTask: gres(job['tres_per_task']),
      constraint: textOf(job['constraints']),
      sharing,
      array: textOf(job['array']),
      hold: flagOf(job['hold']),
      wckey: textOf(job['wckey']),
      licenses: textOf(job['licenses']),
      stdout: textOf(job['standard_output']),
      stderr: textOf(job['standard_error']),
      stdin: textOf(job['standard_input']),
      openMode: openMode(job['open_mode']),
      mailUser: textOf(job['mail_user']),
      scriptArguments: wordsOf(job['argv']),
    }),
    workDir: textOf(job['current_working_directory']) ?? '/',
    script: textOf(job['script']) ?? outerScript ?? null,
    command: '',
    environment: environmentOf(job['environment']),
    submitLine: '',
    submitHost: 'localhost',
  };
}

/** Changes of a job by `POST job/{job_id}`. */
export function jobChanges(job: Given): JobChanges {
  const { min } = nodeCounts(job);
  return said<JobChanges>({
    ...shared(job),
    adminComment: textOf(job['admin_comment']),
    systemComment: textOf(job['system_comment']),
    numNodes: min,
  });
}

function shared(job: Given) {
  const limit = numberOf(job['time_limit']);
  const partition = textOf(job['partition']);
  return {
    name: textOf(job['name']),
    account: textOf(job['account']),
    partitions: partition === undefined ? undefined : partition.split(','),
    qos: textOf(job['qos']),
    reservation: textOf(job['reservation']),
    timeLimit: limit === null ? ('unlimited' as const) : limit,
    priority: countOf(job['priority']),
    nice: countOf(job['nice']),
    comment: textOf(job['comment']),
    extra: textOf(job['extra']),
    dependency: textOf(job['dependency']),
    begin: countOf(job['begin_time']),
    deadline: countOf(job['deadline']),
    requeue: flagOf(job['requeue']),
    requiredNodes: hosts(job['required_nodes']),
    excludedNodes: hosts(job['excluded_nodes']),
  };
}

/** `nodes` is `2`, `2-4` or, in v0.0.38, one or two numbers in a list; or the two have keys of their own. */
function nodeCounts(job: Given): { readonly min: number | undefined; readonly max: number | undefined } {
  const words = wordsOf(job['nodes']);
  const [min, max] = (words?.length === 1 ? (words[0] ?? '').split('-') : (words ?? [])).map(Number);
  const single = countOf(job['nodes']);
  return {
    min: countOf(job['minimum_nodes']) ?? single ?? (Number.isInteger(min) ? min : undefined),
    max: countOf(job['maximum_nodes']) ?? (Number.isInteger(max) ? max : undefined),
  };
}

/** `exclusive` up to v0.0.40, `shared` since; `none` is exclusive. */
function sharingOf(job: Given): { readonly sharing: JobRequest['sharing'] } {
  const [word = ''] = wordsOf(job['shared']) ?? wordsOf(job['exclusive']) ?? [];
  if (word === 'none' || word === 'exclusive' || word === 'true' || job['exclusive'] === true) return { sharing: 'exclusive' };
  if (word === 'user') return { sharing: 'user' };
  return { sharing: word === 'oversubscribe' || job['oversubscribe'] === true ? 'oversubscribe' : undefined };
}

function hosts(value: unknown): readonly string[] | undefined {
  return wordsOf(typeof value === 'string' ? [value] : value)?.flatMap((word) => expandHostlist(word) ?? [word]);
}

/** `gres/gpu:2`, `gres:gpu:2` or `gres/gpu=2` as `gpu:2`. */
function gres(value: unknown): string | undefined {
  return textOf(value)
    ?.split(',')
    .filter((word) => /^gres[/:]/.test(word))
    .map((word) => word.replace(/^gres[/:]/, '').replace('=', ':'))
    .join(',');
}

function memoryPerGpu(value: unknown): number | undefined {
  const count = /gpu[:=]([0-9]+)/.exec(textOf(value) ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}

function openMode(value: unknown): JobRequest['openMode'] {
  const [word = ''] = wordsOf(value) ?? [];
  const mode = word.toLowerCase();
  return mode === 'append' || mode === 'truncate' ? mode : undefined;
}

/** `["NAME=value"]`, or an object in v0.0.38. */
function environmentOf(value: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(given(value)).map(([name, one]) => [name, textOf(one) ?? '']));
  const lines = value.filter((line) => typeof line === 'string');
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}
