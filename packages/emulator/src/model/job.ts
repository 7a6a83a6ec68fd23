import type { Epoch, ExitCode, Tres } from '@sluice/slurm';

/** Who calls: the user that Slurm would learn from munge. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
}

/** What sbatch, srun or slurmrestd ask for. What is absent was not given; defaults are slurmctld's to fill in. */
export interface JobRequest {
  readonly name?: string;
  readonly account?: string;
  /** One or more, in order of preference. */
  readonly partitions?: readonly string[];
  readonly qos?: string;
  readonly reservation?: string;
  /** Minutes. */
  readonly timeLimit?: number | 'unlimited';
  readonly minNodes?: number;
  readonly maxNodes?: number;
  readonly tasks?: number;
  readonly tasksPerNode?: number;
  readonly cpusPerTask?: number;
  readonly threadsPerCore?: number;
  readonly memoryPerNodeMiB?: number;
  readonly memoryPerCpuMiB?: number;
  readonly memoryPerGpuMiB?: number;
  /** As given, e.g. `gpu:a100:2`: per node (`--gres`, `--gpus-per-node`), per job (`--gpus`) and per task. */
  readonly gresPerNode?: string;
  readonly gresPerJob?: string;
  readonly gresPerTask?: string;
  readonly constraint?: string;
  /** Names one by one. */
  readonly requiredNodes?: readonly string[];
  readonly excludedNodes?: readonly string[];
  readonly sharing?: 'exclusive' | 'user' | 'oversubscribe';
  readonly dependency?: string;
  /** As given, e.g. `0-11%4`. */
  readonly array?: string;
  readonly begin?: Epoch;
  readonly deadline?: Epoch;
  readonly hold?: boolean;
  readonly requeue?: boolean;
  readonly nice?: number;
  /** Set by operators alone. */
  readonly priority?: number;
  readonly comment?: string;
  readonly extra?: string;
  readonly wckey?: string;
  readonly licenses?: string;
  readonly workDir: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly stdin?: string;
  readonly openMode?: 'append' | 'truncate';
  readonly mailUser?: string;
  readonly killOnInvalidDependency?: boolean;
  /** The batch script with its `#!` line; null for srun and salloc. */
  readonly script: string | null;
  /** Words after the script's name. */
  readonly scriptArguments?: readonly string[];
  /** Path of the script, empty for `--wrap` and stdin. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The command line, as accounting keeps it. */
  readonly submitLine: string;
  readonly submitHost: string;
  /** Id of the session that submitted it (`AllocNode:Sid`). */
  readonly submitSession?: number;
  /** How the emulator is to play the job; see {@link Play}. */
  readonly play?: Play;
}

/**
 * How a job goes. `script`: its batch script runs as a local process. `simulated`: it runs for `seconds` and ends with the exit code,
 * whatever its script says; without a play the cluster's own rule decides (see the emulator's configuration).
 */
export type Play =
  | { readonly kind: 'script' }
  | { readonly kind: 'simulated'; readonly seconds: number; readonly exit: ExitCode; readonly end?: PlayedEnd };

/** Ends that the machine decides, not the script: the memory of the job is used up, or its nodes do not boot (then nothing of it runs). */
export type PlayedEnd = 'OUT_OF_MEMORY' | 'BOOT_FAIL';

/** The variable by which a job asks for such an end: `sbatch --export=ALL,EMULATED_END=OUT_OF_MEMORY`. */
export const endVariable = 'EMULATED_END';

/** Base states that the emulator uses. */
export type BaseState =
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
  | 'OUT_OF_MEMORY';

/** What a job holds on one node. */
export interface NodeGrant {
  readonly node: string;
  /** Slurm's abstract CPU numbers: socket-major, then core, then thread. */
  readonly cpuIds: readonly number[];
  readonly memoryMiB: number;
  readonly gres: readonly { readonly name: string; readonly type: string | null; readonly indices: readonly number[] }[];
}

