import type { LabUser } from '../lab/lab.ts';
import type { Choices } from './random.ts';

/** What is done to a job, by whom, and how many milliseconds after it was submitted or seen running. */
export interface Deed {
  readonly after: 'submitted' | 'running';
  readonly waitMs: number;
  readonly command: 'scancel' | 'scontrol';
  /** `{id}` is the job's id. */
  readonly args: readonly string[];
  readonly user?: LabUser;
}

export interface PlannedJob {
  readonly kind: string;
  readonly user: 'alice' | 'bob';
  readonly args: readonly string[];
  readonly script: string | Uint8Array;
  readonly deeds: readonly Deed[];
  /** How many jobs of accounting it comes to, about. */
  readonly size: number;
  readonly name: string;
}

/** Where the jobs' scripts leave what Slurm says of them while they run. */
export const allocationsDir = 'allocations';

/**
 * The script notes by itself what it holds: nobody is quicker. Of a het job it notes all components. The start tells the
 * runs of a requeued job apart.
 */
const note = [
  'export SLURM_TIME_FORMAT=%s',
  `note="$PWD/${allocationsDir}/$SLURM_JOB_ID.$SLURM_RESTART_COUNT.$$"`,
  'timeout 8 scontrol -d show job "$SLURM_JOB_ID" >"$note.tmp" 2>/dev/null && mv "$note.tmp" "$note"',
].join('\n');
const sh = (body: string) => `#!/bin/bash\n${note}\n${body}\n`;

const oddNames = [
  'a|b|c "quoted" \'single\' <&> $HOME `id`',
  'two\nlines JobId=1 JobName=forged',
  'x UserId=root(0) JobState=COMPLETED\n\nJobId=1 JobName=forged\n   UserId=root(0)\n     Nodes=node01 CPU_IDs=0-15 Mem=0 GRES=',
  'ünïcödé ☃ 日本語 \u{1f680}',
  '\ttabs\tand  blanks ',
  'control\x01\x1f\x1b[31m\x7f',
  'back\\slash %j \\n',
  '{"json": [1, null]}',
  'N/A',
];

type Make = (choices: Choices) => Omit<PlannedJob, 'kind' | 'name' | 'size'> & { readonly size?: number; readonly name?: string };

const user = (choices: Choices) => choices.one(['alice', 'bob'] as const);
const seconds = (choices: Choices) => (choices.number() * 4).toFixed(1);

/** A job that ends by itself. */
const plain =
  (args: readonly string[] | ((choices: Choices) => readonly string[]), body: (choices: Choices) => string): Make =>
  (choices) => ({
    user: user(choices),
    args: typeof args === 'function' ? args(choices) : args,
    script: sh(body(choices)),
    deeds: [],
  });
const sleeps = (choices: Choices) => `sleep ${seconds(choices)}`;
const cancel = (choices: Choices): Deed => ({ after: 'running', waitMs: choices.between(0, 3000), command: 'scancel', args: ['{id}'] });

