import { quarterOf } from '@sluice/policy';
import type { JobRow } from '../../model/slurmdbd.ts';
import { accountAssociation, qosOf } from '../administer.ts';
import { dateText, parseDate } from '../calendar.ts';
import { resourceAmounts } from '../resources.ts';
import { decayedMinutes, decayedNodeHours } from '../usage.ts';
import type { ActionReport, ScenarioWorld } from './scenario-world.ts';
import { figureText } from './scenario-world.ts';
import type { Expectation } from './schema.ts';

/** Looks whether all that is expected is so; one report for each thing. */
export function checkExpectation(world: ScenarioWorld, expectation: Expectation): readonly ActionReport[] {
  return [...aboutTime(world, expectation), ...aboutAccount(world, expectation), ...aboutJobs(world, expectation)];
}

function aboutTime({ slurm }: ScenarioWorld, { time, quarter }: Expectation): readonly ActionReport[] {
  const now = slurm.time.now();
  return [
    ...(time === undefined ? [] : [same('the cluster’s time', dateText(now), dateText(parseDate(time) ?? Number.NaN))]),
    ...(quarter === undefined ? [] : [same('the quarter', quarterOf(now).name, quarter)]),
  ];
}

function aboutAccount(world: ScenarioWorld, expectation: Expectation): readonly ActionReport[] {
  const { slurm, books } = world;
  const { account, tolerance } = expectation;
  if (account === undefined) return [];
  const association = accountAssociation(slurm, account);
  if (association === undefined) return [{ kind: 'failed', text: `${account}: there is no such account` }];
  const standing = books.standing(slurm, account);
  const near = (what: string, actual: number, expected: number | undefined, unit = '') =>
    expected === undefined ? [] : [close(`${account}: ${what}`, { actual, expected, tolerance, unit })];
  const exactly = (what: string, actual: string, expected: string | undefined) =>
    expected === undefined ? [] : [same(`${account}: ${what}`, actual, expected)];
  const minutes = resourceAmounts(slurm, expectation['raw-minutes'] ?? {});
  const raw = decayedMinutes(slurm, account);
  return [
    ...near('used this period', standing.used, expectation.used, ' node-hours'),
    ...near('usage that Slurm counts', decayedNodeHours(slurm, account), expectation.decayed, ' node-hours'),
    ...Object.entries(minutes).flatMap(([name, expected]) => near(`${name} that Slurm counts`, raw[name] ?? 0, expected, ' minutes')),
    ...near('usage of the allocation', standing.percent, expectation.percent, ' %'),
    ...exactly(
      'fair share',
      String(association.fairshare),
      expectation.fairshare === undefined ? undefined : String(expectation.fairshare),
    ),
    ...aboutLimits(world, account, expectation),
    ...exactly('QOS', qosOf(slurm, account), expectation.qos),
    ...exactly('standing', standing.level, expectation.level),
    ...aboutPolicy(world, account, expectation),
  ];
}

function aboutLimits({ slurm }: ScenarioWorld, account: string, { limits = {} }: Expectation): readonly ActionReport[] {
  const own = accountAssociation(slurm, account)?.own;
  const stored = { GrpTRESMins: own?.grpTresMins, MaxTRESMins: own?.maxTresMinsPerJob, GrpTRES: own?.grpTres };
  return Object.entries(limits).flatMap(([limit, amounts]) =>
    Object.entries(resourceAmounts<number | null>(slurm, amounts ?? {})).map(([name, expected]) =>
      same(`${account}: ${limit} ${name}`, String(stored[limit as keyof typeof stored]?.[name] ?? 'none'), String(expected ?? 'none')),
    ),
  );
}

function aboutPolicy({ transitions }: ScenarioWorld, account: string, { policy, tolerance }: Expectation): readonly ActionReport[] {
  if (policy === undefined) return [];
  const last = transitions.get(account);
  if (last === undefined) return [{ kind: 'failed', text: `${account}: there was no transition` }];
  const rows: readonly (readonly [string, number, number | undefined, string])[] = [
    ['used in the period before', last.previous, policy.previous, ' node-hours'],
    ['decay factor', last.decayFactor, policy['decay-factor'], ''],
    ['earlier usage that counts still', last.effectiveUsage, policy.effective, ' node-hours'],
    ['carried over', last.unused, policy.unused, ' node-hours'],
    ['allocation with what is carried over', last.total, policy.total, ' node-hours'],
    ['fair share of it', last.fairshare, policy.fairshare, ''],
    ['billing minutes of it', last.minutes, policy.minutes, ''],
    ['billing minutes with grace', last.minutesWithGrace, policy['minutes-with-grace'], ''],
  ];
  return rows.flatMap(([what, actual, expected, unit]) => {
    if (expected === undefined) return [];
    // A factor is small: of it a thousandth part is far off.
    const within = what === 'decay factor' ? Math.min(tolerance, 0.00005) : tolerance;
    return [close(`${account}: ${what}`, { actual, expected, tolerance: within, unit })];
  });
}

function aboutJobs({ slurm, jobs }: ScenarioWorld, { jobs: wanted = [] }: Expectation): readonly ActionReport[] {
  const known: readonly KnownJob[] = wanted.length === 0 ? [] : jobs.flatMap((id) => slurm.controller.job(id) ?? accounted(slurm, id));
  return wanted.map(({ name, user, account, state, reason, count }): ActionReport => {
    const chosen = known.filter(
      (job) =>
        (name === undefined || job.name === name) &&
        (user === undefined || job.user === user) &&
        (account === undefined || job.account === account),
    );
    const fitting = chosen.filter((job) => (state === undefined || job.state === state) && (reason === undefined || job.reason === reason));
    const who = [name, user === undefined ? undefined : `of ${user}`, account === undefined ? undefined : `in ${account}`].filter(
      (word) => word !== undefined,
    );
    const what = `jobs ${[...who, state, reason === undefined ? undefined : `(${reason})`].filter((word) => word !== undefined).join(' ')}`;
    if (fitting.length === count) return { kind: 'met', text: `${what}: ${count}` };
    return { kind: 'failed', text: `${what}: expected ${count}, found ${fitting.length}; ${counted(chosen)}` };
  });
}

type KnownJob = Pick<JobRow, 'name' | 'user' | 'account' | 'state' | 'reason'>;

/** A job that slurmctld has forgotten, as accounting has it. */
function accounted({ database }: ScenarioWorld['slurm'], id: number): readonly KnownJob[] {
  return [...database.jobRows({ jobIds: [String(id)] })].slice(-1);
}

function counted(jobs: readonly { readonly state: string; readonly reason: string }[]): string {
  const counts = new Map<string, number>();
  for (const { state, reason } of jobs) {
    const word = reason === 'None' || reason === '' ? state : `${state} (${reason})`;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'there are none of that name';
}

function same(what: string, actual: string, expected: string): ActionReport {
  return actual === expected
    ? { kind: 'met', text: `${what}: ${actual}` }
    : { kind: 'failed', text: `${what}: expected ${expected}, found ${actual}` };
}

function close(
  what: string,
  {
    actual,
    expected,
    tolerance,
    unit,
  }: { readonly actual: number; readonly expected: number; readonly tolerance: number; readonly unit: string },
): ActionReport {
  if (Math.abs(actual - expected) <= tolerance) return { kind: 'met', text: `${what}: ${precise(actual)}${unit}` };
  return { kind: 'failed', text: `${what}: expected ${expected} ± ${tolerance}${unit}, found ${precise(actual)}` };
}

function precise(value: number): string {
  return Math.abs(value) < 0.1 && value !== 0 ? value.toPrecision(4) : figureText(value);
}
