import { SlurmError } from '../../model/slurmctld.ts';
import { applySettings, ensureAccount, ensureUser, identityOf, knownAccount, root, setQos } from '../administer.ts';
import { dateText, later, parseDate } from '../calendar.ts';
import { applyThresholds, transition } from '../policy-actions.ts';
import { injectUsage } from '../usage.ts';
import { dailyShares } from '../usage-pattern.ts';
import { checkExpectation } from './expectations.ts';
import { runCommand } from './run-command.ts';
import { type ActionReport, did, figureText, type ScenarioWorld } from './scenario-world.ts';
import type { AccountAction, Action, PolicyAction, SubmitAction, UsageAction } from './schema.ts';

/** Does one action. Errors: SlurmError and `data.invalid` or `slurm.unknown` for what cannot be done. */
export async function act(world: ScenarioWorld, action: Action): Promise<readonly ActionReport[]> {
  const { slurm } = world;
  if (action.account !== undefined) return changeAccount(world, action.account);
  if (action.user !== undefined) {
    ensureUser(slurm, action.user.account, action.user.name);
    return did(`user ${action.user.name} may use ${action.user.account}`);
  }
  if (action.time !== undefined) return moveTime(world, action.time);
  if (action.usage !== undefined) return use(world, action.usage);
  if (action.submit !== undefined) return submit(world, action.submit);
  if (action.cancel !== undefined) return cancel(world, action.cancel.name);
  if (action.qos !== undefined) {
    setQos(slurm, action.qos.account, action.qos.set);
    return did(`QOS of ${action.qos.account} is ${action.qos.set}`);
  }
  if (action.command !== undefined) return runCommand(world, action.command);
  if (action.policy !== undefined) return policy(world, action.policy);
  return action.expect === undefined ? [] : checkExpectation(world, action.expect);
}

function changeAccount({ slurm, books }: ScenarioWorld, action: AccountAction): readonly ActionReport[] {
  const { name, parent, allocation, grace, period, fairshare, limits } = action;
  const made = ensureAccount(slurm, { name, ...(parent === undefined ? {} : { parent }) });
  books.set(name, {
    ...(allocation === undefined ? {} : { allocation }),
    ...(grace === undefined ? {} : { graceRatio: grace }),
    ...(period === undefined ? {} : { period }),
  });
  applySettings(slurm, name, {
    ...(fairshare === undefined ? {} : { fairshare }),
    ...(limits?.GrpTRESMins === undefined ? {} : { grpTresMins: limits.GrpTRESMins }),
    ...(limits?.MaxTRESMins === undefined ? {} : { maxTresMins: limits.MaxTRESMins }),
    ...(limits?.GrpTRES === undefined ? {} : { grpTres: limits.GrpTRES }),
  });
  const words = [
    ...(allocation === undefined
      ? []
      : [`${figureText(allocation)} node-hours${period === 'total' ? ' in all' : ` a ${period ?? 'period'}`}`]),
    ...(grace === undefined ? [] : [`grace ${figureText(grace * 100)} %`]),
    ...(fairshare === undefined ? [] : [`fair share ${fairshare}`]),
    ...Object.entries(limits ?? {}).map(([limit, amounts]) => `${limit} ${tresText(amounts ?? {})}`),
  ];
  return did(`account ${name} ${made ? 'made' : 'changed'}${words.length === 0 ? '' : `: ${words.join('; ')}`}`);
}

function tresText(amounts: Readonly<Record<string, number | null>>): string {
  return Object.entries(amounts)
    .map(([name, amount]) => `${name}=${amount ?? 'none'}`)
    .join(',');
}

function use({ slurm }: ScenarioWorld, action: UsageAction): readonly ActionReport[] {
  const { account, user, minutes, days, pattern, 'node-hours': nodeHours } = action;
  const amounts = (share: number) => ({
    ...(nodeHours === undefined ? {} : { nodeHours: nodeHours * share }),
    ...(minutes === undefined
      ? {}
      : { minutes: Object.fromEntries(Object.entries(minutes).map(([name, count]) => [name, count * share])) }),
  });
  if (days === undefined) injectUsage(slurm, { account, user, ...amounts(1) });
  else {
    for (const share of dailyShares(days, pattern)) {
      if (share > 0) injectUsage(slurm, { account, user, ...amounts(share) });
      slurm.time.advance(86_400);
    }
  }
  const what = [
    ...(nodeHours === undefined ? [] : [`${figureText(nodeHours)} node-hours`]),
    ...Object.entries(minutes ?? {}).map(([name, count]) => `${count} ${name} minutes`),
  ];
  return did(
    `${user} uses ${what.join(', ')} of ${account}${days === undefined ? '' : ` over ${plural(days, 'day')} (${pattern}), until ${dateText(slurm.time.now())}`}`,
  );
}

