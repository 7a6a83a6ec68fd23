import type { SluiceError } from '@sluice/io';
import type {
  Account,
  AccountedJob,
  ActiveJob,
  ActiveState,
  AdminLevel,
  Allocation,
  Association,
  Cluster,
  Epoch,
  JobDetails,
  Node,
  Partition,
  Qos,
  Release,
  Share,
  TimeLimit,
  TresKind,
  Usage,
  User,
} from './records.ts';

/**
 * The four facets of a connector. A door asks only for the facets it may use; the commands connector and the slurmrestd
 * connector stand behind the same interfaces and pass the same tests.
 */
export interface Connector {
  readonly accounting: Accounting;
  readonly controller: Controller;
  readonly jobs: Jobs;
  readonly accountingAdmin: AccountingAdmin;
}

/**
 * An answer about one object. `unasked` means that Slurm could not be asked; it is never taken for `gone`. `gone` is
 * only said when the daemon answered before and after.
 */
export type Answer<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unasked'; readonly error: SluiceError };

/** A record of Slurm's answer that could not be read. It never costs another record. */
export interface Reject {
  /** What it was, e.g. `sacct row`. */
  readonly source: string;
  /** What is wrong with it. */
  readonly reason: string;
  /** At most 200 characters of it, control characters escaped. */
  readonly excerpt: string;
}

/** Records of a short answer, with what of it could not be read. */
export interface Records<T> {
  readonly records: readonly T[];
  readonly rejects: readonly Reject[];
}

/**
 * A long answer, in pieces as they arrive. Only `slice` says that all records of a part have been seen: a watermark may
 * move to its `to` then and not before. The stream ends early with a typed error when an answer is not whole.
 */
export type Piece<T> =
  | { readonly kind: 'records'; readonly records: readonly T[] }
  | { readonly kind: 'rejects'; readonly rejects: readonly Reject[] }
  | { readonly kind: 'slice'; readonly from: Epoch; readonly to: Epoch; readonly rows: number; readonly rejected: number };

export interface EndedJobsQuery {
  /** Jobs whose end lies in [from, to], both ends included; consecutive windows repeat the rows on the border. */
  readonly from: Epoch;
  readonly to: Epoch;
  /** Clusters by name; the local one when absent. */
  readonly clusters?: readonly string[];
  readonly users?: readonly string[];
  readonly accounts?: readonly string[];
  readonly partitions?: readonly string[];
  /**
   * What is wanted of each job; all when absent. The rest may be missing from its record, which costs Slurm and us half as
   * much: empty, null or 0. What tells a job, its state and its nodes is always there.
   */
  readonly facts?: readonly (keyof AccountedJob)[];
  /**
   * Whether every second of the window is asked about at another time, too: then an answer without rows need not come twice to be
   * believed (slurmdbd whose query fails gives one).
   */
  readonly overlapped?: boolean;
  readonly signal?: AbortSignal;
}

export interface UsageQuery {
  readonly from: Epoch;
  readonly to: Epoch;
  readonly cluster?: string;
  readonly accounts?: readonly string[];
  readonly users?: readonly string[];
}

export interface AccountingOffers {
  readonly release: Release;
  /** Columns of ended jobs that this release lacks, by the record's key. */
  readonly missing: readonly string[];
  /** Batch scripts stored by slurmdbd (AccountingStoreFlags=job_script). */
  readonly batchScript: boolean;
  /** Environments stored by slurmdbd (AccountingStoreFlags=job_env). */
  readonly environment: boolean;
  readonly restarts: boolean;
}

/** What we may see and do, as slurmdbd says. */
export interface Privileges {
  readonly user: string;
  readonly adminLevel: AdminLevel;
  /** Accounts this user coordinates. */
  readonly coordinates: readonly string[];
  /** PrivateData of slurm.conf and slurmdbd.conf, e.g. `jobs`, `usage`; what is listed is hidden from plain users. */
  readonly privateData: { readonly controller: readonly string[]; readonly accounting: readonly string[] };
  /** MaxQueryTimeRange of slurmdbd.conf as slurmdbd writes it, e.g. `7-00:00:00`; it binds all but operators. Null: no limit. */
  readonly maxQueryTimeRange: string | null;
}

