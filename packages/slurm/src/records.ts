/**
 * What Slurm knows, as plain data, the same whether commands or slurmrestd said it. All times are seconds since the
 * epoch, memory is MiB, and a value that Slurm does not give (this release, this plane, or not yet) is null.
 */

/** Seconds since 1970-01-01T00:00:00Z. */
export type Epoch = number;

/** Base states of a job (squeue(1), "JOB STATE CODES"). A word that a future release adds is kept as it is. */
export type JobBaseState =
  | 'PENDING'
  | 'RUNNING'
  | 'SUSPENDED'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'FAILED'
  | 'TIMEOUT'
  | 'NODE_FAIL'
  | 'PREEMPTED'
  | 'BOOT_FAIL'
  | 'DEADLINE'
  | 'OUT_OF_MEMORY'
  | (string & {});

export interface JobState {
  readonly base: JobBaseState;
  /** Flags beside the base state: COMPLETING, CONFIGURING, REQUEUED, RESIZING, SPECIAL_EXIT, STAGE_OUT, … */
  readonly flags: readonly string[];
  /** User id from `CANCELLED by 1000`. */
  readonly cancelledBy: number | null;
}

/** Exit code as Slurm writes it: `code:signal`. */
export interface ExitCode {
  readonly code: number;
  readonly signal: number;
}

/** Minutes, or one of Slurm's two words. `partition` means: not given, the partition's limit holds. */
export type TimeLimit = number | 'unlimited' | 'partition';

/** Trackable resources by name as Slurm writes it (`cpu`, `mem`, `node`, `billing`, `gres/gpu`, `gres/gpu:a100`); `mem` in MiB. */
export type Tres = Readonly<Record<string, number>>;

export interface ArrayPosition {
  /** Id of the array's job, the number before `_`. */
  readonly jobId: number;
  /** Index of this task, or null for the record that stands for the tasks still pending. */
  readonly taskId: number | null;
  /** The tasks still pending as Slurm writes them, e.g. `5-10%2`; null for a task of its own. */
  readonly pending: string | null;
}

export interface HetPosition {
  /** Id of the leader, the number before `+`. */
  readonly jobId: number;
  readonly offset: number;
}

/** What accounting and controller both say of a job. */
export interface Job {
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  /** The job's own number (JobIDRaw), unique among the jobs that a cluster knows at a time. */
  readonly jobId: number;
  readonly array: ArrayPosition | null;
  readonly het: HetPosition | null;
  readonly name: string;
  readonly user: string;
  readonly uid: number | null;
  readonly group: string;
  readonly gid: number | null;
  readonly account: string;
  readonly partition: string;
  readonly qos: string;
  readonly state: JobState;
  /** Why it pends or ended so, e.g. `Resources`, `NonZeroExitCode`; null for `None`. */
  readonly reason: string | null;
  readonly exitCode: ExitCode | null;
  readonly submit: Epoch | null;
  readonly eligible: Epoch | null;
  /** When it started; null while it has not (an estimate is never a start). */
  readonly start: Epoch | null;
  /** When it ended; null while it has not. */
  readonly end: Epoch | null;
  readonly timeLimit: TimeLimit | null;
  /** Nodes as Slurm's host list, e.g. `node[01-04]`; empty while there are none. */
  readonly nodes: string;
  readonly nodeCount: number;
  readonly cpus: number;
  readonly requested: Tres;
  readonly allocated: Tres;
  readonly comment: string;
  readonly adminComment: string;
  readonly workDir: string;
  /** How often it was requeued or restarted; null where Slurm does not say (accounting before 24.11). */
  readonly restarts: number | null;
}

/** One row of accounting. A resized or requeued job has several. */
export interface AccountedJob extends Job {
  /** Seconds it ran, without suspensions, as slurmdbd counts. */
  readonly elapsed: number;
  readonly suspended: number;
  readonly derivedExitCode: ExitCode | null;
  readonly reservation: string;
  readonly constraints: string;
  readonly systemComment: string;
  /** The command line of the submission; empty before 21.08 or when not stored. */
  readonly submitLine: string;
  readonly flags: readonly string[];
  /** Row id of the database or SLUID: a string, for it exceeds 2^53. */
  readonly dbIndex: string;
}