function moveTime({ slurm }: ScenarioWorld, { set, ...stretch }: NonNullable<Action['time']>): readonly ActionReport[] {
  const now = slurm.time.now();
  if (set !== undefined) slurm.time.set(parseDate(set) ?? now);
  const from = slurm.time.now();
  const given = Object.fromEntries(Object.entries(stretch).filter(([, count]) => count !== undefined));
  const to = later(from, given);
  if (to > from) slurm.time.advance(to - from);
  return did(`time goes on from ${dateText(now)} to ${dateText(slurm.time.now())}`);
}

/** The clock goes on a little after a submission, until the scheduler has looked at the queue. */
const schedulingSeconds = 5;

function submit(world: ScenarioWorld, action: SubmitAction): readonly ActionReport[] {
  const { slurm, jobs, cluster } = world;
  const { account, user, nodes, gpus, run, exit, end, qos, refused } = action;
  ensureUser(slurm, account, user);
  const name = action.name ?? 'job';
  const request = {
    name,
    account: account.toLowerCase(),
    ...(qos === undefined ? {} : { qos }),
    minNodes: nodes,
    maxNodes: nodes,
    tasks: nodes,
    tasksPerNode: 1,
    cpusPerTask: action.cpus ?? cluster.cpus,
    ...(gpus === 0 ? {} : { gresPerNode: `gpu:${gpus}` }),
    timeLimit: action.limit === undefined ? Math.ceil(run / 60) + 1 : Math.max(1, Math.ceil(action.limit / 60)),
    workDir: '/tmp',
    script: '#!/bin/sh\n',
    command: 'job.sh',
    environment: {},
    submitLine: 'sbatch job.sh',
    submitHost: 'localhost',
    play: {
      kind: 'simulated',
      seconds: Math.max(1, Math.round(run)),
      exit: { code: exit, signal: 0 },
      ...(end === undefined ? {} : { end }),
    },
  } as const;
  const what = `${user} submits ${plural(action.jobs, 'job')} "${name}" of ${account}: ${plural(nodes, 'node')}${gpus === 0 ? '' : ` with ${plural(gpus, 'GPU')}`}, ${durationText(run)}`;
  try {
    for (let at = 0; at < action.jobs; at++) jobs.push(slurm.controller.submit([request], identityOf(slurm, user)).jobId);
  } catch (error) {
    if (!(error instanceof SlurmError) || refused === undefined) throw error;
    const fits = new RegExp(refused, 'm').test(error.message);
    return [...did(what), { kind: fits ? 'met' : 'failed', text: `refused: ${fits ? '' : `expected ${refused}, found `}${error.message}` }];
  }
  slurm.time.advance(schedulingSeconds);
  return refused === undefined ? did(what) : [...did(what), { kind: 'failed', text: `expected to be refused (${refused}); it was taken` }];
}

function cancel({ slurm, jobs }: ScenarioWorld, name: string): readonly ActionReport[] {
  const alive = jobs.filter((id) => {
    const job = slurm.controller.job(id);
    return job?.name === name && (job.state === 'PENDING' || job.state === 'RUNNING');
  });
  for (const id of alive) slurm.controller.signal(String(id), null, { batchOnly: false, full: false }, root);
  return did(`${plural(alive.length, 'job')} "${name}" cancelled`);
}

function policy(world: ScenarioWorld, action: PolicyAction): readonly ActionReport[] {
  const { slurm, books, transitions, cluster } = world;
  const { account, allocation } = action;
  knownAccount(slurm, account);
  if (allocation !== undefined) books.set(account, { allocation });
  if (action.action === 'thresholds') {
    const { used, percent } = books.standing(slurm, account);
    const level = applyThresholds(slurm, books, account);
    return did(
      `${account} has used ${figureText(used)} node-hours, ${figureText(percent)} % of ${figureText(books.allocation(account))}: QOS ${level}`,
    );
  }
  const { carryover, percent, days, limit } = action;
  const rules = {
    carryover,
    percent,
    days,
    limit,
    halfLifeDays: action['half-life'] ?? cluster['half-life'],
    resetRawUsage: action['reset-raw-usage'],
  };
  const figures = transition(slurm, books, account, rules);
  transitions.set(account, figures);
  const { previous, effectiveUsage, unused, total, base, fairshare, minutes, minutesWithGrace } = figures;
  const carried =
    carryover === 'decay'
      ? `${figureText(previous)} node-hours used before count as ${figureText(effectiveUsage)} after ${days} days`
      : `${figureText(previous)} node-hours were used before`;
  return did(
    `${account}: ${carried}; ${figureText(base)} + ${figureText(unused)} carried over = ${figureText(total)} node-hours; fair share ${fairshare}, GrpTRESMins billing=${limit === 'grace' ? minutesWithGrace : minutes}, QOS normal${rules.resetRawUsage ? ', usage reset' : ''}`,
  );
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function durationText(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
  ] as const;
  const [size, unit] = units.find(([one]) => seconds >= one && seconds % one === 0) ?? [1, 's'];
  return `${figureText(seconds / size)}${unit}`;
}
