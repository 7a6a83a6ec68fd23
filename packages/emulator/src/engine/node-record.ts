import type { Epoch } from '@sluice/slurm';
import type { NodeGrant } from '../model/job.ts';
import type { EmulatedNode } from '../model/slurmctld.ts';
import type { NodeSpec } from '../model/spec.ts';

/** Devices of one name and type on one node; `first` is the index of the first, for indices run over all types of a name. */
export interface DeviceSet {
  readonly name: string;
  readonly type: string | null;
  readonly first: number;
  readonly inUse: boolean[];
  free: number;
}

/** What of a node is kept between two lives of the process; what jobs hold follows from the jobs. */
export interface SavedNode {
  readonly down: boolean;
  readonly marks: readonly string[];
  readonly reason: string;
  readonly reasonBy: string;
  readonly reasonAt: Epoch | null;
  readonly comment: string;
  readonly extra: string;
  readonly weight: number;
  readonly features: readonly string[];
  readonly lastBusy: Epoch;
  readonly bootAt: Epoch;
  readonly slurmdStartAt: Epoch;
  readonly answersAt?: Epoch | null;
}

/** A node with what jobs hold on it. */
export class NodeRecord implements EmulatedNode {
  readonly spec: NodeSpec;
  readonly index: number;
  readonly cores: number;
  /** All its CPUs by Slurm's numbers. */
  readonly cpuIds: readonly number[];
  /** Jobs on each core; more than one only where a partition lets jobs oversubscribe. */
  readonly coreUse: Uint8Array;
  freeCores: number;
  memoryAllocatedMiB = 0;
  readonly devices: readonly DeviceSet[];
  /** Jobs that hold something here, suspended ones included. */
  readonly jobs = new Set<number>();
  /** Of these: jobs that let others onto their CPUs. */
  oversubscribing = 0;
  exclusiveJob: number | null = null;
  /** Jobs that are completing here. */
  completing = 0;
  down = false;
  /** Whether the scheduler may put jobs here at all; follows from the state by {@link settle}. */
  usable = true;
  /** Marks beside the state: DRAIN, MAINTENANCE, RESERVED, NOT_RESPONDING, … */
  readonly marks = new Set<string>();
  reason = '';
  reasonBy = '';
  reasonAt: Epoch | null = null;
  comment = '';
  extra = '';
  bootAt: Epoch;
  slurmdStartAt: Epoch;
  /** When it answers slurmctld, which has asked it; until then it is NOT_RESPONDING. Null: nothing was asked. */
  answersAt: Epoch | null = null;
  lastBusy: Epoch;
  weight: number;
  features: readonly string[];

  constructor(spec: NodeSpec, index: number, now: Epoch) {
    this.spec = spec;
    this.index = index;
    this.cores = spec.sockets * spec.coresPerSocket;
    this.cpuIds = Array.from({ length: this.cores * spec.threadsPerCore }, (_, cpu) => cpu);
    this.coreUse = new Uint8Array(this.cores);
    this.freeCores = this.cores;
    this.devices = deviceSets(spec);
    this.bootAt = now;
    this.slurmdStartAt = now;
    this.lastBusy = now;
    this.weight = spec.weight;
    this.features = spec.features;
  }

  get cpusAllocated(): number {
    return (this.cores - this.freeCores) * this.spec.threadsPerCore;
  }

  get state(): string {
    if (this.down) return 'DOWN';
    if (this.freeCores === 0) return 'ALLOCATED';
    return this.freeCores < this.cores ? 'MIXED' : 'IDLE';
  }

  get flags(): readonly string[] {
    return this.completing > 0 ? [...this.marks, 'COMPLETING'] : [...this.marks];
  }

  get gresUsed(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(
      this.devices.map(({ name, type, first, inUse }) => [
        type === null ? name : `${name}:${type}`,
        inUse.flatMap((used, index) => (used ? [first + index] : [])),
      ]),
    );
  }

  get freeMemoryMiB(): number {
    return this.spec.memoryMiB - this.memoryAllocatedMiB;
  }

  /** Takes what a job is granted. `memoryOnly`: its CPUs are not taken, for it is suspended. */
  take(jobId: number, grant: NodeGrant, sharing: string, cpus = true): void {
    this.jobs.add(jobId);
    if (sharing === 'oversubscribe') this.oversubscribing += 1;
    if (sharing === 'exclusive') this.exclusiveJob = jobId;
    this.memoryAllocatedMiB += grant.memoryMiB;
    if (cpus) this.#cores(grant, 1);
    this.#devices(grant, true);
  }

  /** Gives back what {@link take} took. */
  giveBack(jobId: number, grant: NodeGrant, sharing: string, cpus = true): void {
    if (!this.jobs.delete(jobId)) return;
    if (sharing === 'oversubscribe') this.oversubscribing -= 1;
    if (this.exclusiveJob === jobId) this.exclusiveJob = null;
    this.memoryAllocatedMiB -= grant.memoryMiB;
    if (cpus) this.#cores(grant, -1);
    this.#devices(grant, false);
  }

  /** CPUs alone, at a suspension and a resume. */
  releaseCpus(grant: NodeGrant): void {
    this.#cores(grant, -1);
  }

  retakeCpus(grant: NodeGrant): void {
    this.#cores(grant, 1);
  }

  /** To be called when the state or its marks have changed. */
  settle(): void {
    this.usable = !this.down && !this.marks.has('DRAIN') && !this.marks.has('NOT_RESPONDING') && !this.marks.has('POWERED_DOWN');
  }

  save(): SavedNode {
    const { down, reason, reasonBy, reasonAt, comment, extra, weight, features, lastBusy, bootAt, slurmdStartAt, answersAt } = this;
    return {
      down,
      marks: [...this.marks],
      reason,
      reasonBy,
      reasonAt,
      comment,
      extra,
      weight,
      features,
      lastBusy,
      bootAt,
      slurmdStartAt,
      answersAt,
    };
  }

  restore({ marks, ...saved }: SavedNode): void {
    Object.assign(this, saved);
    this.marks.clear();
    for (const mark of marks) this.marks.add(mark);
    this.settle();
  }

  #cores(grant: NodeGrant, change: 1 | -1): void {
    const { threadsPerCore } = this.spec;
    let last = -1;
    for (const cpu of grant.cpuIds) {
      const core = Math.floor(cpu / threadsPerCore);
      if (core === last) continue;
      last = core;
      const before = this.coreUse[core] ?? 0;
      this.coreUse[core] = before + change;
      if (before === 0) this.freeCores -= 1;
      else if (before + change === 0) this.freeCores += 1;
    }
  }

  #devices(grant: NodeGrant, used: boolean): void {
    for (const { name, type, indices } of grant.gres) {
      const set = this.devices.find((devices) => devices.name === name && devices.type === type);
      if (set === undefined) continue;
      for (const index of indices) set.inUse[index - set.first] = used;
      set.free += used ? -indices.length : indices.length;
    }
  }
}

function deviceSets(spec: NodeSpec): readonly DeviceSet[] {
  const next = new Map<string, number>();
  return spec.gres.map(({ name, type, count }) => {
    const first = next.get(name) ?? 0;
    next.set(name, first + count);
    return { name, type, first, inUse: Array.from({ length: count }, () => false), free: count };
  });
}
