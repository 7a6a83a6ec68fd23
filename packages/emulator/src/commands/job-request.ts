import type { JobRequest } from '../model/job.ts';
import {
  hostValues,
  invalidSpecification,
  memoryValue,
  momentValue,
  nodeCounts,
  numberValue,
  OptionValueError,
  timeLimitValue,
} from './job-option-values.ts';
import type { GivenOption } from './options.ts';
import type { readTimeWords } from './time-words.ts';

/** The part of a request that options can say. */
export type RequestedJob = { -readonly [Key in keyof JobRequest]?: JobRequest[Key] };

interface Reading {
  readonly name: string;
  readonly job: RequestedJob;
  readonly moments: Parameters<typeof readTimeWords>[1];
}

type Reader = (value: string, reading: Reading) => RequestedJob | undefined;

const list = (text: string) => text.split(',').filter((word) => word !== '');
const count =
  (key: 'tasks' | 'tasksPerNode' | 'cpusPerTask' | 'threadsPerCore'): Reader =>
  (value, { name }) => ({ [key]: numberValue(name, value) });
const text =
  (key: keyof RequestedJob): Reader =>
  (value) => ({ [key]: value });
const checkedNumber: Reader = (value, { name }) => {
  numberValue(name, value, { zero: true });
  return undefined;
};

/** What each option says of the job. An option that is not here says nothing that the emulator goes by. */
const readers: Readonly<Record<string, Reader>> = {
  account: text('account'),
  array: (value) => (value === '' ? undefined : { array: value }),
  begin: (value, { moments }) => ({ begin: momentValue('begin', value, moments) }),
  chdir: (value) => ({ workDir: value }),
  comment: text('comment'),
  constraint: text('constraint'),
  'core-spec': checkedNumber,
  'cores-per-socket': checkedNumber,
  'cpus-per-gpu': checkedNumber,
  'cpus-per-task': count('cpusPerTask'),
  deadline: (value, { moments }) => ({ deadline: momentValue('deadline', value, moments) }),
  dependency: text('dependency'),
  error: (value) => ({ stderr: value }),
  exclude: (value) => ({ excludedNodes: hostValues('exclude', value) }),
  exclusive: (value) => {
    if (value === '' || value === 'exclusive') return { sharing: 'exclusive' };
    if (value === 'user') return { sharing: 'user' };
    if (value === 'mcs' || value === 'topo') return { sharing: 'exclusive' };
    throw invalidSpecification('exclusive');
  },
  extra: text('extra'),
  gpus: (value) => ({ gresPerJob: gpus(value) }),
  'gpus-per-node': (value, { job }) => ({ gresPerNode: joined(job.gresPerNode, gpus(value)) }),
  'gpus-per-task': (value) => ({ gresPerTask: gpus(value) }),
  gres: (value, { job }) => ({ gresPerNode: joined(job.gresPerNode, value.replaceAll('gres/', '').replaceAll('gres:', '')) }),
  hint: (value) => {
    if (value === 'nomultithread') return { threadsPerCore: 1 };
    if (['compute_bound', 'memory_bound', 'multithread', 'help'].includes(value)) return undefined;
    throw new OptionValueError(`unrecognized --hint argument "${value}", see --hint=help`, 1);
  },
  hold: () => ({ hold: true }),
  input: (value) => ({ stdin: value }),
  'job-name': text('name'),
  'kill-on-invalid-dep': (value) => {
    if (/^(yes|no)$/i.test(value)) return { killOnInvalidDependency: /^yes$/i.test(value) };
    throw invalidSpecification('kill-on-invalid-dep');
  },
  licenses: text('licenses'),
  'mail-type': (value) => {
    if (list(value).every((word) => mailTypes.test(word))) return undefined;
    throw invalidSpecification('mail-type');
  },
  'mail-user': text('mailUser'),
  mem: (value) => ({ memoryPerNodeMiB: memoryValue('mem', value) }),
  'mem-per-cpu': (value) => ({ memoryPerCpuMiB: memoryValue('mem-per-cpu', value) }),
  'mem-per-gpu': (value) => ({ memoryPerGpuMiB: memoryValue('mem-per-gpu', value) }),
  mincpus: checkedNumber,
  nice: (value) => ({ nice: value === '' ? 100 : Number.parseInt(value, 10) || 0 }),
  'no-requeue': () => ({ requeue: false }),
  nodelist: (value) => ({ requiredNodes: hostValues('nodelist', value) }),
  nodes: (value) => {
    const { min, max } = nodeCounts(value);
    return { minNodes: min, maxNodes: max ?? min };
  },
  ntasks: count('tasks'),
  'ntasks-per-core': checkedNumber,
  'ntasks-per-gpu': checkedNumber,
  'ntasks-per-node': count('tasksPerNode'),
  'ntasks-per-socket': checkedNumber,
  'ntasks-per-tres': checkedNumber,
  'open-mode': (value) => {
    if (/^a/i.test(value)) return { openMode: 'append' };
    if (/^t/i.test(value)) return { openMode: 'truncate' };
    throw invalidSpecification('open-mode');
  },
  output: (value) => ({ stdout: value }),
  oversubscribe: () => ({ sharing: 'oversubscribe' }),
  partition: (value) => ({ partitions: list(value) }),
  priority: (value) => {
    if (/^top$/i.test(value)) return undefined;
    if (/^\d{1,10}$/.test(value)) return { priority: Number(value) };
    throw invalidSpecification('priority');
  },
  qos: text('qos'),
  requeue: () => ({ requeue: true }),
  reservation: text('reservation'),
  signal: (value) => {
    if (/^(?:[BR]{1,2}:)?(?:\d+|(?:SIG)?[A-Z]+[12]?)(?:@\d+)?$/i.test(value) && !/^foo/i.test(value)) return undefined;
    throw invalidSpecification('signal');
  },
  'sockets-per-node': checkedNumber,
  switches: (value) => {
    if (!/^\d+(@.+)?$/.test(value)) throw new OptionValueError(`Invalid numeric value "${value}" for --switches.`, 1);
    return undefined;
  },
  'thread-spec': checkedNumber,
  'threads-per-core': count('threadsPerCore'),
  time: (value) => ({ timeLimit: timeLimitValue('time', value) }),
  wckey: text('wckey'),
};

