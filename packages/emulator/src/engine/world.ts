import type { Epoch } from '@sluice/slurm';
import type { AssociationManager } from '../model/association-manager.ts';
import type { Reservation } from '../model/slurmctld.ts';
import type { ClusterSpec, PartitionSpec } from '../model/spec.ts';
import type { StartPlan } from './backfill.ts';
import type { DbdAgent } from './dbd-agent.ts';
import type { JobRecord, JobTimer, Mutable } from './job-record.ts';
import { LimitCounts } from './limit-counts.ts';
import { NoRoom } from './no-room.ts';
import { NodeRecord } from './node-record.ts';
import { PriorityScale } from './priority.ts';
import { JobQueue } from './queue.ts';
import { type EngineSettings, engineSettings } from './settings.ts';
import { TimerHeap } from './timers.ts';

/** What the controller itself has to do at a moment. */
export type ControllerTimer = 'schedule' | 'backfill' | 'priorities' | 'reservation' | 'nodes' | 'minutes';

export interface HeapEntry {
  readonly at: Epoch;
  readonly seq: number;
  /** 0: the controller's own. */
  readonly jobId: number;
  readonly kind: JobTimer | ControllerTimer;
}

export interface PartitionRecord extends Mutable<PartitionSpec> {
  /** In the order in which they are preferred. */
  members: readonly NodeRecord[];
  memberNames: ReadonlySet<string>;
}

/** What really runs or is told of jobs beside the engine: local processes, hooks. All calls return at once. */
export interface JobEffects {
  /** Whether scripts can be run at all; else all runs are played. */
  readonly runsScripts: boolean;
  /** A run has begun; `local` when its script is to run as a process. */
  begun(job: JobRecord, local: boolean): void;
  /** Signals a local process and all it started (`batchOnly`: the script's shell alone); true when there is one. */
  signalled(job: JobRecord, signal: number, batchOnly?: boolean): boolean;
  /** A run is over. True when something (EpilogSlurmctld) must end before it is complete; then `World.effectsDone` follows. */
  ended(job: JobRecord): boolean;
}

export interface Statistics {
  startedAt: Epoch;
  submitted: number;
  started: number;
  completed: number;
  cancelled: number;
  failed: number;
  scheduleCycles: number;
  backfillCycles: number;
  backfilled: number;
}

/** The state that all parts of the engine work on. One moment at a time: `now` only moves between events. */
export class World {
  readonly spec: ClusterSpec;
  readonly settings: EngineSettings;
  /** 2411 for 24.11. */
  readonly release: number;
  readonly manager: AssociationManager;
  readonly agent: DbdAgent;
  readonly nodes: readonly NodeRecord[];
  readonly nodeByName: ReadonlyMap<string, NodeRecord>;
  readonly partitions: ReadonlyMap<string, PartitionRecord>;
  /** Of all kinds of generic resources that a node has. */
  readonly deviceNames: ReadonlySet<string>;
  readonly reservations = new Map<string, Mutable<Reservation>>();
  /** By id, in their order. */
  readonly jobs = new Map<number, JobRecord>();
  /** Records of an array or a het job by its own id: tasks and rest, components. */
  readonly groups = new Map<number, Set<number>>();
  readonly queue = new JobQueue();
  /** Jobs that run or are suspended. */
  readonly running = new Set<number>();
  /** Jobs that wait for another: by the id they wait for. */
  readonly waiting = new Map<number, Set<number>>();
  /** Planned starts of jobs that wait. */
  readonly plans = new Map<number, StartPlan>();
  readonly noRoom = new NoRoom();
  readonly counts: LimitCounts;
  readonly scale: PriorityScale;
  readonly heap = new TimerHeap<HeapEntry>();
  readonly tracked: ReadonlySet<string>;
  readonly statistics: Statistics;
  readonly changedJobs = new Set<number>();
  readonly changedNodes = new Set<string>();
  readonly changedPartitions = new Set<string>();
  readonly changedReservations = new Set<string>();
  effects: JobEffects = { runsScripts: false, begun: () => {}, signalled: () => false, ended: () => false };
  /** The controller's own timers that stand, by kind. */
  readonly own = new Map<ControllerTimer, { at: Epoch; seq: number }>();
  now: Epoch;
  nextJobId: number;
  nextSeq = 1;
  nextDbIndex = 1;
  /** Rises with everything that changes what can be placed: schedules are planned anew. */
  placementVersion = 0;
  /** What of it the backfill scheduler has seen. */
  backfilledVersion = -1;
  lastBackfill: Epoch = 0;
  readonly random: () => number;
  readonly log: (line: string) => void;

