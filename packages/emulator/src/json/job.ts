import type { EmulatedJob } from '../model/job.ts';
import type { JsonContext } from './context.ts';
import { controllerExitCode } from './exit-code.ts';
import { jobFlags } from './job-flags.ts';
import { maxNodes, memoryPerCpu, memoryPerNode, minimumCpus, spread, tresPer } from './job-request.ts';
import { isWhole, jobResources } from './job-resources.ts';
import { grantGres, nodeList, outputPaths, sluid } from './names.ts';
import { columnsOf, type Table, writeObject } from './table.ts';
import { tresText } from './tres-text.ts';
import { type Fields, maybeNumber, type Value } from './value.ts';

const secondsPerYear = 365 * 86_400;
/** What comes of Slurm's word for unlimited minutes when 32 bits turn it into seconds: the end that it expects of a pending job. */
const unlimitedMinutes = 4_294_967_236;

/** A job of slurmctld as squeue, `scontrol show job` and `/slurm/…/jobs` print it. */
export function writeJob(job: EmulatedJob, context: JsonContext): Fields {
  return writeObject(jobTable, job, context);
}

const none = maybeNumber(null);
const { constant, flag, integer, number, real, since, text, time, until, unused, value, words } = columnsOf<EmulatedJob>();

const jobTable: Table<EmulatedJob> = [
  text('account', (job) => job.account),
  time('accrue_time', (job) => job.accrue),
  text('admin_comment', (job) => job.adminComment),
  ...since(
    39,
    text('allocating_node', (job) => job.request.submitHost),
  ),
  number('array_job_id', (job) => job.array?.jobId ?? 0),
  number('array_task_id', (job) => job.array?.taskId ?? null),
  number('array_max_tasks', (job) => job.array?.maxRunning ?? 0),
  text('array_task_string', (job) => pendingTasks(job)),
  integer('association_id', (job) => job.associationId),
  constant('batch_features', ''),
  flag('batch_flag', (job) => job.request.script !== null),
  text('batch_host', (job) => job.batchHost),
  words('flags', jobFlags),
  constant('burst_buffer', ''),
  constant('burst_buffer_state', ''),
  text('cluster', (_, context) => context.cluster),
  constant('cluster_features', ''),
  text('command', (job) => job.request.command),
  text('comment', (job) => job.comment),
  constant('container', ''),
  ...since(39, constant('container_id', '')),
  ...since(45, constant('container_type', '')),
  constant('contiguous', false),
  unused('core_spec', 0),
  unused('thread_spec', 32_766),
  unused('cores_per_socket', none),
  real('billable_tres', (job) => (job.allocatedTres === null ? null : (job.allocatedTres['billing'] ?? 0))),
  value('cpus_per_task', (job, context) => (context.dialect < 39 ? null : maybeNumber(job.request.cpusPerTask ?? 1))),
  unused('cpu_frequency_minimum', none),
  unused('cpu_frequency_maximum', none),
  unused('cpu_frequency_governor', none),
  constant('cpus_per_tres', ''),
  ...since(39, constant('cron', '')),
  time('deadline', (job) => job.request.deadline ?? null),
  number('delay_boot', () => 0),
  text('dependency', (job) => job.dependency),
  value('derived_exit_code', (job, context) => controllerExitCode(job.derivedExit, context)),
  time('eligible_time', (job) => job.eligible),
  time('end_time', endTime),
  text('excluded_nodes', (job) => nodeList(job.request.excludedNodes ?? [])),
  value('exit_code', (job, context) => controllerExitCode(job.exit, context)),
  ...since(
    39,
    text('extra', (job) => job.request.extra ?? ''),
    text('failed_node', (job) => job.failedNode),
  ),
  text('features', (job) => job.request.constraint ?? ''),
  constant('federation_origin', ''),
  constant('federation_siblings_active', ''),
  constant('federation_siblings_viable', ''),
  words('gres_detail', (job) => job.grants.filter(({ gres }) => gres.length > 0).map(grantGres)),
  integer('group_id', (job) => job.gid),
  text('group_name', (job) => job.group),
  number('het_job_id', (job) => job.het?.jobId ?? 0),
  text('het_job_id_set', hetJobSet),
  number('het_job_offset', (job) => job.het?.offset ?? 0),
  integer('job_id', (job) => job.jobId),
  value('job_resources', jobResources),
  ...since(39, constant('job_size_str', [])),
  value('job_state', (job, context) => (context.dialect >= 40 ? [job.state, ...job.flags] : stateWord([job.state, ...job.flags]))),
  time('last_sched_evaluation', (job) => job.lastSchedEval),
  text('licenses', (job) => job.request.licenses ?? ''),
  ...since(43, constant('licenses_allocated', '')),
  ...since(
    39,
    constant('mail_type', []),
    text('mail_user', (job) => job.request.mailUser ?? job.user),
  ),
  number('max_cpus', () => 0),
  number('max_nodes', maxNodes),
  constant('mcs_label', ''),
  ...since(45, constant('memory_update_delay', 0), constant('memory_update_margin', 0)),
  text('memory_per_tres', (job, context) => memoryPerTres(job, context)),
  text('name', (job) => job.name),
  ...since(39, constant('network', '')),
  text('nodes', (job) => nodeList(job.completingNodes ?? job.nodes)),
  value('nice', (job, context) => (job.nice === 0 && context.dialect < 39 ? null : job.nice)),
  unused('tasks_per_core', maybeNumber('unlimited')),
  ...since(
    39,
    number('tasks_per_tres', () => 0),
  ),
  number('tasks_per_node', (job) => job.request.tasksPerNode ?? 0),
  unused('tasks_per_socket', maybeNumber('unlimited')),
  number('tasks_per_board', () => 0),
  number('cpus', (job) => job.cpus),
  number('node_count', (job) => job.nodeCount),
  number('tasks', (job) => job.tasks),
  text('partition', (job) => (job.start === null ? job.partitions.join(',') : job.partition)),
  constant('prefer', ''),
  number('memory_per_cpu', memoryPerCpu),
  number('memory_per_node', memoryPerNode),
  number('minimum_cpus_per_node', minimumCpus),
  number('minimum_tmp_disk_per_node', () => 0),
  ...until(44, ...since(39, constant('power', { flags: [] }))),
  time('preempt_time', () => null),
  ...since(
    39,
    time('preemptable_time', () => null),
  ),
  time('pre_sus_time', (job) => job.ranBeforeSuspend),
  ...since(
    39,
    flag('hold', (job) => job.priority === 0),
  ),
  number('priority', (job) => job.priority),
  ...since(42, constant('priority_by_partition', [])),
  unused('profile', ['NOT_SET']),
  text('qos', (job) => job.qos),
  constant('reboot', false),
  text('required_nodes', (job) => nodeList(job.request.requiredNodes ?? [])),
  ...until(41, ...since(39, constant('minimum_switches', 0))),
  ...since(42, constant('required_switches', 0)),
  flag('requeue', (job) => job.requeue),
  time('resize_time', () => null),
  integer('restart_cnt', (job) => job.restarts),
  text('resv_name', (job) => job.reservation),
  ...since(39, constant('scheduled_nodes', ''), constant('selinux_context', '')),
  value('shared', shared),
  ...until(
    41,
    ...since(
      39,
      words(
        'exclusive',
        (job) => ({ exclusive: ['true'], user: ['user'], oversubscribe: ['false'], none: [] })[job.request.sharing ?? 'none'],
      ),
      flag('oversubscribe', (job) => job.request.sharing !== 'exclusive'),
    ),
  ),
  ...until(
    41,
    value('show_flags', (_, context) => showFlags(context)),
  ),
  constant('sockets_per_board', 0),
  unused('sockets_per_node', none),
  time('start_time', (job) => job.start ?? (job.state === 'PENDING' ? job.expectedStart : job.end)),
  text('state_description', (job, context) => reason(job, context).description),
  text('state_reason', (job, context) => reason(job, context).word),
  text('standard_error', (job, context) => path('stderr', job, context)),
  text('standard_input', (job, context) => path('stdin', job, context)),
  text('standard_output', (job, context) => path('stdout', job, context)),
  ...since(
    43,
    text('stdin_expanded', (job) => outputPaths('stdin', job.request.stdin, pathSource(job)).expanded),
    text('stdout_expanded', (job) => outputPaths('stdout', job.request.stdout, pathSource(job)).expanded),
    text('stderr_expanded', (job) => outputPaths('stderr', job.request.stderr, pathSource(job)).expanded),
  ),
  ...since(43, constant('segment_size', 0)),
  ...since(
    44,
    value('step_id', stepId),
    text('submit_line', (job) => job.request.submitLine),
  ),
  time('submit_time', (job) => job.submit),
  time('suspend_time', (job) => job.suspendedAt),
  text('system_comment', (job) => job.systemComment),
  number('time_limit', (job) => job.timeLimit),
  number('time_minimum', () => 0),
  number('threads_per_core', (job) => job.request.threadsPerCore ?? null),
  constant('tres_bind', ''),
  constant('tres_freq', ''),
  text('tres_per_job', (job, context) => tresPer(job.request.gresPerJob, context)),
  text('tres_per_node', (job, context) => tresPer(job.request.gresPerNode, context)),
  constant('tres_per_socket', ''),
  text('tres_per_task', (job, context) => perTask(job, context)),
  text('tres_req_str', (job, context) => tresText(job.requestedTres, context)),
  text('tres_alloc_str', (job, context) => (job.allocatedTres === null ? '' : tresText(job.allocatedTres, context))),
  integer('user_id', (job) => job.uid),
  text('user_name', (job) => job.user),
  ...since(39, constant('maximum_switch_wait_time', 0)),
  text('wckey', (job) => job.request.wckey ?? ''),
  text('current_working_directory', (job) => job.request.workDir),
];

