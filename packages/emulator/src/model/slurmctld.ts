import type { Epoch, Tres } from '@sluice/slurm';
import type { EmulatedJob, Identity, JobRequest } from './job.ts';
import type { ClusterSpec, NodeSpec, PartitionSpec } from './spec.ts';

/** A refusal in Slurm's words: `message` is slurm_strerror's sentence, `number` the error number of slurm_errno.h (0 when there is none). */
export interface SlurmRefusal {
  readonly number: number;
  /** Name in slurm_errno.h, e.g. ESLURM_INVALID_PARTITION_NAME. */
  readonly name: string;
  readonly message: string;
}

/** Thrown by every method that Slurm may refuse. */
export class SlurmError extends Error implements SlurmRefusal {
  readonly number: number;
  override readonly name: string;

  constructor({ number, name, message }: SlurmRefusal) {
    super(message);
    this.number = number;
    this.name = name;
  }
}

export interface EmulatedNode {
  readonly spec: NodeSpec;
  /** IDLE, ALLOCATED, MIXED, DOWN, UNKNOWN, FUTURE. */
  readonly state: string;
  /** DRAIN, COMPLETING, MAINTENANCE, NOT_RESPONDING, RESERVED, … */
  readonly flags: readonly string[];
  readonly reason: string;
  readonly reasonBy: string;
  readonly reasonAt: Epoch | null;
  readonly cpusAllocated: number;
  readonly memoryAllocatedMiB: number;
  /** Device indices in use, by `name:type` (or `name`). */
  readonly gresUsed: Readonly<Record<string, readonly number[]>>;
  readonly comment: string;
  readonly extra: string;
  readonly bootAt: Epoch;
  readonly slurmdStartAt: Epoch;
  readonly lastBusy: Epoch;
  readonly weight: number;
  readonly features: readonly string[];
}

export interface EmulatedPartition extends PartitionSpec {
  readonly totalCpus: number;
  readonly tres: Tres;
}

export interface Reservation {
  readonly name: string;
  readonly start: Epoch;
  readonly end: Epoch;
  readonly nodes: readonly string[];
  readonly users: readonly string[];
  readonly accounts: readonly string[];
  readonly partition: string | null;
  readonly flags: readonly string[];
}

/** Changes by `scontrol update job` and its relatives; a key that is absent stays. */
export interface JobChanges {
  readonly name?: string;
  readonly account?: string;
  readonly partitions?: readonly string[];
  readonly qos?: string;
  /** Minutes. */
  readonly timeLimit?: number | 'unlimited';
  readonly priority?: number;
  readonly nice?: number;
  readonly comment?: string;
  readonly adminComment?: string;
  readonly systemComment?: string;
  readonly extra?: string;
  readonly dependency?: string;
  readonly begin?: Epoch;
  readonly deadline?: Epoch;
  readonly requeue?: boolean;
  readonly requiredNodes?: readonly string[];
  readonly excludedNodes?: readonly string[];
  readonly reservation?: string;
  /** Of a running job: it keeps these of its nodes (a shrink). */
  readonly numNodes?: number;
  readonly nodeList?: readonly string[];
  readonly arrayMaxRunning?: number;
}

export interface NodeChanges {
  /** `down`, `drain`, `resume`, `undrain`, `fail`, `idle`, `power_down`, … as scontrol(1) has them. */
  readonly state?: string;
  readonly reason?: string;
  readonly comment?: string;
  readonly extra?: string;
  readonly weight?: number;
  readonly features?: readonly string[];
}

export interface ControllerStatistics {
  readonly startedAt: Epoch;
  readonly submitted: number;
  readonly started: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly failed: number;
  readonly pending: number;
  readonly running: number;
  /** Messages for slurmdbd that have not been delivered. */
  readonly dbdAgentQueue: number;
  readonly scheduleCycles: number;
  readonly backfillCycles: number;
  readonly backfilled: number;
}

/** Which jobs a command is about: `17`, `17_3`, `17_[1-4]`, `15+1`. */
export type JobSelector = string;

/**
 * The emulated slurmctld: what its RPCs answer and do. All methods are synchronous: what follows in time (a job that starts) happens when the
 * clock goes on. They throw {@link SlurmError}.
 */
export interface Slurmctld {
  readonly spec: ClusterSpec;
  /** All settings as `scontrol show config` has them, by name. */
  config(): Readonly<Record<string, string>>;
  now(): Epoch;
  /** In the order of their ids: all that have not been forgotten (MinJobAge). */
  jobs(): Iterable<EmulatedJob>;
  job(jobId: number): EmulatedJob | undefined;
  /** All records that a selector is about: an array's tasks, a het job's components; empty when there are none. */
  select(selector: JobSelector): readonly EmulatedJob[];
  nodes(): readonly EmulatedNode[];
  node(name: string): EmulatedNode | undefined;
  partitions(): readonly EmulatedPartition[];
  reservations(): readonly Reservation[];
  statistics(): ControllerStatistics;
  /** Controllers in order, and whether they answer. */
  controllers(): readonly { readonly host: string; readonly up: boolean }[];
  /** More than one request is a het job. The id is that of the job, the array or the het job's leader. */
  submit(requests: readonly JobRequest[], as: Identity): { readonly jobId: number };
  /** Whether it could run: when, and where (`sbatch --test-only`). */
  test(
    requests: readonly JobRequest[],
    as: Identity,
  ): {
    readonly jobId: number;
    readonly start: Epoch;
    readonly cpus: number;
    readonly nodes: readonly string[];
    readonly partition: string;
  };
  /** Without a signal, or with KILL to the whole of a pending job, it is cancelled. */
  signal(
    selector: JobSelector,
    signal: number | null,
    options: { readonly batchOnly: boolean; readonly full: boolean },
    as: Identity,
  ): void;
  updateJob(selector: JobSelector, changes: JobChanges, as: Identity): void;
  hold(selector: JobSelector, by: 'user' | 'admin', as: Identity): void;
  release(selector: JobSelector, as: Identity): void;
  requeue(selector: JobSelector, options: { readonly hold: boolean; readonly specialExit: boolean }, as: Identity): void;
  suspend(selector: JobSelector, as: Identity): void;
  resume(selector: JobSelector, as: Identity): void;
  updateNode(names: readonly string[], changes: NodeChanges, as: Identity): void;
  updatePartition(name: string, changes: Partial<PartitionSpec>, as: Identity): void;
  createReservation(reservation: Omit<Reservation, 'name'> & { readonly name?: string }, as: Identity): { readonly name: string };
  deleteReservation(name: string, as: Identity): void;
  /** srun and salloc are done with the allocation that they asked for: it ends as its exit code says. */
  completeJob(jobId: number, exit: { readonly code: number; readonly signal: number }, as: Identity): void;
  /** A step that srun runs within a job; returns its number. */
  startStep(
    jobId: number,
    step: { readonly name: string; readonly tasks: number; readonly nodes?: readonly string[]; readonly submitLine: string },
    as: Identity,
  ): number;
  endStep(jobId: number, step: number, exit: { readonly code: number; readonly signal: number }): void;
}