/** History and usage, from slurmdbd. */
export interface Accounting {
  offers(): Promise<AccountingOffers>;
  privileges(): Promise<Privileges>;
  /** Ended jobs by end, in slices that neither Slurm nor we grow with. Every row, resized and requeued ones included. */
  endedJobs(query: EndedJobsQuery): AsyncIterable<Piece<AccountedJob>>;
  /** All rows of the given jobs (JobIDRaw), ended or not; ids that accounting does not know are simply absent. */
  jobsById(jobIds: readonly number[], options?: ByIdOptions): AsyncIterable<Piece<AccountedJob>>;
  usage(query: UsageQuery): Promise<Records<Usage>>;
  shares(query?: { readonly cluster?: string; readonly accounts?: readonly string[] }): Promise<Records<Share>>;
  clusters(): Promise<Records<Cluster>>;
  accounts(): Promise<Records<Account>>;
  users(): Promise<Records<User>>;
  associations(query?: AssociationQuery): Promise<Records<Association>>;
  qos(): Promise<Records<Qos>>;
  tres(): Promise<Records<TresKind>>;
  batchScript(jobId: number, options?: ByIdOptions): Promise<Answer<string>>;
  environment(jobId: number, options?: ByIdOptions): Promise<Answer<Readonly<Record<string, string>>>>;
  /** Jobs without an end in accounting that no controller knows (`sacctmgr show runawayjobs`). */
  runawayJobs(cluster?: string): Promise<Records<number>>;
  ping(): Promise<DaemonStatus>;
}