function pendingTasks({ pendingTasks: tasks, array }: EmulatedJob): string {
  if (tasks === null || array === null) return '';
  return `${spread(tasks)}${array.maxRunning ? `%${array.maxRunning}` : ''}`;
}

/** v0.0.38 and v0.0.39 have one word: the flag that hides the state, as in the commands' text, or the state. */
function stateWord([base = '', ...flags]: readonly string[]): string {
  return flags.find((word) => ['COMPLETING', 'CONFIGURING', 'RESIZING', 'REQUEUED', 'STAGE_OUT', 'SPECIAL_EXIT'].includes(word)) ?? base;
}

function endTime(job: EmulatedJob): number | null {
  if (job.end !== null) return job.end;
  const start = job.start ?? job.expectedStart;
  if (start === null) return null;
  if (job.timeLimit !== 'unlimited') return start + job.timeLimit * 60;
  return start + (job.start === null ? unlimitedMinutes : secondsPerYear);
}

function hetJobSet({ het }: EmulatedJob): string {
  if (het === null) return '';
  return het.size > 1 ? `${het.jobId}-${het.jobId + het.size - 1}` : `${het.jobId}`;
}

/** `shared` and what took its place: exclusive nodes are `none`. 26.05 says it nowhere but in `job_resources.nodes.whole`. */
function shared(job: EmulatedJob, context: JsonContext): Value {
  const word = isWhole(job, context) ? 'none' : job.request.sharing;
  if (context.dialect < 39) return word === 'oversubscribe' ? 'shared' : (word ?? null);
  return word === undefined || context.release >= 2605 ? [] : [word];
}

