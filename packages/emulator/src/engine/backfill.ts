import type { Epoch } from '@sluice/slurm';
import { type FreeShare, freeNow, tasksThatFit } from './capacity.ts';
import type { Demand } from './demand.ts';
import { startHetJobs } from './het.ts';
import type { JobRecord } from './job-record.ts';
import { startJob, yearMinutes } from './lifecycle.ts';
import type { NodeRecord } from './node-record.ts';
import { findRoom, kindOf, limitMinutes, noRoom, type Placement, standingObstacle, usableFor } from './placement.ts';
import { setReason } from './reasons.ts';
import { type Candidate, spread } from './select-nodes.ts';
import { TimerHeap } from './timers.ts';
import type { PartitionRecord, World } from './world.ts';

/** Jobs for which a start is planned in one cycle; the others behind them are only tried. */
const plannedJobs = 10;
/** Seconds that a plan may grow old before it is made anew. */
const planAge = 600;

/** When and where a job that has to wait is expected to start. */
export interface StartPlan {
  readonly madeAt: Epoch;
  /** Null: none was found, for what is promised to others. */
  readonly start: Epoch | null;
  readonly nodes: readonly number[];
}

/**
 * One cycle of the backfill scheduler: the first jobs that have to wait get a planned start on certain nodes; whoever comes behind may start now if he is gone from
 * these by then. Plans are kept from cycle to cycle: that something ends earlier only makes the job start earlier, in the main scheduler.
 */
export function runBackfill(world: World): void {
  world.lastBackfill = world.now;
  world.statistics.backfillCycles += 1;
  world.backfilledVersion = world.placementVersion;
  if (world.queue.size === 0) return;
  const cycle = new BackfillCycle(world);
  const het: JobRecord[] = [];
  let tested = 0;
  for (const job of world.queue.inOrder()) {
    if (tested >= world.settings.backfillDepth) break;
    if (!world.queue.has(job)) continue;
    tested += 1;
    startHetJobs(world, het, job.jobId);
    if (job.het !== null) het.push(job);
    else while (cycle.try(job) && job.pendingTasks !== null);
  }
  startHetJobs(world, het);
  world.backfilledVersion = world.placementVersion;
}

