/**
 * What cc-backend 1.5 takes (contract §3.1, §4.2). Keys beyond these are refused by the server at every level, so
 * nothing is spread into these objects.
 */
export interface StartPayload {
  readonly jobId: number;
  readonly cluster: string;
  readonly user: string;
  readonly project: string;
  readonly partition: string;
  readonly arrayJobId?: number;
  readonly shared: Shared;
  readonly startTime: number;
  /** Accepted and not stored by the server; the metadata carries it too. */
  readonly submitTime?: number;
  /** Seconds; left out when there is no limit. */
  readonly walltime?: number;
  /** The server derives it from the first host where it is left out, and checks no host where it is given (contract §5.7). */
  readonly subCluster?: string;
  /** 0 or 1; cc-backend 1.5 refuses others (contract W6). */
  readonly smt?: number;
  /** 0: monitoring is off for this job and it is never archived; 1 by default. */
  readonly monitoringStatus?: number;
  readonly numNodes: number;
  readonly numHwthreads: number;
  readonly numAcc: number;
  readonly resources: readonly ResourcePayload[];
  /** Never null: jobs started without metadata break the server's editing of it (contract W13). */
  readonly metaData: Readonly<Record<string, string>>;
  /** With a tag the server commits the job at once and keeps no cached row of it (contract W5). */
  readonly tags?: readonly TagPayload[];
}

export interface TagPayload {
  readonly type: string;
  readonly name: string;
  /** `global`, `admin`, or the name of the token's user, who alone sees it then; global by default. */
  readonly scope?: string;
}

/** Whose jobs may stand on the nodes beside this one. */
export type Shared = 'none' | 'single_user' | 'multi_user';

export interface ResourcePayload {
  readonly hostname: string;
  /** Ids as the kernel of the node numbers them; without it the server shows the whole node. */
  readonly hwthreads?: readonly number[];
  /** Ids as the node's metrics carry them, usually PCI addresses. */
  readonly accelerators?: readonly string[];
}

export interface StopPayload {
  readonly jobId: number;
  readonly cluster: string;
  readonly startTime: number;
  readonly jobState: EndState;
  readonly stopTime: number;
}

/** The states of cc-backend 1.5 in which a job has ended. */
export type EndState =
  | 'boot_fail'
  | 'cancelled'
  | 'completed'
  | 'deadline'
  | 'failed'
  | 'node_fail'
  | 'out_of_memory'
  | 'preempted'
  | 'timeout';

/** What `POST /api/nodestate/` of cc-backend 1.5 takes (contract §4.9). The server stamps it with the time at which it comes. */
export interface NodeStatesPayload {
  readonly cluster: string;
  readonly nodes: readonly NodeStatePayload[];
}

export interface NodeStatePayload {
  readonly hostname: string;
  /** Slurm's words in lower case; the server keeps the one it knows and ranks highest. */
  readonly states: readonly string[];
  readonly cpusAllocated: number;
  /** MB. */
  readonly memoryAllocated: number;
  readonly gpusAllocated: number;
  /** The server has none where it is not told. */
  readonly jobsRunning?: number;
}
