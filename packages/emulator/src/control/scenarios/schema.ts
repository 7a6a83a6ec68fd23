import { described, secondsSchema } from '@sluice/service';
import * as z from 'zod';

const name = z.string().regex(/^[^\s,=/'"\\]{1,255}$/, { error: 'a name without blanks, commas and slashes' });
const count = z.number().int({ error: 'a whole number' });
const amount = z.number().min(0);
const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?$/, { error: 'a moment such as 2024-04-01 or 2024-04-01T12:00:00' });
const tres = z.record(z.string(), z.number());
const limit = z.record(z.string(), z.number().nullable());
const pattern = z.string().refine(isPattern, { error: 'a regular expression' });

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}

const limits = z.strictObject({
  GrpTRESMins: described(limit.optional(), {
    description: 'Minutes of resources that the account may use in all; null takes a limit away.',
  }),
  MaxTRESMins: described(limit.optional(), { description: 'Minutes of resources that one job may take.' }),
  GrpTRES: described(limit.optional(), { description: 'Resources that the account may hold at a time.' }),
});

const cluster = z.strictObject({
  release: described(z.union([z.string(), z.number()]).transform(String).optional(), {
    description: 'Release of Slurm; 24.11 by default.',
  }),
  nodes: described(count.min(1).max(10_000).optional(), { description: 'Nodes, all alike, in the one partition; 16 by default.' }),
  cpus: described(count.min(1).max(1024).optional(), { description: 'CPUs of a node; 64 by default.' }),
  memory: described(count.min(1).optional(), { description: 'Memory of a node; 524288 by default.', unit: 'MiB' }),
  gpus: described(count.min(0).max(64).optional(), { description: 'GPUs of a node; 4 by default.' }),
  'half-life': described(z.number().min(0).max(3650).optional(), {
    description: 'PriorityDecayHalfLife; 15 by default; 0: usage does not decay.',
    unit: 'days',
  }),
  billing: described(tres.optional(), {
    description: 'TRESBillingWeights, memory per GiB. With `node: 1`, the default, a node-hour is 60 billing minutes.',
  }),
  settings: described(z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).optional(), {
    description: 'Further settings by the names of slurm.conf(5).',
  }),
});

const account = z.strictObject({
  name,
  parent: name.optional(),
  allocation: described(amount.optional(), { description: 'What it may use in a period; 1000 until it is set.', unit: 'node-hours' }),
  period: described(z.enum(['month', 'quarter', 'total']).optional(), {
    description: 'For how long the allocation is; a quarter until it is set.',
  }),
  grace: described(z.number().min(0).max(10).optional(), { description: 'How far beyond it may go: 0.2 (until it is set) is 20 %.' }),
  fairshare: count.min(0).optional(),
  limits: limits.optional(),
});

const time = z.strictObject({
  set: date.optional(),
  seconds: secondsSchema().optional(),
  days: count.min(0).optional(),
  months: count.min(0).optional(),
  quarters: count.min(0).optional(),
});

const usage = z.strictObject({
  account: name,
  user: name.default('ada'),
  'node-hours': described(amount.optional(), { description: 'Hours of a whole node.' }),
  minutes: described(tres.optional(), { description: 'Minutes of resources by their names.' }),
  days: described(count.min(1).max(3660).optional(), { description: 'Spread over so many days, which pass; at once without.' }),
  pattern: described(z.enum(['steady', 'bursty', 'end_of_period']).default('steady'), {
    description: 'How it is spread over the days: alike, on every fifth day, or 80 % of it in their last fifth.',
  }),
});

const submit = z.strictObject({
  user: name.default('ada'),
  account: name,
  name: described(name.optional(), { description: 'By which expectations and `cancel` find the jobs.' }),
  jobs: described(count.min(1).max(10_000).default(1), { description: 'How many of them.' }),
  nodes: described(count.min(1).default(1), { description: 'Nodes of each.' }),
  cpus: described(count.min(1).optional(), { description: 'CPUs on each node; all by default.' }),
  gpus: described(count.min(0).default(0), { description: 'GPUs on each node.' }),
  run: described(secondsSchema().default(60), { description: 'How long it runs.' }),
  limit: described(secondsSchema().optional(), { description: 'Its time limit; a minute longer than it runs by default.' }),
  exit: described(count.min(0).max(255).default(0), { description: 'Its exit code.' }),
  end: described(z.enum(['OUT_OF_MEMORY', 'BOOT_FAIL']).optional(), {
    description: 'An end that is none of its own: its memory is used up, or its nodes do not boot.',
  }),
  qos: name.optional(),
  refused: described(pattern.optional(), { description: 'What Slurm says as it refuses the job.' }),
});

const command = z.strictObject({
  run: described(z.string(), { description: 'One of Slurm’s commands with its words, quoted as for a shell.' }),
  as: described(name.default('root'), { description: 'Who calls it.' }),
  exit: described(count.min(0).max(255).default(0), { description: 'The exit code that is expected.' }),
  stdout: described(pattern.optional(), { description: 'Regular expression that stdout must match; ^ and $ are those of a line.' }),
  stderr: pattern.optional(),
});

