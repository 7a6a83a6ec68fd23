import type { AdminLevel, Association, Epoch, ExitCode, Limits, Qos, Tres, TresKind, User } from '@sluice/slurm';
import type { BaseState, EmulatedStep, Identity } from './job.ts';

/** One row of the job table; a requeued or resized job has several. */
export interface JobRow {
  readonly dbIndex: string;
  readonly cluster: string;
  readonly jobId: number;
  readonly array: {
    readonly jobId: number;
    readonly taskId: number | null;
    readonly pending: string | null;
    readonly maxRunning: number | null;
  } | null;
  readonly het: { readonly jobId: number; readonly offset: number } | null;
  readonly name: string;
  readonly uid: number;
  readonly user: string;
  readonly gid: number;
  readonly group: string;
  readonly account: string;
  readonly associationId: number;
  readonly qos: string;
  /** The one that was asked for by name; absent where it is the default. */
  readonly requestedQos?: string;
  readonly partition: string;
  /** RESIZING and REQUEUED beside the base states: rows that a resize or a requeue closed. */
  readonly state: BaseState | 'RESIZING' | 'REQUEUED';
  readonly cancelledBy: number | null;
  readonly reason: string;
  readonly exit: ExitCode;
  readonly derivedExit: ExitCode;
  readonly submit: Epoch;
  readonly eligible: Epoch | null;
  readonly start: Epoch | null;
  readonly end: Epoch | null;
  readonly suspendedSeconds: number;
  /** Of a SUSPENDED row: since when it is; `suspendedSeconds` are those before. */
  readonly suspendedAt?: Epoch | null;
  /** Minutes. */
  readonly timeLimit: number | 'unlimited' | null;
  readonly priority: number;
  readonly nodes: string;
  readonly nodeCount: number;
  readonly requestedCpus: number;
  readonly requestedTres: Tres;
  readonly allocatedTres: Tres;
  /** As `--mem` said: per node or per CPU, MiB. */
  readonly requestedMemory: { readonly mib: number; readonly per: 'node' | 'cpu' } | null;
  readonly flags: readonly string[];
  readonly constraints: string;
  readonly reservation: string;
  readonly restarts: number;
  readonly comment: string;
  readonly adminComment: string;
  readonly systemComment: string;
  readonly extra: string;
  readonly workDir: string;
  readonly submitLine: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin: string;
  readonly failedNode: string;
  readonly wckey: string;
  readonly script: string | null;
  readonly environment: string | null;
  readonly steps: readonly EmulatedStep[];
}

/** What slurmctld tells slurmdbd. `job` is a whole row: the newest of a dbIndex counts. */
export type DbdMessage =
  | { readonly kind: 'job'; readonly row: JobRow }
  | {
      readonly kind: 'node';
      readonly node: string;
      readonly state: string;
      readonly reason: string;
      readonly by: Identity;
      readonly at: Epoch;
      readonly up: boolean;
    };

/** sacct's way of choosing rows (sacct(1), "--state"; slurm.md §5). Absent: not asked for. */
export interface JobRowQuery {
  readonly from?: Epoch;
  readonly to?: Epoch;
  readonly jobIds?: readonly string[];
  readonly users?: readonly string[];
  readonly accounts?: readonly string[];
  readonly partitions?: readonly string[];
  readonly qos?: readonly string[];
  readonly names?: readonly string[];
  readonly nodes?: readonly string[];
  readonly states?: readonly string[];
  readonly clusters?: readonly string[];
  readonly associationIds?: readonly number[];
  /** Rows that a later run of the job has taken the place of, too (`--duplicates`). */
  readonly duplicates?: boolean;
}

export interface EmulatedAssociation extends Association {
  readonly id: number;
  readonly parentId: number;
  /** QOS as stored: absolute, or `+x`/`-x` against the parent. */
  readonly ownQos: readonly string[];
  readonly lineage: string;
  readonly isDefault: boolean;
  readonly comment: string;
  readonly priority: number | null;
  /** What was set on this association alone; `qos`, `defaultQos` and the limits per job and user beside it are with what it inherits. */
  readonly own: OwnAssociation;
}

/** An association as it is stored: with nothing inherited. */
export interface OwnAssociation extends Limits {
  readonly id: number;
  readonly parentId: number;
  readonly account: string;
  /** Empty for an account's own. */
  readonly user: string;
  readonly partition: string;
  readonly fairshare: number | 'parent';
  /** Names; or `+x` and `-x` against what the parent has; empty: the parent's. */
  readonly qos: readonly string[];
  /** Empty: the parent's. */
  readonly defaultQos: string;
  readonly isDefault: boolean;
  readonly comment: string;
  readonly priority: number | null;
}

/** A QOS with what {@link Qos} does not say of it. */
export interface EmulatedQos extends Qos {
  readonly id: number;
  readonly usageThreshold: number | null;
  /** Seconds. */
  readonly graceTime: number;
  readonly minTresPerJob: Tres;
  readonly maxJobsPerAccount: number | null;
  readonly maxSubmitJobsPerAccount: number | null;
  readonly preemptMode: string;
}

export interface EmulatedAccount {
  readonly name: string;
  readonly description: string;
  readonly organization: string;
}

export interface Transaction {
  readonly at: Epoch;
  readonly action: string;
  readonly actor: string;
  readonly where: string;
  readonly info: string;
}

/** What is absent stays, null takes a limit away; so with each resource of a {@link Tres}. */
type Changes<T> = { readonly [K in keyof T]?: T[K] extends Tres ? Readonly<Record<string, number | null>> : T[K] };