function showFlags(context: JsonContext): readonly string[] {
  if (context.release >= 2405) return [];
  return context.dialect < 39 ? ['SHOW_ALL', 'SHOW_DETAIL', 'SHOW_LOCAL'] : ['DETAIL', 'LOCAL'];
}

/** Up to 22.05 a job that a signal ended says JobLaunchFailure; later the signal is told in the description. */
function reason(job: EmulatedJob, context: JsonContext): { readonly word: string; readonly description: string } {
  const [word = 'None'] = (job.reason || 'None').split(':', 1);
  if (word !== 'RaisedSignal') return { word, description: job.reasonText };
  if (context.release < 2302) return { word: 'JobLaunchFailure', description: '' };
  return { word, description: job.reasonText || job.reason };
}

/**
 * Patterns as given up to 22.05 and since 25.05, where dialects before v0.0.43 fill them in; half filled in between, when stderr took
 * stdout's place, too.
 */
function path(kind: 'stdout' | 'stderr' | 'stdin', job: EmulatedJob, context: JsonContext): string {
  const of = (one: typeof kind) => outputPaths(one, job.request[one], pathSource(job));
  if (context.release >= 2505 && context.dialect < 43) return of(kind).expanded;
  if (context.release < 2302 || context.release >= 2505) return of(kind).raw;
  return of(kind).half || of('stdout').half;
}

function pathSource(job: EmulatedJob) {
  return { ...job, workDir: job.request.workDir };
}

function memoryPerTres(job: EmulatedJob, context: JsonContext): string {
  const { memoryPerGpuMiB } = job.request;
  return memoryPerGpuMiB === undefined ? '' : tresPer(`gpu:${memoryPerGpuMiB}`, context);
}

/** CPUs of a task stand here since 23.02: with a colon up to 23.11, then with an equals sign. */
function perTask(job: EmulatedJob, context: JsonContext): string {
  const { cpusPerTask, gresPerTask } = job.request;
  const cpus = cpusPerTask === undefined || context.release < 2302 ? [] : [`cpu${context.release < 2405 ? ':' : '='}${cpusPerTask}`];
  return [...cpus, ...(gresPerTask === undefined ? [] : [tresPer(gresPerTask, context)])].join(',');
}

function stepId(job: EmulatedJob): Fields {
  return { sluid: sluid(job.dbIndex), job_id: maybeNumber(job.jobId), step_het_component: none, step_id: 'entire' };
}