const mailTypes =
  /^(NONE|BEGIN|END|FAIL|REQUEUE|ALL|STAGE_OUT|TIME_LIMIT|TIME_LIMIT_90|TIME_LIMIT_80|TIME_LIMIT_50|ARRAY_TASKS|INVALID_DEPEND)$/i;

/** Reads options into a request; of those that say the same thing the last one counts. Throws {@link OptionValueError}. */
export function readJobOptions(options: readonly GivenOption[], moments: Reading['moments']): RequestedJob {
  const job: RequestedJob = {};
  for (const { name, value } of options) {
    const said = Object.hasOwn(readers, name) ? readers[name]?.(value ?? '', { name, job, moments }) : undefined;
    if (said === undefined) continue;
    // Three ways to say one thing.
    if (said.memoryPerNodeMiB !== undefined || said.memoryPerCpuMiB !== undefined || said.memoryPerGpuMiB !== undefined) {
      delete job.memoryPerNodeMiB;
      delete job.memoryPerCpuMiB;
      delete job.memoryPerGpuMiB;
    }
    Object.assign(job, said);
  }
  return job;
}

/** `2`, `a100:2` as gres; the types of several parts are parts of their own. */
function gpus(value: string): string {
  return list(value)
    .map((part) => `gpu:${part}`)
    .join(',');
}

function joined(before: string | undefined, value: string): string {
  return before === undefined || before === '' ? value : `${before},${value}`;
}
