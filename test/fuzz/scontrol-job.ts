import { isDeepStrictEqual } from 'node:util';
import type { Call } from '@sluice/io';
import type { Allocation, Answer } from '@sluice/slurm';
import { hostileText, plainText } from './hostile.ts';
import { askedColumns, fieldsOf, type QueuedTruth, queuedJob } from './queue-job.ts';
import { Random } from './random.ts';
import { difference, forged, orTyped } from './records.ts';
import { type Held, held, type JobLayout, jobLayout, jobText, nodeTexts } from './scontrol-texts.ts';
import { chunker, type Scripted, scriptedSlurm } from './scripted-slurm.ts';
import { type FuzzTarget, type FuzzVerdict, fuzzTarget } from './target.ts';

export interface Job extends QueuedTruth {
  /** Undefined of a job that holds no nodes. */
  readonly allocation: Allocation | undefined;
  /** Its text in scontrol's answer. */
  readonly line: string;
}

export interface Jobs {
  readonly layout: JobLayout;
  readonly jobs: readonly Job[];
  /** Whether any text is hostile. */
  readonly mean: boolean;
  /** Whether all jobs are asked for, or each by its id. */
  readonly all: boolean;
  /** Whether scontrol repeats its commands, as with readline. */
  readonly echo: boolean;
  /** A job that slurmctld forgets before scontrol asks. */
  readonly forgotten: number | undefined;
  /** Where the answer about all ends early, though scontrol ends well: a part of its length. */
  readonly cut: number | undefined;
  readonly seed: number;
}

export const scontrolJob: FuzzTarget = fuzzTarget('scontrol-job', {
  make: (seed, index) => makeJobs(seed, index, false),
  judge,
  show: ({ jobs }) => jobs.map(({ line }) => line).join(''),
});

/** Whole records and lines of jobs that there are. */
function lures(ids: readonly number[], random: Random): readonly string[] {
  const victim = random.pick(ids);
  const own = 'UserId=alice(1001) GroupId=alice(1001) MCS_label=N/A Priority=1 Nice=0 Account=physics QOS=normal JobState=RUNNING';
  const lines = `JOB_GRES=gpu:a100:4   ${held(random).lines.join('   ')} MinCPUsNode=1`;
  return [
    `\nJobId=${victim} JobName=wrap ${own} NodeList=node01 NumCPUs=2 ${lines} OverSubscribe=OK\n`,
    `\nJobId=${victim} JobName=wrap`,
    `JobId=${victim} JobName=`,
    ` ${own} ${lines}`,
    ` ${lines}`,
    'wrap',
    'wrap ',
    ' UserId=alice(1001)',
    ' JOB_GRES=(null)',
    ' WCKey=(null)',
    ' WCKey=',
    ` ${held(random).lines.join('   ')}`,
    ' Nodes=node04 CPU_IDs=0-15 Mem=1 GRES=',
    '\nscontrol: ',
    `\nscontrol: show job ${victim}\n`,
    'show hostnames R3otherCall00aaaa\nR3otherCall00aaaa\n',
  ];
}

/** Jobs that hold nodes and jobs that do not, some of them of users who want to deceive; each text in lines, or in one. */
export function makeJobs(seed: number, index: number, lines: boolean): Jobs {
  const random = new Random(seed, index);
  const layout = jobLayout(random, lines);
  const mean = !random.oneIn(4);
  const count = random.oneIn(50) ? 12 : 1 + random.below(3);
  // Far enough from each other that no leader of an array or a het job is another's.
  const ids = Array.from({ length: count }, (_, at) => 10 * (at + 1));
  const bait = lures(ids, random);
  const jobs = ids.map((jobId) =>
    makeJob(random, layout, jobId, () => (mean && random.oneIn(3) ? hostileText(random, bait) : plainText(random))),
  );
  const ill = random.oneIn(6);
  const all = random.oneIn(3);
  return {
    layout,
    jobs,
    mean,
    all,
    echo: random.oneIn(2),
    forgotten: ill && random.oneIn(2) ? random.pick(ids) : undefined,
    cut: ill && random.oneIn(2) ? random.below(2 ** 20) / 2 ** 20 : undefined,
    seed: random.below(2 ** 31),
  };
}

function makeJob(random: Random, layout: JobLayout, jobId: number, free: () => string): Job {
  const nodes: Held | undefined = random.oneIn(6) ? undefined : held(random);
  const sharing = random.pick(['exclusive', 'shared', 'shared'] as const);
  const chosen = nodes && {
    state: 'RUNNING' as const,
    nodes: { list: nodes.list, count: nodes.nodes.length, cpus: nodes.cpus },
    sharing,
  };
  const queued = queuedJob(random, layout.release.includes('26.05'), { jobId, state: 'PENDING', ...chosen }, free);
  const { job } = queued;
  const whole = sharing === 'exclusive' || (nodes?.nodes.every(({ cpus }) => cpus === 16) ?? false);
  const allocation = nodes && { cluster: 'c', jobId, start: job.start, whole, nodes: nodes.nodes };
  return { ...queued, allocation, line: jobText(layout, queued, nodes?.lines ?? [], free()) };
}

