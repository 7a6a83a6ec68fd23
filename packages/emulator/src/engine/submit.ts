import type { Tres } from '@sluice/slurm';
import type { Identity, JobRequest } from '../model/job.ts';
import { arrayStep, arrayTasks } from './arrays.ts';
import { type Demand, demandOf, requestedTres } from './demand.ts';
import { parseDependency } from './dependency.ts';
import { guessedNodes } from './guessed-nodes.ts';
import type { JobRecord } from './job-record.ts';
import { account } from './lifecycle.ts';
import { submitRefusal } from './limits.ts';
import { fillPaths } from './paths.ts';
import { reconsider, watchDependency } from './pending.ts';
import { isOperator } from './permissions.ts';
import { couldEverRun } from './placement.ts';
import { refusal } from './slurm-errors.ts';
import type { PartitionRecord, World } from './world.ts';

/** What a request comes to once slurmctld's defaults are filled in and nothing stands against it. */
interface Accepted {
  readonly request: JobRequest;
  readonly partitions: readonly PartitionRecord[];
  readonly account: string;
  readonly associationId: number;
  readonly qos: string;
  readonly demand: Demand;
  /** Its resources, as the first partition bills them. */
  readonly tres: Tres;
  readonly tasks: readonly number[] | null;
  readonly maxRunning: number | null;
}

/** Enters a job, an array or a het job; gives the records. Refuses as slurmctld does. */
export function submit(world: World, requests: readonly JobRequest[], as: Identity): readonly JobRecord[] {
  // Slurm has no arrays of het jobs.
  if (requests.length > 1 && requests.some(({ array }) => array !== undefined)) throw refusal('ESLURM_INVALID_ARRAY');
  const accepted = requests.map((request) => accept(world, request, as));
  if (world.jobs.size + accepted.length > world.settings.maxJobCount) throw refusal('ESLURM_MAX_JOB_COUNT');
  const records = accepted.map((each) => record(world, each, as, world.nextJobId++));
  const leader = records[0];
  if (leader === undefined) throw refusal('ESLURM_JOB_SCRIPT_MISSING');
  if (records.length > 1) {
    world.groups.set(leader.jobId, new Set(records.map(({ jobId }) => jobId)));
    for (const [offset, each] of records.entries()) each.het = { jobId: leader.jobId, offset, size: records.length };
  }
  for (const job of records) enter(world, job);
  return records;
}

/** Checks a request without entering it. */
export function accept(world: World, request: JobRequest, as: Identity): Accepted {
  const partitions = partitionsOf(world, request);
  const first = partitions[0] as PartitionRecord;
  for (const partition of partitions)
    if (partition.state === 'DRAIN' || partition.state === 'INACTIVE') throw refusal('ESLURM_PARTITION_NOT_AVAIL');
  const { account: accountName, associationId } = associationOf(world, request, as, first.name);
  if (first.allowAccounts !== null && !first.allowAccounts.includes(accountName)) throw refusal('ESLURM_INVALID_ACCOUNT');
  const qos = qosOf(world, request, associationId);
  if (first.allowQos !== null && !first.allowQos.includes(qos)) throw refusal('ESLURM_INVALID_QOS');
  const demand = demandOf(request, { defMemPerCpuMiB: world.settings.defMemPerCpuMiB, partition: first });
  const array = request.array === undefined ? null : arrayTasks(request.array, world.settings.maxArraySize);
  checkNodes(world, demand, partitions);
  checkTimes(world, request);
  if (request.reservation !== undefined && request.reservation !== '') checkReservation(world, request.reservation, as, accountName);
  if (request.nice !== undefined && request.nice < 0 && world.manager.adminLevel(as.user) === 'None' && as.uid !== 0)
    throw refusal('ESLURM_INVALID_NICE');
  const tres = tresOf(world, demand, first);
  const limitMins = typeof request.timeLimit === 'number' ? request.timeLimit : (first.defaultTime ?? first.maxTime ?? 0);
  const limited = {
    associationId,
    qos,
    user: as.user,
    account: accountName,
    partitionQos: first.qos,
    tres,
    nodes: demand.minNodes,
    limitMins,
  };
  if (submitRefusal(world, limited, array?.tasks.length ?? 1)) throw refusal('ESLURM_ACCOUNTING_POLICY');
  return {
    request,
    partitions,
    account: accountName,
    associationId,
    qos,
    demand,
    tres,
    tasks: array?.tasks ?? null,
    maxRunning: array?.limit ?? null,
  };
}