class BackfillCycle {
  readonly #world: World;
  /** From when on each node is promised to a job. */
  readonly #promised: Float64Array;
  /** Until when the last of those to whom it is promised stays at most. */
  readonly #promisedUntil: Float64Array;
  /** What was found for a shape, by partition. */
  readonly #failed: ReadonlyMap<string, Map<string, Placement>>;
  /** Kinds of jobs that found no room beside what is promised, by partition, and the earliest end for which that is so: who stays longer finds none either. */
  readonly #refused: ReadonlyMap<string, Map<string, Epoch>>;
  #promises = false;
  #plans = 0;
  #ends: Endings | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#promised = new Float64Array(world.nodes.length).fill(Number.POSITIVE_INFINITY);
    this.#promisedUntil = new Float64Array(world.nodes.length);
    const names = [...world.partitions.keys()];
    this.#failed = new Map(names.map((name) => [name, new Map<string, Placement>()]));
    this.#refused = new Map(names.map((name) => [name, new Map<string, Epoch>()]));
  }

  /** True when it started. */
  try(job: JobRecord): boolean {
    const world = this.#world;
    let waiting: Placement | null = null;
    for (const name of job.partitions) {
      const partition = world.partition(name);
      if (partition === undefined) continue;
      const failed = this.#failed.get(name);
      const placement = failed?.get(job.own.shape) ?? this.#place(job, partition);
      if (placement.kind === 'start') {
        const started = startJob(world, job, { ...placement, scheduler: 'Backfill' });
        return started !== job;
      }
      if (placement.reason !== 'JobArrayTaskLimit') failed?.set(job.own.shape, placement);
      waiting ??= placement;
      const planned = this.#plans < plannedJobs && placement.reason === 'Resources' && placement.text === '';
      if (planned && job === world.jobs.get(job.jobId)) this.#plan(job, partition);
    }
    if (waiting?.kind === 'wait' && waiting.reason !== 'Resources') setReason(world, job, waiting.reason, waiting.text);
    else if (waiting?.kind === 'wait' && job.reason !== 'Resources' && job.reason !== 'ReqNodeNotAvail')
      setReason(world, job, waiting.text === '' ? 'Priority' : 'Resources', waiting.text);
    return false;
  }

  #place(job: JobRecord, partition: PartitionRecord): Placement {
    const world = this.#world;
    const { name } = partition;
    const obstacle = standingObstacle(world, job, partition);
    if (obstacle !== null) return obstacle;
    const kind = kindOf(world, job, partition);
    const refused = this.#refused.get(name);
    const until = world.now + limitMinutes(job, partition) * 60;
    if (world.noRoom.has(name, kind) || (refused?.get(kind) ?? Number.POSITIVE_INFINITY) <= until) return noRoom;
    const placement = findRoom(world, job, partition, (node) => (this.#promised[node.index] as number) >= until);
    if (placement.kind === 'start' || !placement.blocks) return placement;
    refused?.set(kind, until);
    if (job.reservation !== '') return placement;
    // It may have failed for what is promised to others; only where there is no room at all it need not be tried again.
    const anywhere = this.#promises ? findRoom(world, job, partition, () => true) : placement;
    if (anywhere.kind === 'wait' && anywhere.blocks) world.noRoom.note(name, kind);
    return placement;
  }

  #plan(job: JobRecord, partition: PartitionRecord): void {
    this.#plans += 1;
    const world = this.#world;
    let plan = world.plans.get(job.jobId);
    const stale = plan === undefined || (plan.start !== null && plan.start <= world.now) || plan.madeAt + planAge < world.now;
    if (stale || plan?.nodes.some((index) => !world.nodes[index]?.usable)) {
      this.#ends ??= new Endings(world);
      plan = planStart(world, job, partition, { ends: this.#ends, promisedUntil: this.#promisedUntil }) ?? {
        madeAt: world.now,
        start: null,
        nodes: [],
      };
      world.plans.set(job.jobId, plan);
    }
    if (plan === undefined || plan.start === null) return;
    if (job.expectedStart !== plan.start) {
      job.expectedStart = plan.start;
      world.touch(job);
    }
    const { start } = plan;
    this.#promises = true;
    const until = start + limitMinutes(job, partition) * 60;
    for (const index of plan.nodes) {
      this.#promised[index] = Math.min(this.#promised[index] as number, start);
      this.#promisedUntil[index] = Math.max(this.#promisedUntil[index] as number, until);
    }
  }
}

/** When and where a job that is not entered could start, beside what is planned already. */
export function planFor(world: World, job: JobRecord, partition: PartitionRecord): StartPlan | undefined {
  const promisedUntil = new Float64Array(world.nodes.length);
  for (const [jobId, { start, nodes }] of world.plans) {
    const other = world.jobs.get(jobId);
    const where = other === undefined ? undefined : world.partition(other.partition);
    if (start === null || other === undefined || where === undefined) continue;
    const until = start + limitMinutes(other, where) * 60;
    for (const index of nodes) promisedUntil[index] = Math.max(promisedUntil[index] as number, until);
  }
  return planStart(world, job, partition, { ends: new Endings(world), promisedUntil });
}

/** A running job and when it will have ended at the latest. */
interface Ending {
  readonly at: Epoch;
  readonly seq: number;
  readonly job: JobRecord;
}

/** Running jobs by the time at which their limits end them; brought into order only as far as somebody looks. */
class Endings {
  readonly #heap = new TimerHeap<Ending>();
  readonly #inOrder: Ending[] = [];

  constructor(world: World) {
    let seq = 0;
    for (const id of world.running) {
      const job = world.jobs.get(id);
      if (job === undefined) continue;
      this.#heap.push({ at: Math.max(job.end ?? (job.start ?? world.now) + yearMinutes * 60, world.now + 1), seq: seq++, job });
    }
  }

  at(place: number): Ending | undefined {
    while (this.#inOrder.length <= place) {
      const next = this.#heap.pop();
      if (next === undefined) return undefined;
      this.#inOrder.push(next);
    }
    return this.#inOrder[place];
  }
}

/** What will be free of a node once some of its jobs have ended. */
class FutureShare implements FreeShare {
  cores: number;
  memoryMiB: number;
  jobs: number;
  readonly #devices: { name: string; type: string | null; free: number }[];

  constructor(node: NodeRecord) {
    this.cores = node.freeCores;
    this.memoryMiB = node.freeMemoryMiB;
    this.jobs = node.jobs.size;
    this.#devices = node.devices.map(({ name, type, free }) => ({ name, type, free }));
  }

