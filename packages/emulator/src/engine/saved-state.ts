import type { Epoch } from '@sluice/slurm';
import type { Reservation } from '../model/slurmctld.ts';
import type { PartitionSpec } from '../model/spec.ts';
import type { StateChange, StateStore } from '../model/state-store.ts';
import type { StartPlan } from './backfill.ts';
import type { QueuedMessage } from './dbd-agent.ts';
import type { JobRecord } from './job-record.ts';
import type { SavedNode } from './node-record.ts';
import { watchDependency } from './pending.ts';
import { setShape } from './submit.ts';
import { type ControllerTimer, partitionRecord, type Statistics, type World } from './world.ts';

/** What belongs to no job and no node. */
interface SavedController {
  readonly now: Epoch;
  readonly rate: number;
  readonly nextJobId: number;
  readonly nextSeq: number;
  readonly nextDbIndex: number;
  readonly lastBackfill: Epoch;
  readonly placementVersion: number;
  readonly backfilledVersion: number;
  readonly statistics: Statistics;
  readonly own: readonly (readonly [ControllerTimer, { readonly at: Epoch; readonly seq: number }])[];
  readonly plans: readonly (readonly [number, StartPlan])[];
}

/** Writes what changed since the last time. */
export function saveState(world: World, store: StateStore, rate: number): void {
  const changes: StateChange[] = [];
  for (const id of world.changedJobs) changes.push({ table: 'job', key: `${id}`, value: world.jobs.get(id) ?? null });
  for (const name of world.changedNodes) changes.push({ table: 'node', key: name, value: world.nodeByName.get(name)?.save() ?? null });
  for (const name of world.changedPartitions) changes.push({ table: 'partition', key: name, value: partitionSpec(world, name) });
  for (const name of world.changedReservations)
    changes.push({ table: 'reservation', key: name, value: world.reservations.get(name) ?? null });
  const { added, delivered } = world.agent;
  const gone = new Set(delivered);
  for (const message of added) if (!gone.has(message.seq)) changes.push({ table: 'dbd-message', key: `${message.seq}`, value: message });
  for (const seq of delivered) changes.push({ table: 'dbd-message', key: `${seq}`, value: null });
  const controller: SavedController = {
    now: world.now,
    rate,
    nextJobId: world.nextJobId,
    nextSeq: world.nextSeq,
    nextDbIndex: world.nextDbIndex,
    lastBackfill: world.lastBackfill,
    placementVersion: world.placementVersion,
    backfilledVersion: world.backfilledVersion,
    statistics: world.statistics,
    own: [...world.own],
    plans: [...world.plans].filter(([id]) => world.jobs.get(id)?.state === 'PENDING'),
  };
  changes.push({ table: 'controller', key: 'state', value: controller });
  store.write(changes);
  world.changedJobs.clear();
  world.changedNodes.clear();
  world.changedPartitions.clear();
  world.changedReservations.clear();
  added.length = 0;
  delivered.length = 0;
}

function partitionSpec(world: World, name: string): PartitionSpec | null {
  const partition = world.partition(name);
  if (partition === undefined) return null;
  const { members: _members, memberNames: _names, ...spec } = partition;
  return spec;
}

/** The moment and the pace at which a state was saved; undefined of a new one. */
export function savedTime(store: StateStore): { readonly now: Epoch; readonly rate: number } | undefined {
  for (const { value } of store.load('controller')) {
    const { now, rate } = value as SavedController;
    return { now, rate };
  }
  return undefined;
}

/** Brings a saved state into a new world. */
export function loadState(world: World, store: StateStore): void {
  for (const { value } of store.load('controller')) {
    const { rate: _rate, own, plans, statistics, ...numbers } = value as SavedController;
    Object.assign(world, numbers);
    Object.assign(world.statistics, statistics);
    for (const [kind, timer] of own) {
      world.own.set(kind, timer);
      world.heap.push({ ...timer, jobId: 0, kind });
    }
    for (const [id, plan] of plans) world.plans.set(id, plan);
  }
  for (const { key, value } of store.load('node')) world.nodeByName.get(key)?.restore(value as SavedNode);
  world.countUnusable();
  for (const { key, value } of store.load('partition')) {
    const partition = world.partition(key);
    if (partition !== undefined) Object.assign(partition, partitionRecord(value as PartitionSpec, world.nodeByName));
  }
  for (const { key, value } of store.load('reservation')) world.reservations.set(key, value as Reservation);
  const jobs = [...store.load('job')].map(({ value }) => value as JobRecord).sort((a, b) => a.jobId - b.jobId);
  for (const job of jobs) loadJob(world, job);
  world.agent.restore([...store.load('dbd-message')].map(({ value }) => value as QueuedMessage));
}

function loadJob(world: World, job: JobRecord): void {
  setShape(job);
  world.jobs.set(job.jobId, job);
  for (const timer of job.own.timers) world.heap.push({ ...timer, jobId: job.jobId });
  const groupId = job.array?.jobId ?? job.het?.jobId;
  if (groupId !== undefined) {
    const group = world.groups.get(groupId) ?? new Set<number>();
    world.groups.set(groupId, group.add(job.jobId));
  }
  if (job.own.counted) world.counts.submitted(job, job.pendingTasks?.length ?? 1);
  if (job.state === 'RUNNING' || job.state === 'SUSPENDED') {
    world.running.add(job.jobId);
    world.counts.started(job, 1);
    for (const grant of job.grants)
      world.nodeByName.get(grant.node)?.take(job.jobId, grant, job.own.demand.sharing, job.state === 'RUNNING');
  }
  for (const name of job.completingNodes ?? []) {
    const node = world.nodeByName.get(name);
    if (node !== undefined) node.completing += 1;
  }
  if (job.state === 'PENDING') {
    watchDependency(world, job);
    if (job.own.queued) world.queue.add(job);
  }
}