  constructor(options: {
    readonly spec: ClusterSpec;
    readonly now: Epoch;
    readonly manager: AssociationManager;
    readonly agent: DbdAgent;
    readonly random: () => number;
    readonly log: (line: string) => void;
  }) {
    const { spec, now } = options;
    this.spec = spec;
    this.now = now;
    this.manager = options.manager;
    this.agent = options.agent;
    this.random = options.random;
    this.log = options.log;
    this.settings = engineSettings(spec);
    this.release = releaseNumber(spec.release);
    this.nodes = spec.nodes.map((node, index) => new NodeRecord(node, index, now));
    this.nodeByName = new Map(this.nodes.map((node) => [node.spec.name, node]));
    this.deviceNames = new Set(this.nodes.flatMap(({ devices }) => devices.map(({ name }) => name)));
    this.partitions = new Map(spec.partitions.map((partition) => [partition.name, partitionRecord(partition, this.nodeByName)]));
    this.counts = new LimitCounts(options.manager);
    this.scale = new PriorityScale(this);
    this.tracked = new Set(['cpu', 'mem', 'energy', 'node', 'billing', 'fs/disk', 'vmem', 'pages', ...spec.tres]);
    this.nextJobId = this.settings.firstJobId;
    this.statistics = {
      startedAt: now,
      submitted: 0,
      started: 0,
      completed: 0,
      cancelled: 0,
      failed: 0,
      scheduleCycles: 0,
      backfillCycles: 0,
      backfilled: 0,
    };
  }

  partition(name: string): PartitionRecord | undefined {
    return this.partitions.get(name);
  }

  /** A job's timer of that kind; one that stood is replaced. */
  setTimer(job: JobRecord, kind: JobTimer, at: Epoch): void {
    this.clearTimer(job, kind);
    const seq = this.nextSeq++;
    job.own.timers.push({ at, seq, kind });
    this.heap.push({ at, seq, jobId: job.jobId, kind });
    this.changedJobs.add(job.jobId);
  }

  clearTimer(job: JobRecord, kind: JobTimer): void {
    const { timers } = job.own;
    const at = timers.findIndex((timer) => timer.kind === kind);
    if (at >= 0) timers.splice(at, 1);
  }

  clearTimers(job: JobRecord): void {
    job.own.timers.length = 0;
  }

  /** The controller's own timer; the earlier one stands. */
  wakeAt(kind: ControllerTimer, at: Epoch): void {
    const standing = this.own.get(kind);
    if (standing !== undefined && standing.at <= at) return;
    const seq = this.nextSeq++;
    this.own.set(kind, { at, seq });
    this.heap.push({ at, seq, jobId: 0, kind });
  }

  /** Resources of these nodes are free again; without names: of any. */
  freed(nodes?: readonly string[]): void {
    this.placementVersion += 1;
    for (const { name, memberNames } of this.partitions.values()) {
      if (nodes === undefined || nodes.some((node) => memberNames.has(node))) this.noRoom.freed(name);
    }
  }

  /** Something changed by which a job might start now. */
  scheduleSoon(at: Epoch = this.now): void {
    this.placementVersion += 1;
    this.wakeAt('schedule', at);
  }

  /** Nodes that the scheduler may not use, whatever runs on them, as of the last {@link countUnusable}. */
  unusable = 0;

  countUnusable(): void {
    this.unusable = this.nodes.reduce((count, node) => count + (node.usable ? 0 : 1), 0);
  }

  touch(job: JobRecord): void {
    this.changedJobs.add(job.jobId);
  }

  group(jobId: number): readonly JobRecord[] {
    const ids = this.groups.get(jobId);
    if (ids === undefined) {
      const job = this.jobs.get(jobId);
      return job === undefined ? [] : [job];
    }
    return [...ids].flatMap((id) => this.jobs.get(id) ?? []);
  }

  /** A number for a new row of accounting: a SLUID from 24.11 on, a row number before. */
  newDbIndex(): string {
    const counter = this.nextDbIndex++;
    if (this.release < 2411) return `${counter}`;
    // 12 bits of the cluster, 42 of milliseconds, 10 of a sequence (recorded).
    const milliseconds = BigInt(this.now * 1000 + (counter % 1000));
    return `${(0xd9bn << 52n) | (milliseconds << 10n) | BigInt(Math.floor(counter / 1000) % 1024)}`;
  }
}

export function partitionRecord(spec: PartitionSpec, nodes: ReadonlyMap<string, NodeRecord>): PartitionRecord {
  const members = spec.nodes.flatMap((name) => nodes.get(name) ?? []);
  return { ...spec, members: inOrder(members), memberNames: new Set(spec.nodes) };
}

/** Lighter nodes first, then as in slurm.conf. */
export function inOrder(nodes: readonly NodeRecord[]): readonly NodeRecord[] {
  return [...nodes].sort((a, b) => a.weight - b.weight || a.index - b.index);
}

/** `24.11.5` as 2411. */
function releaseNumber(release: string): number {
  const [year = '0', month = '0'] = release.split('.');
  return Number(year) * 100 + Number(month);
}