function partitionsOf(world: World, request: JobRequest): readonly PartitionRecord[] {
  const names = request.partitions ?? [];
  if (names.length === 0) {
    const byDefault = [...world.partitions.values()].find(({ isDefault }) => isDefault);
    if (byDefault === undefined) throw refusal('ESLURM_DEFAULT_PARTITION_NOT_SET');
    return [byDefault];
  }
  return names.map((name) => {
    const partition = world.partition(name);
    if (partition === undefined) throw refusal('ESLURM_INVALID_PARTITION_NAME');
    return partition;
  });
}

function associationOf(
  world: World,
  request: JobRequest,
  as: Identity,
  partition: string,
): { readonly account: string; readonly associationId: number } {
  const name = request.account ?? world.manager.defaultAccount(as.user);
  const association = name === undefined ? undefined : world.manager.association({ user: as.user, account: name, partition });
  if (association !== undefined && name !== undefined) return { account: name, associationId: association.id };
  if (world.settings.enforce.has('associations')) throw refusal('ESLURM_INVALID_ACCOUNT');
  return { account: name ?? '', associationId: 0 };
}

function qosOf(world: World, request: JobRequest, associationId: number): string {
  const allowed = world.manager.allowedQos(associationId);
  const name =
    request.qos ??
    (associationId === 0 ? null : world.manager.defaultQos(associationId)) ??
    (allowed.includes('normal') ? 'normal' : allowed[0]) ??
    'normal';
  const known = world.manager.qosByName(name) !== undefined;
  if (request.qos !== undefined && !known) throw refusal('ESLURM_INVALID_QOS');
  if (world.settings.enforce.has('qos') && associationId !== 0 && !allowed.includes(name)) throw refusal('ESLURM_INVALID_QOS');
  return name;
}

function checkNodes(world: World, demand: Demand, partitions: readonly PartitionRecord[]): void {
  for (const name of [...demand.required, ...demand.excluded]) if (!world.nodeByName.has(name)) throw refusal('ESLURM_INVALID_NODE_NAME');
  for (const all of demand.features) {
    for (const feature of all) if (!world.nodes.some(({ features }) => features.includes(feature))) throw refusal('ESLURM_INVALID_FEATURE');
  }
  for (const { name } of [...demand.gresPerNode, ...demand.gresPerJob, ...demand.gresPerTask]) {
    if (!world.deviceNames.has(name)) throw refusal('ESLURM_INVALID_GRES');
  }
  if (!partitions.some(({ memberNames }) => demand.required.every((name) => memberNames.has(name))))
    throw refusal('ESLURM_REQUESTED_NODES_NOT_IN_PARTITION');
  if (!partitions.some((partition) => couldEverRun(demand, partition))) throw refusal('ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE');
}

function checkTimes(world: World, request: JobRequest): void {
  const { deadline, timeLimit } = request;
  if (deadline === undefined) return;
  if (deadline <= world.now) throw refusal('ESLURM_INVALID_TIME_LIMIT');
  const earliest = Math.max(world.now, request.begin ?? 0);
  if (typeof timeLimit === 'number' && earliest + timeLimit * 60 > deadline) throw refusal('ESLURM_INVALID_TIME_LIMIT');
}

function checkReservation(world: World, name: string, as: Identity, accountName: string): void {
  const reservation = world.reservations.get(name);
  if (reservation === undefined) throw refusal('ESLURM_RESERVATION_INVALID');
  if (reservation.users.includes(as.user) || reservation.accounts.includes(accountName)) return;
  throw refusal('ESLURM_RESERVATION_ACCESS');
}

/** A demand's resources as a partition bills them. */
function tresOf(world: World, demand: Demand, partition: PartitionRecord): Tres {
  const nodeMemoryMiB = partition.members[0]?.spec.memoryMiB ?? 0;
  return requestedTres(demand, { tracked: world.tracked, weights: partition.billingWeights, nodeMemoryMiB });
}

