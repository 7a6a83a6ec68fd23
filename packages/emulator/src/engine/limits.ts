import type { Tres } from '@sluice/slurm';
import type { EmulatedQos } from '../model/slurmdbd.ts';
import type { JobRecord } from './job-record.ts';
import { associationKey, type Count, qosAccountKey, qosKey, qosUserKey, type Standing } from './limit-counts.ts';
import { type LimitHolder, limitWord, type TresLimit } from './limit-words.ts';
import type { World } from './world.ts';

/** What of a job limits look at; the same before it is entered and when it is to start. */
export interface LimitedJob {
  readonly associationId: number;
  readonly qos: string;
  readonly user: string;
  readonly account: string;
  /** Of the partition where it is to run; null: none. */
  readonly partitionQos: string | null;
  /** As requested, or as it would be given. */
  readonly tres: Tres;
  readonly nodes: number;
  readonly limitMins: number;
}

/** Limits of one QOS or association, and what counts against them; QOS come first and an association's limit holds only where no QOS has set the same. */
interface Level {
  readonly holder: LimitHolder;
  readonly limits: Pick<
    EmulatedQos,
    | 'grpTres'
    | 'grpTresMins'
    | 'grpTresRunMins'
    | 'maxTresPerJob'
    | 'maxTresPerNode'
    | 'maxTresMinsPerJob'
    | 'grpJobs'
    | 'grpSubmitJobs'
    | 'grpWall'
    | 'maxWallPerJob'
  >;
  readonly count: Count;
  readonly key: string;
  /** The job's own association or a QOS: limits per job and user stand here. */
  readonly own: boolean;
  usageMins(): Tres;
  wallMins(): number;
  readonly qos: EmulatedQos | null;
  readonly association: { readonly maxJobs: number | null; readonly maxSubmitJobs: number | null } | null;
}

function levels(world: World, job: LimitedJob): readonly Level[] {
  const { manager, counts } = world;
  const found: Level[] = [];
  for (const name of new Set([job.partitionQos, job.qos])) {
    const qos = name === null ? undefined : manager.qosByName(name);
    if (qos === undefined) continue;
    found.push({
      holder: 'QOS',
      limits: qos,
      count: counts.of(qosKey(qos.name)),
      key: qosKey(qos.name),
      own: true,
      usageMins: () => manager.qosUsageMins(qos.name),
      wallMins: () => manager.qosWallMins(qos.name),
      qos,
      association: null,
    });
  }
  for (const [at, association] of counts.lineage(job.associationId).entries()) {
    found.push({
      holder: 'Assoc',
      limits: association,
      count: counts.of(associationKey(association.id)),
      key: associationKey(association.id),
      own: at === 0,
      usageMins: () => manager.associationUsageMins(association.id),
      wallMins: () => manager.associationWallMins(association.id),
      qos: null,
      association: at === 0 ? association : null,
    });
  }
  return found;
}

/** What is so of all jobs of an association and a QOS, remembered until accounting changes: it is asked for each time a job is looked at. */
function standingOf(world: World, job: LimitedJob): Standing {
  const known = world.counts.standings;
  if (known.version !== world.manager.version) {
    known.version = world.manager.version;
    known.byAssociation.clear();
  }
  const { associationId, partitionQos } = job;
  const qos = partitionQos === null ? job.qos : `${job.qos} ${partitionQos}`;
  const before = known.byAssociation.get(associationId)?.get(qos);
  if (before !== undefined) return before;
  const found = { mayUseQos: mayUseQos(world, job), limited: anyLimits(world, job), ofMinutes: limitsOfMinutes(world, job) };
  const byQos = known.byAssociation.get(associationId) ?? new Map<string, Standing>();
  known.byAssociation.set(associationId, byQos.set(qos, found));
  return found;
}

function mayUseQos({ manager }: World, { associationId, qos }: LimitedJob): boolean {
  if (manager.qosByName(qos) === undefined) return false;
  return manager.associationById(associationId) === undefined || manager.allowedQos(associationId).includes(qos);
}

function limitsOfMinutes(world: World, job: LimitedJob): boolean {
  return levels(world, job).some(({ limits }) => limits.grpWall !== null || Object.keys(limits.grpTresMins).length > 0);
}