  devices(name: string, type: string | null): number {
    return this.#devices.reduce((sum, set) => sum + (set.name === name && (type === null || set.type === type) ? set.free : 0), 0);
  }

  without(grant: JobRecord['grants'][number], threadsPerCore: number): void {
    this.jobs -= 1;
    this.cores += grant.cpuIds.length / threadsPerCore;
    this.memoryMiB += grant.memoryMiB;
    for (const { name, type, indices } of grant.gres) {
      for (const set of this.#devices) if (set.name === name && set.type === type) set.free += indices.length;
    }
  }
}

/** The earliest moment at which a job's nodes are free, as far as the limits of what runs and of what is planned tell. */
function planStart(
  world: World,
  job: JobRecord,
  partition: PartitionRecord,
  { ends, promisedUntil }: { readonly ends: Endings; readonly promisedUntil: Float64Array },
): StartPlan | undefined {
  const { demand } = job.own;
  if (standingObstacle(world, job, partition) !== null) return undefined;
  const usable = usableFor(world, job, partition, true);
  const alone = demand.sharing === 'exclusive';
  // Tasks that each node can take; -1: it is not for this job.
  const fits = new Int32Array(world.nodes.length).fill(-1);
  const shares = new Map<NodeRecord, FutureShare>();
  // Nodes that are promised to others count from the end of the promise on.
  const promised: NodeRecord[] = [];
  const isPromised = (node: NodeRecord, at: Epoch): boolean => (promisedUntil[node.index] as number) > at;
  let tasks = 0;
  let hosts = 0;
  for (const node of partition.members) {
    if (!usable(node)) continue;
    const fit = node.freeCores === 0 || (alone && node.jobs.size > 0) ? 0 : tasksThatFit(node, demand, freeNow(node, 1));
    fits[node.index] = fit;
    if (isPromised(node, world.now)) {
      promised.push(node);
      continue;
    }
    tasks += fit;
    if (fit > 0) hosts += 1;
  }
  promised.sort((a, b) => (promisedUntil[a.index] as number) - (promisedUntil[b.index] as number));
  let next = 0;
  for (let at = 0, ending = ends.at(at); ending !== undefined || next < promised.length; ) {
    const free = promised[next];
    const start = Math.min(
      ending?.at ?? Number.POSITIVE_INFINITY,
      free === undefined ? Number.POSITIVE_INFINITY : (promisedUntil[free.index] as number),
    );
    for (let node = free; node !== undefined && !isPromised(node, start); node = promised[++next]) {
      const fit = fits[node.index] as number;
      tasks += fit;
      if (fit > 0) hosts += 1;
    }
    for (; ending?.at === start; ending = ends.at(++at)) {
      for (const grant of ending.job.grants) {
        const node = world.nodeByName.get(grant.node);
        const before = node === undefined ? -1 : (fits[node.index] as number);
        if (node === undefined || before < 0) continue;
        const share = shares.get(node) ?? new FutureShare(node);
        shares.set(node, share);
        share.without(grant, node.spec.threadsPerCore);
        const fit = alone && share.jobs > 0 ? 0 : tasksThatFit(node, demand, share);
        fits[node.index] = fit;
        if (isPromised(node, start)) continue;
        if (fit > 0 && before === 0) hosts += 1;
        tasks += fit - before;
      }
    }
    if (hosts < demand.minNodes || tasks < demand.tasks) continue;
    const nodes = planNodes(partition, (node) => (isPromised(node, start) ? 0 : (fits[node.index] as number)), demand);
    if (nodes !== undefined) return { madeAt: world.now, start, nodes };
  }
  return undefined;
}

function planNodes(partition: PartitionRecord, fits: (node: NodeRecord) => number, demand: Demand): readonly number[] | undefined {
  const required = new Set(demand.required);
  const fitting: Candidate[] = [];
  let seen = 0;
  for (const node of partition.members) {
    const fit = fits(node);
    if (fit <= 0) continue;
    if (required.has(node.spec.name)) seen += 1;
    fitting.push({ node, fit });
  }
  if (seen < required.size) return undefined;
  return spread(fitting, { ...demand, gresPerJob: [] }, required)?.map(({ node }) => node.index);
}
