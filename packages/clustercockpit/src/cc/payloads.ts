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
  readonly numNodes: number;
  readonly numHwthreads: number;
  readonly numAcc: number;
  readonly resources: readonly ResourcePayload[];
  /** Never null: jobs started without metadata break the server's editing of it (contract W13). */
  readonly metaData: Readonly<Record<string, string>>;
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