/** A job that slurmctld holds in memory: pending, running, or ended less than MinJobAge ago. */
export interface ActiveJob extends Job {
  readonly priority: number | null;
  /** For a pending job: when slurmctld expects it to start; an estimate. */
  readonly expectedStart: Epoch | null;
  readonly dependency: string;
  readonly batchHost: string;
  /**
   * Whether other jobs may stand on its nodes: `exclusive` owns whole nodes, `user` and `mcs` share them with jobs of the
   * same user or MCS label only, `oversubscribed` shares CPUs.
   */
  readonly sharing: 'exclusive' | 'user' | 'mcs' | 'shared' | 'oversubscribed' | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin: string;
  readonly command: string;
}

/** As little of a job that slurmctld holds as tells whether it runs: what is asked again and again, of all of them. */
export interface ActiveState {
  readonly cluster: string;
  /** The job's own number, as {@link Job.jobId}. */
  readonly jobId: number;
  /** With its flags: a CONFIGURING job's start is not final yet, a COMPLETING one has given its resources back. */
  readonly state: JobState;
  /** As {@link Job.start}. */
  readonly start: Epoch | null;
  /** As {@link Job.end}. */
  readonly end: Epoch | null;
  readonly restarts: number | null;
}

/** All that is worth asking when a job starts or ends. */
export interface JobDetails {
  readonly job: ActiveJob;
  /**
   * Null when it holds nothing: it pends, or has given its resources back. Of a job that has ended it is what it held, where that is
   * certain; Slurm keeps its CPUs and memory as long as the job, its devices it does not (`devicesLost`).
   */
  readonly allocation: Allocation | null;
  /** The batch script; null when there is none (salloc, srun), when it may not be read, or was not asked for. */
  readonly script: string | null;
  /** Slurm's own text about this job alone (`scontrol show job`), for people; null when not asked for, or just forgotten. */
  readonly description: string | null;
}

/** Generic resources of one kind on one node: `gpu:a100:2(IDX:0,2)`. */
export interface GresAllocation {
  readonly name: string;
  /** Type such as `a100`, or null for an untyped resource. */
  readonly type: string | null;
  readonly count: number;
  /** Slurm's device indices (not NVML's order); null when Slurm gives none (no File= in gres.conf). */
  readonly indices: readonly number[] | null;
  /** Sockets that the devices are bound to (`S:0-1`); absent when Slurm names none. */
  readonly sockets?: readonly number[];
}

/** What a job holds on one node. */
export interface NodeAllocation {
  readonly node: string;
  /** Number of CPUs in Slurm's counting (threads, or cores where the node is configured so). */
  readonly cpus: number;
  /**
   * Slurm's abstract CPU numbers on this node, socket-major, then core, then thread; not the kernel's. Null when the
   * plane gives cores only.
   */
  readonly cpuIds: readonly number[] | null;
  /** Cores by socket index and core index within the socket; null when the node's layout is unknown. */
  readonly cores: readonly CoreAllocation[] | null;
  readonly memoryMiB: number | null;
  readonly gres: readonly GresAllocation[];
}

export interface CoreAllocation {
  readonly socket: number;
  readonly core: number;
  /** Threads of this core that the job holds, or null when only the core is known. */
  readonly threads: number | null;
}

/** What one run of a job holds on each of its nodes. */
export interface Allocation {
  readonly cluster: string;
  readonly jobId: number;
  /** Start of the run this allocation belongs to. */
  readonly start: Epoch | null;
  /** True when the job owns its nodes whole; null when Slurm does not say. */
  readonly whole: boolean | null;
  /** One per node, in the order of the job's node list. */
  readonly nodes: readonly NodeAllocation[];
  /** Set when the run is over and Slurm has forgotten its generic resources: `gres` is empty then, whatever it held. */
  readonly devicesLost?: true;
}

export interface Node {
  readonly cluster: string;
  readonly name: string;
  readonly hostname: string;
  readonly address: string;
  /** Base state: IDLE, ALLOCATED, MIXED, DOWN, ERROR, FUTURE, UNKNOWN. */
  readonly state: string;
  /** DRAIN, COMPLETING, MAINTENANCE, POWERED_DOWN, NOT_RESPONDING, … */
  readonly flags: readonly string[];
  readonly reason: string;
  readonly partitions: readonly string[];
  readonly features: readonly string[];
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly cpus: { readonly total: number; readonly allocated: number };
  readonly memoryMiB: { readonly total: number; readonly allocated: number; readonly free: number | null };
  readonly gres: { readonly total: readonly GresAllocation[]; readonly used: readonly GresAllocation[] };
  readonly tres: { readonly total: Tres; readonly allocated: Tres };
  /** Release of slurmd, or null when the node never registered. */
  readonly version: string | null;
}