/** Changes of an association. `qos` is `=a,b`, `+a` or `-a` as sacctmgr was told. */
export interface AssociationChanges extends Changes<Limits> {
  readonly fairshare?: number | 'parent';
  readonly parent?: string;
  readonly qos?: { readonly how: '=' | '+' | '-'; readonly names: readonly string[] };
  readonly defaultQos?: string | null;
  readonly priority?: number | null;
  readonly comment?: string;
  /** Sets the usage that counts against shares and limits to zero; Slurm knows no other value. */
  readonly rawUsage?: 0;
}

export interface EmulatedUser extends User {
  readonly adminLevel: AdminLevel;
  readonly defaultWckey: string;
  /** Accounts that this user coordinates. */
  readonly coordinates: readonly string[];
}

/** The seconds of one association in one hour that has been rolled up. */
export interface HourlyUsage {
  readonly hour: Epoch;
  readonly associationId: number;
  readonly seconds: Tres;
}

/** What became of the cluster's resources in one hour, as `sreport cluster utilization` says it: seconds of one resource. */
export interface ClusterHour {
  readonly hour: Epoch;
  /** Name of the resource, e.g. `cpu`. */
  readonly tres: string;
  readonly allocated: number;
  readonly down: number;
  readonly plannedDown: number;
  readonly idle: number;
  /** Seconds that eligible jobs waited for what was idle. */
  readonly planned: number;
  /** All there was. */
  readonly total: number;
}

/** One node of the fairshare tree with its figures now (sshare(1)); usage decayed, in TRES-seconds of billing. */
export interface ShareFigures {
  readonly association: EmulatedAssociation;
  readonly rawUsage: number;
  readonly normShares: number | null;
  readonly normUsage: number;
  readonly effectiveUsage: number | null;
  readonly fairshare: number | null;
  readonly levelFs: number | null;
  /** Decayed usage by resource, in minutes. */
  readonly usedMins: Tres;
  /** Minutes that running jobs may still take. */
  readonly runMins: Tres;
}

/** The emulated slurmdbd: accounting, associations, QOS. Synchronous; throws SlurmError. Changes reach slurmctld at once. */
export interface Slurmdbd {
  now(): Epoch;
  /** In order of id and start; streamed, for history is long. */
  jobRows(query: JobRowQuery): Iterable<JobRow>;
  clusters(): readonly { readonly name: string; readonly controlHost: string; readonly controlPort: number; readonly rpcVersion: number }[];
  accounts(): readonly EmulatedAccount[];
  users(): readonly EmulatedUser[];
  qos(): readonly EmulatedQos[];
  tres(): readonly TresKind[];
  /** Parents before children, in the order of sacctmgr. */
  associations(): readonly EmulatedAssociation[];
  transactions(): readonly Transaction[];
  events(): readonly {
    readonly cluster: string;
    readonly node: string;
    readonly start: Epoch;
    readonly end: Epoch | null;
    readonly state: string;
    readonly reason: string;
    readonly user: string;
  }[];
  shares(): readonly ShareFigures[];
  /** Of whole hours that are over; `to` is exclusive. */
  hourlyUsage(from: Epoch, to: Epoch): Iterable<HourlyUsage>;
  clusterUsage(from: Epoch, to: Epoch): readonly ClusterHour[];
  /** Jobs without an end that slurmctld does not know. */
  runawayJobs(): readonly JobRow[];
  fixRunawayJobs(as: Identity): number;

  addCluster(name: string, as: Identity): boolean;
  removeCluster(name: string, as: Identity): boolean;
  /** False when it was there already. */
  addAccount(account: EmulatedAccount, parent: string, changes: AssociationChanges, as: Identity): boolean;
  modifyAccount(
    names: string | readonly string[],
    changes: { readonly description?: string; readonly organization?: string },
    as: Identity,
  ): boolean;
  removeAccount(names: string | readonly string[], as: Identity): boolean;
  addUser(name: string, options: { readonly defaultAccount?: string; readonly admin?: AdminLevel }, as: Identity): boolean;
  modifyUser(
    names: string | readonly string[],
    changes: { readonly defaultAccount?: string; readonly admin?: AdminLevel },
    as: Identity,
  ): boolean;
  removeUser(names: string | readonly string[], as: Identity): boolean;
  addAssociation(
    key: {
      readonly account: string;
      readonly user: string;
      readonly partition: string;
      /** Whether it is to be the user's default; absent: if it is the first. */
      readonly isDefault?: boolean;
    },
    changes: AssociationChanges,
    as: Identity,
  ): boolean;
  /** Several at once are one transaction. */
  modifyAssociation(ids: number | readonly number[], changes: AssociationChanges, as: Identity): boolean;
  removeAssociation(ids: number | readonly number[], as: Identity): boolean;
  /** Makes users coordinators of accounts, or takes it from them. */
  coordinate(users: readonly string[], accounts: readonly string[], how: 'add' | 'remove', as: Identity): boolean;
  addQos(name: string, changes: QosChange, as: Identity): boolean;
  modifyQos(names: string | readonly string[], changes: QosChange, as: Identity): boolean;
  removeQos(names: string | readonly string[], as: Identity): boolean;
  modifyJobRow(
    dbIndex: string,
    changes: {
      readonly comment?: string;
      readonly adminComment?: string;
      readonly systemComment?: string;
      readonly extra?: string;
      readonly derivedExit?: ExitCode;
    },
    as: Identity,
  ): boolean;
}

/** Changes of a QOS; its limits of jobs are those per user and per account. */
export interface QosChange extends Changes<Omit<EmulatedQos, 'id' | 'name' | 'flags' | 'preemptMode' | 'maxJobs' | 'maxSubmitJobs'>> {
  readonly flags?: { readonly how: '=' | '+' | '-'; readonly names: readonly string[] };
  readonly rawUsage?: 0;
}