export interface EmulatedStep {
  /** `batch`, `extern`, `interactive` or a number. */
  readonly id: string;
  readonly name: string;
  readonly state: BaseState;
  readonly start: Epoch;
  readonly end: Epoch | null;
  readonly exit: ExitCode;
  readonly nodes: readonly string[];
  readonly cpus: number;
  readonly tasks: number;
  readonly tres: Tres;
  /** CPU seconds of user and system, and the largest resident memory in KiB, as far as they are known. */
  readonly used: { readonly userSeconds: number; readonly systemSeconds: number; readonly maxRssKiB: number } | null;
  readonly submitLine: string;
}

/**
 * A job as slurmctld holds it. Only the engine writes it; everyone else reads. A job array that still pends is one record with
 * `pendingTasks`; a task gets a record and an id of its own when it starts, or is changed by itself, as Slurm does it.
 */
export interface EmulatedJob {
  readonly jobId: number;
  readonly array: { readonly jobId: number; readonly taskId: number | null; readonly maxRunning: number | null } | null;
  /** Task ids that this record stands for; null when it is one job. */
  readonly pendingTasks: readonly number[] | null;
  readonly het: { readonly jobId: number; readonly offset: number; readonly size: number } | null;
  readonly name: string;
  readonly uid: number;
  readonly user: string;
  readonly gid: number;
  readonly group: string;
  readonly account: string;
  readonly associationId: number;
  readonly qos: string;
  /** All that were asked for; `partition` is where it runs, or the first. */
  readonly partitions: readonly string[];
  readonly partition: string;
  readonly state: BaseState;
  /** COMPLETING, CONFIGURING, REQUEUED, RESIZING, REQUEUE_HOLD, SPECIAL_EXIT, … */
  readonly flags: readonly string[];
  /** Slurm's own words, e.g. `Resources`, `JobHeldUser`, `QOSMaxJobsPerUserLimit`; `None`. */
  readonly reason: string;
  /** A sentence in place of the reason, e.g. about nodes that are down; empty without. */
  readonly reasonText: string;
  readonly exit: ExitCode;
  readonly derivedExit: ExitCode;
  readonly cancelledBy: number | null;
  readonly submit: Epoch;
  readonly eligible: Epoch | null;
  readonly accrue: Epoch | null;
  readonly start: Epoch | null;
  /** When it ended; while it runs, when its time limit ends it; null while it pends. */
  readonly end: Epoch | null;
  readonly expectedStart: Epoch | null;
  /** Where it would start then, as far as slurmctld has planned it. */
  readonly expectedNodes?: readonly string[];
  readonly suspendedAt: Epoch | null;
  /** Seconds it ran before the suspension that holds now, and seconds it was suspended in all. */
  readonly ranBeforeSuspend: number;
  readonly suspendedSeconds: number;
  readonly lastSchedEval: Epoch | null;
  readonly scheduler: 'Main' | 'Backfill' | null;
  /** Minutes. */
  readonly timeLimit: number | 'unlimited';
  readonly priority: number;
  readonly nice: number;
  readonly held: 'user' | 'admin' | null;
  readonly request: JobRequest;
  /** As computed at submission, before any node was chosen. */
  readonly requestedTres: Tres;
  readonly allocatedTres: Tres | null;
  readonly cpus: number;
  readonly nodeCount: number;
  readonly tasks: number;
  /** Empty while it holds nothing. Kept after its end as Slurm keeps it (CPUs and memory; devices are forgotten). */
  readonly grants: readonly NodeGrant[];
  /** Nodes it was given, in Slurm's order; kept after the end. */
  readonly nodes: readonly string[];
  /** Of a COMPLETING job: nodes that have not been returned yet; slurmctld shows these alone. */
  readonly completingNodes: readonly string[] | null;
  readonly batchHost: string;
  readonly failedNode: string;
  /** Paths with their patterns filled in (`%j`, `%A_%a`, …). */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin: string;
  readonly comment: string;
  readonly adminComment: string;
  readonly systemComment: string;
  /** As slurmctld shows it: `afterok:5(unfulfilled)`; empty without. */
  readonly dependency: string;
  readonly requeue: boolean;
  readonly restarts: number;
  readonly reservation: string;
  readonly steps: readonly EmulatedStep[];
  /** Row of accounting that this run writes; a string, for it exceeds 2^53. */
  readonly dbIndex: string;
}