/** Every kind of job that the lab can run, by its name. */
export const kinds = {
  done: plain((choices) => ['-n', String(choices.between(1, 6))], sleeps),
  quick: plain(['-n1'], () => 'true'),
  twoNodes: plain(['-N2', '-n3'], sleeps),
  failed: plain(['-n1'], (choices) => `sleep ${seconds(choices)}; exit ${choices.between(1, 255)}`),
  signalled: plain(['-n1'], (choices) => `sleep ${seconds(choices)}; kill -${choices.one(['SEGV', 'KILL', 'TERM', 'ABRT'])} $$`),
  badOutput: (choices) => ({ user: user(choices), args: ['-n1', '-o', '/nonexistent/x'], script: sh('true'), deeds: [] }),
  cancelled: (choices) => ({ user: user(choices), args: ['-n2'], script: sh('sleep 900'), deeds: [cancel(choices)] }),
  cancelledHeld: (choices) => ({
    user: user(choices),
    args: ['-n1', '-H'],
    script: sh('true'),
    deeds: [{ after: 'submitted', waitMs: choices.between(0, 4000), command: 'scancel', args: ['{id}'] }],
  }),
  cancelledBegin: (choices) => ({
    user: user(choices),
    args: ['-n1', '--begin=now+2hours'],
    script: sh('true'),
    deeds: [{ after: 'submitted', waitMs: choices.between(0, 4000), command: 'scancel', args: ['{id}'] }],
  }),
  /** May be cancelled before, at or after its start. */
  cancelledSomewhen: (choices) => ({
    user: user(choices),
    args: ['-n1'],
    script: sh('sleep 900'),
    deeds: [{ after: 'submitted', waitMs: choices.between(0, 1500), command: 'scancel', args: ['{id}'] }],
  }),
  array: (choices) => ({
    user: user(choices),
    args: ['-n1', `--array=0-4%${choices.between(1, 3)}`],
    script: sh(`sleep 0.$((RANDOM % 10)); [ "$SLURM_ARRAY_TASK_ID" != 2 ]`),
    deeds: [{ after: 'submitted', waitMs: choices.between(0, 4000), command: 'scancel', args: ['{id}_4'] }],
    size: 5,
  }),
  burst: (choices) => ({ user: user(choices), args: ['-n1', '--array=1-10'], script: sh('sleep 0'), deeds: [], size: 10 }),
  het: (choices) => ({
    user: user(choices),
    // Options of the command line would hold for both components.
    args: [],
    script: `#!/bin/bash\n#SBATCH --partition=cpu --ntasks=2 --mem=1G\n#SBATCH hetjob\n#SBATCH --partition=gpu --gres=gpu:a100:1 --ntasks=1 --mem=1G\n${note}\nsleep ${seconds(choices)}\n`,
    deeds: [],
    size: 2,
  }),
  requeued: (choices) => ({
    user: user(choices),
    args: ['-n2', '--requeue'],
    script: sh('[ -z "$SLURM_RESTART_COUNT" ] || { sleep 1; exit 0; }\nsleep 900'),
    deeds: [{ after: 'running', waitMs: choices.between(1000, 3000), command: 'scontrol', args: ['requeue', '{id}'] }],
    size: 2,
  }),
  resized: (choices) => ({
    user: user(choices),
    args: ['-N2', '-n2', '-p', 'shared'],
    script: sh('sleep 900'),
    deeds: [
      { after: 'running', waitMs: choices.between(1500, 2500), command: 'scontrol', args: ['update', 'jobid={id}', 'numnodes=1'] },
      { after: 'running', waitMs: choices.between(4000, 7000), command: 'scancel', args: ['{id}'] },
    ],
  }),
  oneGpu: plain(['-p', 'gpu', '--gres=gpu:a100:1', '-n1'], sleeps),
  twoGpus: plain(['-p', 'gpu', '--gpus=2', '-N1', '-n2'], sleeps),
  gpusOnTwoNodes: plain(['-p', 'gpu', '-N2', '--gpus-per-node=1', '--ntasks-per-node=1'], sleeps),
  exclusive: plain(['-N1', '--exclusive', '--mem=0'], sleeps),
  exclusiveGpus: plain(['-p', 'gpu', '-N1', '--exclusive', '--gres=gpu:4', '--mem=0'], sleeps),
  allCpus: plain(['-N1', '-n16', '--mem-per-cpu=500'], sleeps),
  exclusiveUser: plain(['-n2', '--exclusive=user'], sleeps),
  oversubscribed: plain(['-p', 'shared', '-n4', '--oversubscribe', '--mem=1G'], sleeps),
  severalPartitions: plain(['-p', 'cpu,shared', '-n2'], sleeps),
  noMultithread: plain(['-n1', '-c2', '--hint=nomultithread'], sleeps),
  odd: (choices) => {
    const name = choices.one(oddNames);
    return { user: user(choices), args: ['-n1', `--comment=a|b "c"\n${name}`], script: sh(sleeps(choices)), deeds: [], name };
  },
  notUtf8: (choices) => ({
    user: user(choices),
    args: ['-n1'],
    script: Buffer.from(`#!/bin/bash\n#SBATCH --job-name=bad\xffname\n# \xe9\xff\n${note}\n${sleeps(choices)}\n`, 'latin1'),
    deeds: [],
    name: '',
  }),
  suspended: (choices) => ({
    user: user(choices),
    args: ['-n1'],
    script: sh('sleep 4'),
    deeds: [
      { after: 'running', waitMs: 500, command: 'scontrol', args: ['suspend', '{id}'] },
      { after: 'running', waitMs: choices.between(2500, 5000), command: 'scontrol', args: ['resume', '{id}'] },
    ],
  }),
  nodeFail: (choices) => ({
    user: user(choices),
    args: ['-w', 'node04', '-n1', choices.one(['--requeue', '--no-requeue'])],
    script: sh('[ -z "$SLURM_RESTART_COUNT" ] || exit 0\nsleep 900'),
    deeds: [
      { after: 'running', waitMs: 1500, command: 'scontrol', args: ['update', 'nodename=node04', 'state=down', 'reason=lab: "fails" |'] },
      { after: 'running', waitMs: 3000, command: 'scontrol', args: ['update', 'nodename=node04', 'state=resume'] },
      { after: 'running', waitMs: 12_000, command: 'scancel', args: ['{id}'] },
    ],
  }),
  timedOut: (choices) => ({ user: user(choices), args: ['-n1', '-t', '1'], script: sh('sleep 900'), deeds: [] }),
} as const satisfies Readonly<Record<string, Make>>;