function anyLimits(world: World, job: LimitedJob): boolean {
  return levels(world, job).some(({ limits, qos, association, own }) => {
    const tres = [
      limits.grpTres,
      limits.grpTresMins,
      limits.grpTresRunMins,
      ...(own ? [limits.maxTresPerJob, limits.maxTresPerNode, limits.maxTresMinsPerJob] : []),
    ];
    if (qos !== null) tres.push(qos.minTresPerJob, qos.maxTresPerUser, qos.maxTresPerAccount);
    const numbers = [
      limits.grpJobs,
      limits.grpWall,
      own ? limits.maxWallPerJob : null,
      association?.maxJobs,
      qos?.maxJobsPerUser,
      qos?.maxJobsPerAccount,
    ];
    return tres.some((each) => Object.keys(each).length > 0) || numbers.some((each) => each !== null && each !== undefined);
  });
}

/** A job as limits see it, with what it asked for or what it would be given. */
export function limitedJob(world: World, job: JobRecord, partition: string, tres: Tres, limitMins: number): LimitedJob {
  return {
    associationId: job.associationId,
    qos: job.qos,
    user: job.user,
    account: job.account,
    partitionQos: world.partition(partition)?.qos ?? null,
    tres,
    nodes: tres['node'] ?? 1,
    limitMins,
  };
}

/** The limit of a QOS or an association that a pending job has to wait for, in Slurm's word; null when there is none. */
export function limitReason(world: World, job: LimitedJob): string | null {
  const { enforce } = world.settings;
  if (enforce.has('associations') && world.manager.associationById(job.associationId) === undefined) return 'InvalidAccount';
  if (enforce.has('qos') && !standingOf(world, job).mayUseQos) return 'InvalidQOS';
  if (!enforce.has('limits') || !standingOf(world, job).limited) return null;
  const set = new Set<string>();
  for (const level of levels(world, job)) {
    const reason = jobsReason(world, job, level, set) ?? sizeReason(job, level, set) ?? groupReason(world, job, level, set);
    if (reason !== null) return reason;
  }
  return null;
}

/** Whether a limit may be looked at here: of those that one level has set, an association's does not count. */
function holds(set: Set<string>, level: Level, name: string, value: number | null | undefined): value is number {
  if (value === null || value === undefined) return false;
  if (level.holder === 'QOS') {
    set.add(name);
    return true;
  }
  return !set.has(name);
}

function jobsReason(world: World, job: LimitedJob, level: Level, set: Set<string>): string | null {
  const { limits, count, holder, qos, association } = level;
  if (holds(set, level, 'grpJobs', limits.grpJobs) && count.running >= limits.grpJobs) return `${holder}GrpJobsLimit`;
  if (holds(set, level, 'grpWall', limits.grpWall) && level.wallMins() >= limits.grpWall) return `${holder}GrpWallLimit`;
  if (qos !== null) {
    const perAccount = world.counts.of(qosAccountKey(qos.name, job.account)).running;
    if (qos.maxJobsPerAccount !== null && perAccount >= qos.maxJobsPerAccount) return 'MaxJobsPerAccount';
    const perUser = world.counts.of(qosUserKey(qos.name, job.user)).running;
    if (holds(set, level, 'maxJobs', qos.maxJobsPerUser) && perUser >= qos.maxJobsPerUser) return 'QOSMaxJobsPerUserLimit';
  }
  if (association !== null && holds(set, level, 'maxJobs', association.maxJobs) && count.running >= association.maxJobs)
    return 'AssocMaxJobsLimit';
  return null;
}

/** Limits of one job's size. */
function sizeReason(job: LimitedJob, level: Level, set: Set<string>): string | null {
  if (!level.own) return null;
  const { limits, holder, qos } = level;
  if (holds(set, level, 'maxWall', limits.maxWallPerJob) && job.limitMins > limits.maxWallPerJob)
    return `${holder}MaxWallDurationPerJobLimit`;
  const perNode = (tres: string) => Math.ceil((job.tres[tres] ?? 0) / Math.max(1, job.nodes));
  const minutes = (tres: string) => (job.tres[tres] ?? 0) * job.limitMins;
  return (
    above('perJob', limits.maxTresPerJob, (tres) => job.tres[tres] ?? 0, level, set) ??
    above('perNode', limits.maxTresPerNode, perNode, level, set) ??
    above('minsPerJob', limits.maxTresMinsPerJob, minutes, level, set) ??
    (qos === null ? null : below(qos, job))
  );
}

function below(qos: EmulatedQos, job: LimitedJob): string | null {
  for (const [tres, least] of Object.entries(qos.minTresPerJob)) if ((job.tres[tres] ?? 0) < least) return limitWord('QOS', 'min', tres);
  return null;
}

function above(limit: TresLimit, limits: Tres, amount: (tres: string) => number, level: Level, set: Set<string>): string | null {
  for (const [tres, most] of Object.entries(limits)) {
    if (holds(set, level, `${limit} ${tres}`, most) && amount(tres) > most) return limitWord(level.holder, limit, tres);
  }
  return null;
}