export interface ByIdOptions {
  readonly clusters?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface AssociationQuery {
  readonly cluster?: string;
  readonly accounts?: readonly string[];
  readonly users?: readonly string[];
}

export type DaemonStatus = { readonly up: true; readonly milliseconds: number } | { readonly up: false; readonly error: SluiceError };

export interface ControllerStatus {
  readonly host: string;
  readonly role: 'primary' | 'backup';
  readonly up: boolean;
}

export interface ControllerOffers {
  readonly release: Release;
  /** Per-node CPUs and GRES indices of allocations. */
  readonly allocations: boolean;
}

/** Load and queues of slurmctld (sdiag). */
export interface Diagnostics {
  readonly cluster: string;
  readonly time: Epoch | null;
  readonly jobsPending: number | null;
  readonly jobsRunning: number | null;
  readonly serverThreads: number | null;
  /** Messages that slurmctld has not yet been able to send to slurmdbd: while it is not 0, accounting is late. */
  readonly dbdAgentQueue: number | null;
  readonly rpcs: readonly { readonly name: string; readonly count: number; readonly averageMicroseconds: number }[];
}

/** What slurmctld holds in memory. */
export interface Controller {
  offers(): Promise<ControllerOffers>;
  /** Settings of slurm.conf as `scontrol show config` gives them, by name. */
  config(): Promise<Readonly<Record<string, string>>>;
  /**
   * Pending, running and — while slurmctld remembers them — ended jobs. The answer is whole or an error; an empty list is
   * only given by a controller that answered before and after.
   */
  activeJobs(query?: ActiveJobsQuery): Promise<Records<ActiveJob>>;
  /**
   * The same in pieces as they arrive, without slices, so that memory does not grow with the queue. The answer was whole
   * when the iteration ends without an error; what came before an error counts for nothing that is concluded from absence.
   */
  activeJobStream(query?: ActiveJobsQuery): AsyncIterable<Piece<ActiveJob>>;
  /**
   * The lean form of {@link activeJobStream}, for asking about thousands of jobs every minute: one question, few columns,
   * the same guarantees. Jobs that pend are left out unless `states` names them.
   */
  activeStates(query?: ActiveStatesQuery): AsyncIterable<Piece<ActiveState>>;
  /** One answer per id, in the order asked. */
  jobsById(jobIds: readonly number[]): Promise<ReadonlyMap<number, Answer<ActiveJob>>>;
  /** What the given jobs hold per node; running jobs only, for a controller forgets the rest soon after the end. */
  allocations(jobIds: readonly number[]): Promise<ReadonlyMap<number, Answer<Allocation>>>;
  /**
   * All that is needed when jobs start or end, in as few processes as possible: one squeue and at most one scontrol per 200
   * jobs. One answer per id, in the order asked; the tasks of an array are asked for by their own ids.
   */
  details(jobIds: readonly number[], options: DetailsOptions): Promise<ReadonlyMap<number, Answer<JobDetails>>>;
  /**
   * The same about hundreds and more, in pieces: one squeue and one scontrol however many they are, and one scontrol for the
   * scripts of 200. Of jobs that run or ran what is certain is told; about ids that come in no piece, and after an error,
   * {@link details} is to be asked. Memory grows with the jobs, by their records and texts (about 3 kB each).
   */
  detailsOfMany(jobIds: ReadonlySet<number>, options: DetailsOptions): AsyncIterable<ReadonlyMap<number, JobDetails>>;
  /** Allocations of all running jobs, in one question. */
  allAllocations(): Promise<Records<Allocation>>;
  nodes(): Promise<Records<Node>>;
  partitions(): Promise<Records<Partition>>;
  batchScript(jobId: number): Promise<Answer<string>>;
  /** Slurm's own text about a job (`scontrol show job`), for people. */
  describe(jobId: number): Promise<Answer<string>>;
  ping(): Promise<readonly ControllerStatus[]>;
  diagnostics(): Promise<Diagnostics>;
}

export interface ActiveJobsQuery {
  /** Base states; all by default. */
  readonly states?: readonly string[];
  readonly users?: readonly string[];
  readonly accounts?: readonly string[];
  readonly partitions?: readonly string[];
}

export interface ActiveStatesQuery {
  /** Base states, and the words that Slurm shows in their place, e.g. CONFIGURING; all but those of waiting jobs by default. */
  readonly states?: readonly string[];
}

export interface DetailsOptions {
  /** Whether to ask for batch scripts. */
  readonly script: boolean;
  /** Whether to ask for Slurm's text. */
  readonly description: boolean;
  /** Jobs of which the record is enough: nothing else is asked of them, and all else of theirs is null. */
  readonly bare?: (job: ActiveJob) => boolean;
}

/** A change, not yet made: it can be shown, and run. */
export interface Plan<T> {
  readonly kind: 'argv' | 'http';
  /** One line a person can read and, for `argv`, paste into a shell. Never holds a secret. */
  readonly text: string;
  run(signal?: AbortSignal): Promise<T>;
}

/** Options of a submission; each key is documented with sbatch's option of the same meaning. */
export interface Submission {
  /** The batch script, with its `#!` line; given to Slurm on stdin, never on a command line. */
  readonly script: string;
  readonly name?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly qos?: string;
  readonly reservation?: string;
  readonly timeLimit?: TimeLimit;
  readonly nodes?: number | { readonly min: number; readonly max: number };
  readonly tasks?: number;
  readonly tasksPerNode?: number;
  readonly cpusPerTask?: number;
  readonly memoryPerNodeMiB?: number;
  readonly memoryPerCpuMiB?: number;
  readonly gres?: string;
  readonly gpus?: string;
  readonly gpusPerNode?: string;
  readonly constraint?: string;
  readonly nodeList?: string;
  readonly exclude?: string;
  readonly exclusive?: boolean;
  readonly oversubscribe?: boolean;
  readonly dependency?: string;
  readonly array?: string;
  readonly begin?: Epoch;
  readonly deadline?: Epoch;
  readonly hold?: boolean;
  readonly requeue?: boolean;
  readonly nice?: number;
  readonly comment?: string;
  readonly workDir?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly stdin?: string;
  /** The job's environment (`--export`); the names given here are set, nothing else is inherited but what Slurm sets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options that have no key above, each as one word, e.g. `--switches=1`; Sluice does not judge them. */
  readonly extra?: readonly string[];
}

export interface Submitted {
  readonly jobId: number;
  /** Set when Slurm names it (multi-cluster submissions). */
  readonly cluster: string | null;
}

export interface JobsOffers {
  readonly release: Release;
}

/** Which jobs a write is about: a job, an array task `123_4`, a het component `123+1`, a step `123.0`. */
export type JobId = string;

/** Submitting and steering jobs, as the user we are. */
export interface Jobs {
  offers(): Promise<JobsOffers>;
  submit(submission: Submission): Plan<Submitted>;
  /** Checks a submission without submitting it (`sbatch --test-only`); the answer is Slurm's sentence. */
  test(submission: Submission): Plan<string>;
  cancel(jobs: readonly JobId[]): Plan<void>;
  signal(jobs: readonly JobId[], signal: string, options?: { readonly batch?: boolean; readonly full?: boolean }): Plan<void>;
  hold(jobs: readonly JobId[]): Plan<void>;
  release(jobs: readonly JobId[]): Plan<void>;
  requeue(jobs: readonly JobId[], options?: { readonly hold?: boolean }): Plan<void>;
  suspend(jobs: readonly JobId[]): Plan<void>;
  resume(jobs: readonly JobId[]): Plan<void>;
  setTimeLimit(job: JobId, limit: TimeLimit): Plan<void>;
}

export interface AssociationKey {
  readonly account: string;
  /** Absent for the account's own association. */
  readonly user?: string;
  readonly cluster?: string;
  readonly partition?: string;
}

/** Changes of limits; a key that is absent stays, null takes the limit away. */
export interface LimitChanges {
  readonly fairshare?: number | 'parent';
  readonly grpTres?: Readonly<Record<string, number | null>>;
  readonly grpTresMins?: Readonly<Record<string, number | null>>;
  readonly grpTresRunMins?: Readonly<Record<string, number | null>>;
  readonly maxTresPerJob?: Readonly<Record<string, number | null>>;
  readonly maxTresMinsPerJob?: Readonly<Record<string, number | null>>;
  readonly grpJobs?: number | null;
  readonly grpSubmitJobs?: number | null;
  readonly maxJobs?: number | null;
  readonly maxSubmitJobs?: number | null;
  readonly maxWallPerJob?: number | null;
  readonly grpWall?: number | null;
  readonly qos?: readonly string[];
  readonly defaultQos?: string | null;
}

export interface QosChanges {
  readonly description?: string;
  readonly priority?: number;
  readonly flags?: readonly string[];
  readonly usageFactor?: number;
  readonly grpTres?: Readonly<Record<string, number | null>>;
  readonly grpTresMins?: Readonly<Record<string, number | null>>;
  readonly maxTresPerJob?: Readonly<Record<string, number | null>>;
  readonly maxTresPerUser?: Readonly<Record<string, number | null>>;
  readonly maxTresPerAccount?: Readonly<Record<string, number | null>>;
  readonly maxJobsPerUser?: number | null;
  readonly maxSubmitJobsPerUser?: number | null;
  readonly maxWallPerJob?: number | null;
}

export interface AccountingAdminOffers {
  readonly release: Release;
}

/** Whether a write changed something; adding what exists and removing what is gone are `unchanged`, not errors. */
export type Outcome = 'changed' | 'unchanged';

/** Accounts, users, associations, QOS and limits in slurmdbd. */
export interface AccountingAdmin {
  offers(): Promise<AccountingAdminOffers>;
  addAccount(account: Account, options?: { readonly parent?: string; readonly cluster?: string }): Plan<Outcome>;
  modifyAccount(
    name: string,
    changes: { readonly description?: string; readonly organization?: string; readonly parent?: string },
  ): Plan<Outcome>;
  removeAccount(name: string, options?: { readonly cluster?: string }): Plan<Outcome>;
  addUser(
    name: string,
    association: { readonly account: string; readonly cluster?: string; readonly defaultAccount?: boolean },
  ): Plan<Outcome>;
  removeUser(name: string, options?: { readonly account?: string; readonly cluster?: string }): Plan<Outcome>;
  setDefaultAccount(name: string, account: string): Plan<Outcome>;
  setLimits(key: AssociationKey, changes: LimitChanges): Plan<Outcome>;
  /** Sets the raw usage of an association to zero; Slurm knows no other value. */
  resetRawUsage(key: AssociationKey): Plan<Outcome>;
  addQos(name: string, changes?: QosChanges): Plan<Outcome>;
  modifyQos(name: string, changes: QosChanges): Plan<Outcome>;
  removeQos(name: string): Plan<Outcome>;
}