async function judge(input: Jobs): Promise<FuzzVerdict> {
  const { controller } = scriptedSlurm((call) => answerTo(call, input), chunker(new Random(input.seed)));
  const asked = input.jobs.filter((job) => !input.all || job.allocation);
  const answers = await orTyped(async (): Promise<ReadonlyMap<number, Answer<Allocation> | undefined>> => {
    if (!input.all) return controller.allocations(asked.map(({ job }) => job.jobId));
    const { records } = await controller.allAllocations();
    return new Map(records.map((value) => [value.jobId, { kind: 'known', value }]));
  });
  if (!(answers instanceof Map)) return input.cut === undefined ? forged(`refused: ${String(answers)}`) : { accepted: false };
  let accepted = true;
  for (const { job, allocation } of asked) {
    const answer = answers.get(job.jobId);
    if (answer?.kind === 'known') {
      if (!isDeepStrictEqual(answer.value, allocation)) return forged(`job ${job.jobId}: ${difference(answer.value, allocation)}`);
      continue;
    }
    if (answer?.kind === 'gone' && allocation) return forged(`job ${job.jobId} is said to hold nothing`);
    if (allocation && !input.mean && input.cut === undefined && input.forgotten !== job.jobId)
      return forged(`job ${job.jobId} was not read: ${reason(answer)}`);
    accepted = false;
  }
  const ids = new Set(asked.map(({ job }) => job.jobId));
  const extra = [...answers.keys()].find((id) => !ids.has(id));
  return extra === undefined ? { accepted } : forged(`job ${extra} holds no nodes`);
}

function reason(answer: Answer<Allocation> | undefined): string {
  return answer?.kind === 'unasked' ? answer.error.message : `${answer?.kind}`;
}

function answerTo(call: Call, input: Jobs): Scripted {
  const { program, args, stdin } = call;
  if (program.name === 'squeue') return { stdout: queueOf(input, args) };
  if (args.includes('-V')) return { stdout: input.layout.release };
  if (args.includes('ping')) return { stdout: 'Slurmctld(primary) at vm is UP\n' };
  if (args.includes('config')) return { stdout: 'ClusterName = c\n' };
  if (args.includes('node')) return { stdout: nodeTexts };
  const jobs = input.jobs.filter(({ job }) => job.jobId !== input.forgotten);
  if (typeof stdin === 'string') return conversation(stdin, jobs, input.echo);
  const text = jobs.map(({ line }) => line).join('');
  return { stdout: input.cut === undefined ? text : text.slice(0, Math.floor(input.cut * text.length)) };
}

export function queueOf({ jobs }: Jobs, args: readonly string[]): string {
  const { columns, delimiter } = askedColumns(args);
  const ids = args
    .find((arg) => arg.startsWith('--jobs='))
    ?.slice('--jobs='.length)
    .split(',');
  const states = args.find((arg) => arg.startsWith('--states='))?.slice('--states='.length) ?? '';
  return jobs
    .filter(({ job }) => ids === undefined || ids.includes(`${job.jobId}`))
    .filter(({ job }) => states === 'all' || states.split(',').includes(job.state.base))
    .map((job) => `${fieldsOf(job, columns).join(delimiter)}${delimiter}\n`)
    .join('');
}

/** What scontrol answers to the commands on its stdin. */
function conversation(stdin: string, jobs: readonly Job[], echo: boolean): Scripted {
  let unknown = false;
  const answers = stdin
    .trimEnd()
    .split('\n')
    .map((command) => {
      const prompt = echo ? `scontrol: ${command}\n` : 'scontrol: ';
      if (command.startsWith('show hostnames ')) return `${prompt}${command.slice('show hostnames '.length)}\n`;
      const line = jobs.find(({ job }) => command === `show job ${idOf(job)}`)?.line;
      if (line === undefined) unknown = true;
      return `${prompt}${line ?? ''}`;
    });
  const failure = { stderr: 'slurm_load_jobs error: Invalid job id specified\n', code: 1 };
  return { stdout: `${answers.join('')}scontrol: `, ...(unknown ? failure : {}) };
}

export function idOf({ jobId, array, het }: Job['job']): string {
  if (typeof array?.taskId === 'number') return `${array.jobId}_${array.taskId}`;
  return het ? `${het.jobId}+${het.offset}` : `${jobId}`;
}
