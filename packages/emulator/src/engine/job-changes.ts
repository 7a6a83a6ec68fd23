import type { Identity } from '../model/job.ts';
import type { JobChanges } from '../model/slurmctld.ts';
import { requestedTres } from './demand.ts';
import { parseDependency } from './dependency.ts';
import type { JobRecord } from './job-record.ts';
import { account, charge } from './lifecycle.ts';
import { chosenJobs } from './operations.ts';
import { isActive, reconsider, watchDependency } from './pending.ts';
import { isOperator, needOperator, needOwner } from './permissions.ts';
import { shrink } from './resize.ts';
import { refusal } from './slurm-errors.ts';
import { setShape } from './submit.ts';
import type { World } from './world.ts';

/** `scontrol update job`. */
export function updateJob(world: World, selector: string, changes: JobChanges, as: Identity): void {
  for (const job of chosenJobs(world, selector)) {
    // 22.05 says so of the jobs of others, too (measured).
    if (world.release < 2302 && !isActive(job)) throw refusal('ESLURM_JOB_FINISHED');
    needOwner(world, job, as);
    if (!isActive(job)) throw refusal('ESLURM_JOB_FINISHED');
    change(world, job, changes, as);
    world.touch(job);
    account(world, job);
  }
}

function change(world: World, job: JobRecord, changes: JobChanges, as: Identity): void {
  if (changes.adminComment !== undefined) {
    needOperator(world, as);
    job.adminComment = changes.adminComment;
  }
  if (changes.systemComment !== undefined) {
    needOperator(world, as);
    job.systemComment = changes.systemComment;
  }
  if (changes.comment !== undefined) job.comment = changes.comment;
  if (changes.extra !== undefined) job.request = { ...job.request, extra: changes.extra };
  if (changes.name !== undefined) job.name = changes.name;
  if (changes.requeue !== undefined) job.requeue = changes.requeue;
  if (changes.timeLimit !== undefined) changeLimit(world, job, changes.timeLimit, as);
  if (changes.deadline !== undefined) world.setTimer(job, 'deadline', changes.deadline);
  if (changes.arrayMaxRunning !== undefined && job.array !== null) {
    for (const each of world.group(job.array.jobId))
      if (each.array !== null) each.array = { ...each.array, maxRunning: changes.arrayMaxRunning || null };
  }
  if (job.state === 'PENDING') changePending(world, job, changes, as);
  else if (changes.numNodes !== undefined || changes.nodeList !== undefined) shrink(world, job, changes);
}

function changeLimit(world: World, job: JobRecord, limit: number | 'unlimited', as: Identity): void {
  const more = limit === 'unlimited' || (job.timeLimit !== 'unlimited' && limit > job.timeLimit);
  if (more && job.state !== 'PENDING' && !isOperator(world, as)) throw refusal('ESLURM_ACCESS_DENIED');
  job.timeLimit = limit;
  job.own.limitGiven = true;
  setShape(job);
  if (job.state !== 'RUNNING') return;
  const ends = limit === 'unlimited' ? null : (job.start ?? world.now) + job.suspendedSeconds + limit * 60;
  job.end = ends;
  if (ends === null) world.clearTimer(job, 'limit');
  else world.setTimer(job, 'limit', Math.max(world.now, ends + world.settings.overTimeLimit));
  charge(world, job);
}

function changePending(world: World, job: JobRecord, changes: JobChanges, as: Identity): void {
  if (changes.nice !== undefined) {
    if (changes.nice < 0 && !isOperator(world, as)) throw refusal('ESLURM_INVALID_NICE');
    job.nice = changes.nice;
  }
  if (changes.priority !== undefined) {
    if (changes.priority === 0) job.held = isOperator(world, as) && as.uid !== job.uid ? 'admin' : 'user';
    else {
      needOperator(world, as);
      job.own.priorityGiven = changes.priority;
      job.held = null;
    }
  }
  if (changes.begin !== undefined) {
    job.own.begin = changes.begin > world.now ? changes.begin : null;
    job.eligible = null;
  }
  if (changes.dependency !== undefined) {
    const dependency = changes.dependency === '' ? null : parseDependency(changes.dependency);
    if (dependency === undefined || dependency?.terms.some(({ jobId }) => jobId === job.jobId)) throw refusal('ESLURM_DEPENDENCY');
    job.own.dependency = dependency;
    job.dependency = '';
    watchDependency(world, job);
  }
  if (changes.reservation !== undefined) {
    if (changes.reservation !== '' && !world.reservations.has(changes.reservation)) throw refusal('ESLURM_RESERVATION_INVALID');
    job.reservation = changes.reservation;
  }
  if (changes.partitions !== undefined) changePartitions(world, job, changes.partitions);
  if (changes.account !== undefined || changes.qos !== undefined) changeAccount(world, job, changes);
  const { demand } = job.own;
  if (changes.requiredNodes !== undefined || changes.excludedNodes !== undefined) {
    for (const name of [...(changes.requiredNodes ?? []), ...(changes.excludedNodes ?? [])]) {
      if (!world.nodeByName.has(name)) throw refusal('ESLURM_INVALID_NODE_NAME');
    }
    job.own.demand = { ...demand, required: changes.requiredNodes ?? demand.required, excluded: changes.excludedNodes ?? demand.excluded };
  }
  if (changes.numNodes !== undefined) {
    job.own.demand = {
      ...job.own.demand,
      minNodes: changes.numNodes,
      maxNodes: changes.numNodes,
      tasks: Math.max(job.tasks, changes.numNodes),
    };
    const partition = world.partition(job.partition);
    job.requestedTres = requestedTres(job.own.demand, {
      tracked: world.tracked,
      weights: partition?.billingWeights ?? null,
      nodeMemoryMiB: partition?.members[0]?.spec.memoryMiB ?? 0,
    });
    job.nodeCount = changes.numNodes;
  }
  setShape(job);
  reconsider(world, job);
}

function changePartitions(world: World, job: JobRecord, names: readonly string[]): void {
  for (const name of names) if (world.partition(name) === undefined) throw refusal('ESLURM_INVALID_PARTITION_NAME');
  job.partitions = names;
  job.partition = names[0] ?? job.partition;
}

function changeAccount(world: World, job: JobRecord, changes: JobChanges): void {
  const name = changes.account ?? job.account;
  const association = world.manager.association({ user: job.user, account: name, partition: job.partition });
  if (association === undefined && world.settings.enforce.has('associations')) throw refusal('ESLURM_INVALID_ACCOUNT');
  const qos = changes.qos ?? job.qos;
  if (changes.qos !== undefined && world.manager.qosByName(qos) === undefined) throw refusal('ESLURM_INVALID_QOS');
  const counted = job.pendingTasks?.length ?? 1;
  world.counts.submitted(job, -counted);
  job.account = name;
  job.associationId = association?.id ?? 0;
  job.qos = qos;
  world.counts.submitted(job, counted);
}