export type Kind = keyof typeof kinds;

/** How often each kind comes in a mix; a kind that is not here comes once a round. */
const frequent: Partial<Record<Kind, number>> = { done: 4, quick: 3, cancelled: 2, oneGpu: 2, odd: 2, requeued: 2, failed: 2 };

/**
 * A mix of about so many jobs: every kind at least once, then as often as `frequent` says. `slow` kinds, that take more
 * than a minute or a node from others, come with one in every hundred jobs.
 */
export function planMix(count: number, choices: Choices, without: readonly Kind[] = []): readonly PlannedJob[] {
  const slow: readonly Kind[] = ['timedOut', 'nodeFail'];
  const all = (Object.keys(kinds) as Kind[]).filter((kind) => !without.includes(kind));
  const often = all.filter((kind) => !slow.includes(kind));
  const pool = often.flatMap((kind) => Array.from({ length: frequent[kind] ?? 1 }, () => kind));
  const chosen: Kind[] = [];
  let size = 0;
  const take = (kind: Kind) => {
    chosen.push(kind);
    size += kind === 'burst' ? 10 : kind === 'array' ? 5 : 1;
  };
  for (const kind of slow.filter((one) => all.includes(one))) for (let n = 0; n < Math.max(1, count / 100); n++) take(kind);
  for (const kind of often) take(kind);
  while (size < count) take(choices.one(pool));
  // What takes longest begins first.
  const [first, rest] = [chosen.filter((kind) => kind === 'timedOut'), chosen.filter((kind) => kind !== 'timedOut')];
  return [...first, ...choices.shuffled(rest)].map((kind, index) => plan(kind, index, choices));
}

function plan(kind: Kind, index: number, choices: Choices): PlannedJob {
  const made: ReturnType<Make> = kinds[kind](choices);
  const name = made.name ?? `${kind}-${index}`;
  const output = made.args.includes('-o') ? [] : ['-o', '/dev/null'];
  const named = name === '' ? [] : ['-J', name];
  const limit = made.args.includes('-t') ? [] : ['-t', '20'];
  return { size: 1, ...made, kind, name, args: [...named, ...output, ...limit, ...made.args] };
}