/** Limits of what a group, a user or an account may hold at a time, or use in all. */
function groupReason(world: World, job: LimitedJob, level: Level, set: Set<string>): string | null {
  const { limits, count, qos } = level;
  const withJob = (held: Count) => (tres: string) => (held.tres[tres] ?? 0) + (job.tres[tres] ?? 0);
  const safe = world.settings.enforce.has('safe');
  const used = Object.keys(limits.grpTresMins).length > 0 ? level.usageMins() : {};
  for (const [tres, most] of Object.entries(limits.grpTresMins)) {
    if (!holds(set, level, `grpMins ${tres}`, most)) continue;
    const minutes = used[tres] ?? 0;
    if (minutes >= most || (safe && minutes + (job.tres[tres] ?? 0) * job.limitMins > most))
      return limitWord(level.holder, 'grpMins', tres);
  }
  const runMins = Object.keys(limits.grpTresRunMins).length > 0 ? runningMinutes(world, level.key) : {};
  const reason =
    above('grp', limits.grpTres, withJob(count), level, set) ??
    above('grpRunMins', limits.grpTresRunMins, (tres) => (runMins[tres] ?? 0) + (job.tres[tres] ?? 0) * job.limitMins, level, set);
  if (reason !== null || qos === null) return reason;
  return (
    above('perUser', qos.maxTresPerUser, withJob(world.counts.of(qosUserKey(qos.name, job.user))), level, set) ??
    above('perAccount', qos.maxTresPerAccount, withJob(world.counts.of(qosAccountKey(qos.name, job.account))), level, set)
  );
}

/** Seconds between two looks of slurmctld at what runs. */
const lookSeconds = 30;

/** Whether minutes that a job runs on may be used up while it does. */
export function canUseUp(world: World, job: LimitedJob): boolean {
  return world.settings.enforce.has('limits') && standingOf(world, job).ofMinutes;
}

/** Has minutes that may be used up looked after, where the job's association or QOS has a limit of them. */
export function watchMinutes(world: World, job: JobRecord): void {
  if (canUseUp(world, limitedJob(world, job, job.partition, {}, 0))) world.wakeAt('minutes', world.now + lookSeconds);
}

/** Whether minutes that a job runs on are used up. */
export function hasUsedUp(world: World, job: LimitedJob): boolean {
  const set = new Set<string>();
  return levels(world, job).some((level) => {
    const { grpWall, grpTresMins } = level.limits;
    if (holds(set, level, 'grpWall', grpWall) && level.wallMins() >= grpWall) return true;
    const used = Object.keys(grpTresMins).length > 0 ? level.usageMins() : {};
    return Object.entries(grpTresMins).some(([tres, most]) => holds(set, level, `grpMins ${tres}`, most) && (used[tres] ?? 0) >= most);
  });
}

/** TRES-minutes that running jobs may still take. */
function runningMinutes(world: World, key: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const id of world.running) {
    const job = world.jobs.get(id);
    if (job === undefined || job.end === null || !world.counts.keys(job).includes(key)) continue;
    const minutes = Math.max(0, job.end - world.now) / 60;
    for (const [tres, amount] of Object.entries(job.allocatedTres ?? {})) sums[tres] = (sums[tres] ?? 0) + amount * minutes;
  }
  return sums;
}

/** Whether a submission of so many jobs breaks a limit that refuses it at once: jobs submitted, and with the QOS flag DenyOnLimit also the size of one job. */
export function submitRefusal(world: World, job: LimitedJob, jobs: number): boolean {
  if (!world.settings.enforce.has('limits')) return false;
  const set = new Set<string>();
  for (const level of levels(world, job)) {
    const { limits, count, qos, association } = level;
    if (holds(set, level, 'grpSubmit', limits.grpSubmitJobs) && count.submitted + jobs > limits.grpSubmitJobs) return true;
    if (qos !== null) {
      const { maxSubmitJobsPerUser: perUser, maxSubmitJobsPerAccount: perAccount } = qos;
      if (holds(set, level, 'maxSubmit', perUser) && world.counts.of(qosUserKey(qos.name, job.user)).submitted + jobs > perUser)
        return true;
      if (perAccount !== null && world.counts.of(qosAccountKey(qos.name, job.account)).submitted + jobs > perAccount) return true;
      if (qos.flags.includes('DenyOnLimit') && sizeReason(job, level, new Set()) !== null) return true;
    }
    if (
      association !== null &&
      holds(set, level, 'maxSubmit', association.maxSubmitJobs) &&
      count.submitted + jobs > association.maxSubmitJobs
    )
      return true;
  }
  return false;
}