const policy = z.strictObject({
  account: name,
  action: described(z.enum(['transition', 'thresholds']), {
    description:
      '`transition`: a new period has begun: what is carried over, fair share, GrpTRESMins, QOS normal. `thresholds`: the QOS that the usage of this period asks for.',
  }),
  allocation: described(amount.optional(), { description: 'The new period’s, before what is carried over.', unit: 'node-hours' }),
  carryover: described(z.enum(['decay', 'share', 'none']).default('decay'), {
    description: '`decay`: what decayed usage leaves of the allocation; `share`: what was not used, up to `percent` of it.',
  }),
  percent: z.number().min(0).max(100).default(15),
  days: described(amount.default(90), { description: 'How long the usage of the earlier period has decayed.' }),
  'half-life': described(z.number().min(0).optional(), { description: 'The policy’s; the cluster’s by default.', unit: 'days' }),
  limit: described(z.enum(['allocation', 'grace']).default('allocation'), {
    description: 'What GrpTRESMins is set to: the allocation with what is carried over, or that with its grace.',
  }),
  'reset-raw-usage': z.boolean().default(false),
});

const figure = z.number();

const jobs = z.strictObject({
  name: name.optional(),
  user: name.optional(),
  account: name.optional(),
  state: z.string().optional(),
  reason: described(z.string().optional(), { description: 'Why they wait, in Slurm’s word.' }),
  count: described(count.min(0), { description: 'How many there are.' }),
});

/** What of an expectation is about an account. */
const ofAccount = ['used', 'decayed', 'raw-minutes', 'fairshare', 'limits', 'qos', 'level', 'percent', 'policy'] as const;

const expect = z
  .strictObject({
    account: name.optional(),
    used: described(figure.optional(), { description: 'Of this period, in accounting.', unit: 'node-hours' }),
    decayed: described(figure.optional(), { description: 'What Slurm counts against share and limits.', unit: 'node-hours' }),
    'raw-minutes': described(tres.optional(), { description: 'The same by resource.', unit: 'minutes' }),
    fairshare: figure.optional(),
    limits: limits.optional(),
    qos: name.optional(),
    level: z.enum(['normal', 'slowdown', 'blocked']).optional(),
    percent: described(figure.optional(), { description: 'Usage of this period in per cent of the allocation.' }),
    policy: described(
      z
        .strictObject({
          previous: figure.optional(),
          'decay-factor': figure.optional(),
          effective: figure.optional(),
          unused: figure.optional(),
          total: figure.optional(),
          fairshare: figure.optional(),
          minutes: figure.optional(),
          'minutes-with-grace': figure.optional(),
        })
        .optional(),
      { description: 'Figures of the account’s last transition.' },
    ),
    jobs: described(z.array(jobs).optional(), { description: 'Jobs of this scenario.' }),
    time: date.optional(),
    quarter: z.string().optional(),
    tolerance: described(amount.default(0.01), { description: 'How far node-hours, minutes and per cent may be off.' }),
  })
  .superRefine((value, context) => {
    const about = ofAccount.filter((key) => value[key] !== undefined);
    if (about.length > 0 && value.account === undefined)
      context.addIssue({ code: 'custom', message: `account is missing: of which one is ${about.join(', ')} expected?` });
    if (about.length === 0 && value.jobs === undefined && value.time === undefined && value.quarter === undefined)
      context.addIssue({ code: 'custom', message: 'something that is expected' });
  });

/** The actions by the key that names them. */
const actions = {
  account: described(account.optional(), { description: 'Makes an account, or changes one.' }),
  user: described(z.strictObject({ name, account: name }).optional(), { description: 'Lets a user use an account.' }),
  time: described(time.optional(), { description: 'Moves the clock on, by the calendar, or to a moment.' }),
  usage: described(usage.optional(), { description: 'Usage as if jobs had made it.' }),
  submit: described(submit.optional(), { description: 'Submits jobs, and lets 5 seconds pass, so that the scheduler has looked at them.' }),
  cancel: described(z.strictObject({ name }).optional(), { description: 'Cancels the jobs of that name.' }),
  qos: described(z.strictObject({ account: name, set: name }).optional(), { description: 'Sets the only QOS of an account.' }),
  command: described(command.optional(), { description: 'Runs one of Slurm’s commands.' }),
  policy: described(policy.optional(), { description: 'What a policy of periodic limits does.' }),
  expect: described(expect.optional(), { description: 'What must be so.' }),
} as const;

const action = z
  .strictObject({
    ...actions,
    only: described(z.string().optional(), { description: 'The variant in which it is done; in all without.' }),
  })
  .superRefine((value, context) => {
    const given = Object.keys(actions).filter((key) => value[key as keyof typeof actions] !== undefined);
    if (given.length !== 1) {
      context.addIssue({
        code: 'custom',
        message: `one action of ${Object.keys(actions).join(', ')}${given.length > 1 ? `, not ${given.join(' and ')}` : ''}`,
      });
    }
  });

/** A scenario as its file has it. */
export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[\w-]{1,64}$/, { error: 'a name of letters, digits, _ and -' }),
  title: described(z.string(), { description: 'One line.' }),
  description: z.string().default(''),
  concepts: described(z.array(z.string()).default([]), { description: 'What it is about, in words to look for.' }),
  start: described(date.default('2024-01-01'), { description: 'When it begins, UTC.' }),
  cluster: cluster.optional(),
  variants: described(z.record(z.string().regex(/^[\w-]+$/), cluster).optional(), {
    description: 'Clusters that differ from `cluster` in what stands here; the steps are run on each.',
  }),
  steps: z.array(z.strictObject({ title: z.string(), do: z.array(action).min(1) })).min(1),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioCluster = z.output<typeof cluster>;
export type Action = z.output<typeof action>;
export type AccountAction = z.output<typeof account>;
export type UsageAction = z.output<typeof usage>;
export type SubmitAction = z.output<typeof submit>;
export type CommandAction = z.output<typeof command>;
export type PolicyAction = z.output<typeof policy>;
export type Expectation = z.output<typeof expect>;