export interface Partition {
  readonly cluster: string;
  readonly name: string;
  /** UP, DOWN, DRAIN or INACTIVE. */
  readonly state: string;
  readonly isDefault: boolean;
  readonly nodes: string;
  readonly nodeCount: number;
  readonly cpus: number;
  readonly maxTime: TimeLimit | null;
  readonly defaultTime: TimeLimit | null;
  readonly maxNodes: number | null;
  readonly minNodes: number;
  /** null means all. */
  readonly allowAccounts: readonly string[] | null;
  readonly allowGroups: readonly string[] | null;
  readonly allowQos: readonly string[] | null;
  readonly qos: string;
  readonly oversubscribe: string;
  readonly tres: Tres;
}

/** Limits as sacctmgr knows them; a key that is absent is not limited. */
export interface Limits {
  readonly grpTres: Tres;
  readonly grpTresMins: Tres;
  readonly grpTresRunMins: Tres;
  readonly maxTresPerJob: Tres;
  readonly maxTresPerNode: Tres;
  readonly maxTresMinsPerJob: Tres;
  readonly grpJobs: number | null;
  readonly grpSubmitJobs: number | null;
  readonly maxJobs: number | null;
  readonly maxSubmitJobs: number | null;
  /** Minutes. */
  readonly grpWall: number | null;
  /** Minutes. */
  readonly maxWallPerJob: number | null;
}

export interface Account {
  readonly name: string;
  readonly description: string;
  readonly organization: string;
}

export type AdminLevel = 'None' | 'Operator' | 'Administrator';

export interface User {
  readonly name: string;
  readonly defaultAccount: string;
  readonly adminLevel: AdminLevel;
}

/** One node of the association tree; `user` empty for the association of an account itself. */
export interface Association extends Limits {
  readonly id: number | null;
  readonly cluster: string;
  readonly account: string;
  readonly user: string;
  readonly partition: string;
  readonly parent: string;
  /** Shares, or `parent` when usage counts against the parent. */
  readonly fairshare: number | 'parent';
  readonly qos: readonly string[];
  readonly defaultQos: string;
}

export interface Qos extends Limits {
  readonly name: string;
  readonly description: string;
  readonly priority: number;
  readonly flags: readonly string[];
  readonly preempt: readonly string[];
  readonly usageFactor: number;
  readonly maxTresPerUser: Tres;
  readonly maxTresPerAccount: Tres;
  readonly maxJobsPerUser: number | null;
  readonly maxSubmitJobsPerUser: number | null;
}

/** A resource that slurmdbd tracks; `type/name` is the key in {@link Tres}. */
export interface TresKind {
  readonly id: number;
  readonly type: string;
  readonly name: string;
}

/** Resource-seconds of one account or of one user in it, within a window. */
export interface Usage {
  readonly cluster: string;
  readonly account: string;
  /** Empty for the account with all below it. */
  readonly user: string;
  /** Seconds of each resource, e.g. `cpu`: CPU-seconds, `mem`: MiB-seconds. */
  readonly seconds: Tres;
}

/** One row of sshare. */
export interface Share {
  readonly cluster: string;
  readonly account: string;
  readonly user: string;
  readonly rawShares: number | 'parent';
  readonly normShares: number | null;
  readonly rawUsage: number;
  readonly effectiveUsage: number | null;
  readonly fairshare: number | null;
  /** TRES minutes that count against limits, decayed as the priority plugin does. */
  readonly tresRunMins: Tres;
  readonly grpTresMins: Tres;
}

export interface Cluster {
  readonly name: string;
  readonly controlHost: string;
  readonly controlPort: number;
}

/** `22.05.8`: major 22.05 as 2205, so that releases compare as numbers. */
export interface Release {
  readonly text: string;
  /** Year × 100 + month: 2205, 2311, 2411, 2605. */
  readonly major: number;
  readonly micro: number;
}
