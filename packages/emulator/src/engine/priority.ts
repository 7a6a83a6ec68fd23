import type { Epoch } from '@sluice/slurm';
import type { JobRecord } from './job-record.ts';
import type { EngineSettings } from './settings.ts';
import type { World } from './world.ts';

/** The parts of a job's priority, weighted, as sprio -l shows them. */
export interface PriorityParts {
  readonly age: number;
  readonly assoc: number;
  readonly fairshare: number;
  readonly jobSize: number;
  readonly partition: number;
  readonly qos: number;
  readonly nice: number;
  /** Whole, at least 1; 0 of a held job. */
  readonly priority: number;
}

/** What the factors depend on, beside the weights. Shares lie between 0 and 1. */
export interface PriorityFacts {
  readonly ageShare: number;
  readonly fairshare: number;
  readonly nodeShare: number;
  readonly cpuShare: number;
  readonly partitionShare: number;
  readonly qosShare: number;
  readonly assocShare: number;
  readonly nice: number;
}

/** priority/multifactor: weighted factors, added and cut to a whole number (as recorded: 11088 of 11088.54). Pure. */
export function priorityParts(facts: PriorityFacts, { weights, favorSmall }: EngineSettings): PriorityParts {
  const size = favorSmall ? (1 - facts.nodeShare + 1 - facts.cpuShare) / 2 : (facts.nodeShare + facts.cpuShare) / 2;
  const parts = {
    age: weights.age * facts.ageShare,
    assoc: weights.assoc * facts.assocShare,
    fairshare: weights.fairshare * facts.fairshare,
    jobSize: weights.jobSize * size,
    partition: weights.partition * facts.partitionShare,
    qos: weights.qos * facts.qosShare,
    nice: facts.nice,
  };
  const sum = parts.age + parts.assoc + parts.fairshare + parts.jobSize + parts.partition + parts.qos - parts.nice;
  return { ...parts, priority: Math.max(1, Math.floor(sum)) };
}

/** Slurm's largest factors, to which those of a job are held. */
export class PriorityScale {
  readonly #world: World;
  #version = -1;
  #maxQos = 0;
  readonly #maxPartition: number;
  readonly #cpus: number;

  constructor(world: World) {
    this.#world = world;
    this.#maxPartition = Math.max(1, ...[...world.partitions.values()].map(({ priorityJobFactor }) => priorityJobFactor));
    this.#cpus = world.nodes.reduce((sum, node) => sum + node.cores * node.spec.threadsPerCore, 0);
  }

  parts(job: JobRecord, now: Epoch): PriorityParts {
    const world = this.#world;
    const { manager, settings } = world;
    const waited = job.accrue === null ? 0 : Math.max(0, now - job.accrue);
    const partition = world.partition(job.partition);
    const association = manager.associationById(job.associationId);
    const facts: PriorityFacts = {
      ageShare: settings.maxAge > 0 ? Math.min(1, waited / settings.maxAge) : 0,
      fairshare: settings.weights.fairshare > 0 ? manager.fairshareFactor(job.associationId) : 0,
      nodeShare: job.own.demand.minNodes / Math.max(1, world.nodes.length),
      cpuShare: (job.requestedTres['cpu'] ?? 1) / Math.max(1, this.#cpus),
      partitionShare: (partition?.priorityJobFactor ?? 1) / this.#maxPartition,
      qosShare: this.#qosShare(job.qos),
      assocShare: association?.priority ? 1 : 0,
      nice: job.nice,
    };
    return priorityParts(facts, settings);
  }

  /** A job's priority now: given by an operator, or computed; 0 while it is held. */
  of(job: JobRecord, now: Epoch): number {
    if (job.held !== null) return 0;
    if (job.own.priorityGiven !== null) return job.own.priorityGiven;
    if (this.#world.settings.basicPriority) return Math.max(1, 4294901761 - job.jobId - job.nice);
    return this.parts(job, now).priority;
  }

  #qosShare(name: string): number {
    const { manager } = this.#world;
    if (this.#version !== manager.version) {
      this.#version = manager.version;
      this.#maxQos = manager.highestQosPriority();
    }
    return this.#maxQos === 0 ? 0 : (manager.qosByName(name)?.priority ?? 0) / this.#maxQos;
  }
}