/** The record of a job that has been accepted; it is nowhere entered yet. */
export function record(world: World, accepted: Accepted, as: Identity, jobId: number): JobRecord {
  const { request, partitions, demand, tres, tasks } = accepted;
  const partition = partitions[0] as PartitionRecord;
  const { now } = world;
  const dependency = request.dependency === undefined || request.dependency === '' ? null : parseDependency(request.dependency);
  if (dependency === undefined) throw refusal('ESLURM_DEPENDENCY');
  // A job that waits for itself would wait for ever.
  if (dependency?.terms.some((term) => term.jobId === jobId)) throw refusal('ESLURM_DEPENDENCY');
  const limitGiven = request.timeLimit !== undefined;
  const job: JobRecord = {
    jobId,
    array: tasks === null ? null : { jobId, taskId: null, maxRunning: accepted.maxRunning },
    pendingTasks: tasks,
    het: null,
    name: request.name ?? nameOf(request),
    uid: as.uid,
    user: as.user,
    gid: as.gid,
    group: as.group,
    account: accepted.account,
    associationId: accepted.associationId,
    qos: accepted.qos,
    partitions: partitions.map(({ name }) => name),
    partition: partition.name,
    state: 'PENDING',
    flags: [],
    reason: 'None',
    reasonText: '',
    exit: { code: 0, signal: 0 },
    derivedExit: { code: 0, signal: 0 },
    cancelledBy: null,
    submit: now,
    eligible: null,
    accrue: null,
    start: null,
    end: null,
    expectedStart: null,
    suspendedAt: null,
    ranBeforeSuspend: 0,
    suspendedSeconds: 0,
    lastSchedEval: null,
    scheduler: null,
    timeLimit: request.timeLimit ?? partition.defaultTime ?? partition.maxTime ?? 'unlimited',
    priority: 0,
    nice: request.nice ?? 0,
    held: request.hold ? 'user' : null,
    request,
    requestedTres: tres,
    allocatedTres: null,
    cpus: tres['cpu'] ?? 1,
    nodeCount: demand.minNodes,
    tasks: demand.tasks,
    grants: [],
    nodes: [],
    completingNodes: null,
    batchHost: '',
    failedNode: '',
    stdout: '',
    stderr: '',
    stdin: '/dev/null',
    comment: request.comment ?? '',
    adminComment: '',
    systemComment: '',
    dependency: '',
    requeue: request.requeue ?? world.settings.jobRequeue,
    restarts: 0,
    reservation: request.reservation ?? '',
    steps: [],
    dbIndex: world.newDbIndex(),
    own: {
      demand,
      timers: [],
      dependency,
      array: tasks === null ? null : { count: tasks.length, min: tasks[0] ?? 0, max: tasks.at(-1) ?? 0, step: arrayStep(tasks) },
      lastReason: 'None',
      plan: null,
      playedAt: null,
      ending: null,
      requeueAfter: null,
      shape: '',
      fit: '',
      epilogRuns: false,
      begin: request.begin !== undefined && request.begin > now ? request.begin : null,
      limitGiven,
      // Others than operators may ask for none (slurmctld reads over it).
      priorityGiven: request.priority !== undefined && isOperator(world, as) ? request.priority : null,
      rows: 1,
      threadShare: 1,
      queued: false,
      counted: true,
    },
  };
  setShape(job);
  return job;
}

/** To be called when anything has changed that decides whether a job may start. */
export function setShape(job: JobRecord): void {
  const { own, reservation, qos, associationId, timeLimit } = job;
  own.fit = JSON.stringify([own.demand, reservation]);
  own.shape = `${own.fit} ${own.limitGiven ? timeLimit : ''} ${associationId} ${qos}`;
}

function nameOf(request: JobRequest): string {
  if (request.command === '') return request.script === null ? '' : 'wrap';
  return request.command.slice(request.command.lastIndexOf('/') + 1);
}

function enter(world: World, job: JobRecord): void {
  world.jobs.set(job.jobId, job);
  if (job.array !== null) world.groups.set(job.jobId, new Set([job.jobId]));
  world.counts.submitted(job, job.pendingTasks?.length ?? 1);
  world.statistics.submitted += job.pendingTasks?.length ?? 1;
  fillPaths(job);
  const { deadline } = job.request;
  if (deadline !== undefined) {
    const needed = typeof job.timeLimit === 'number' ? job.timeLimit * 60 : 0;
    world.setTimer(job, 'deadline', Math.max(world.now + 1, deadline - needed + 1));
  }
  if (job.request.priority === 0 && job.held === null) job.held = 'admin';
  if (job.held !== null && world.release < 2302) {
    const cpus = world.nodes.reduce((most, { cpuIds }) => Math.max(most, cpuIds.length), 1);
    job.nodeCount = guessedNodes(job.own.demand, cpus);
  }
  watchDependency(world, job);
  reconsider(world, job);
  job.lastSchedEval = world.now;
  account(world, job);
}
