import type { Tres } from '@sluice/slurm';
import type { AssociationChanges, QosChange } from './slurmdbd.ts';

/** What an emulated cluster is made of, as its configuration says. Memory is MiB, times are seconds unless said otherwise. */
export interface ClusterSpec {
  readonly name: string;
  /** Whose texts, columns and JSON dialects the commands speak, e.g. `24.11.5`. */
  readonly release: string;
  /** The first is the primary; with two, the second takes over while the first is down. */
  readonly controllers: readonly ControllerSpec[];
  readonly controllerPort: number;
  readonly databaseHost: string;
  readonly databasePort: number;
  /** One by one, in the order of slurm.conf. */
  readonly nodes: readonly NodeSpec[];
  readonly partitions: readonly PartitionSpec[];
  /** Trackable resources beside Slurm's own eight (AccountingStorageTRES), e.g. `gres/gpu`, `gres/gpu:a100`. */
  readonly tres: readonly string[];
  /** Further settings by the names of slurm.conf(5), e.g. MinJobAge, PriorityWeightFairshare, PrologSlurmctld. */
  readonly settings: Readonly<Record<string, string>>;
  /** Users that exist on the emulated cluster. */
  readonly users: readonly UserSpec[];
  readonly accounts: readonly AccountSpec[];
  readonly qos: readonly QosSpec[];
}

export interface ControllerSpec {
  readonly host: string;
  readonly address: string;
}

export interface NodeSpec {
  readonly name: string;
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly memoryMiB: number;
  readonly features: readonly string[];
  /** One entry per name and type. */
  readonly gres: readonly { readonly name: string; readonly type: string | null; readonly count: number }[];
  readonly weight: number;
}

export interface PartitionSpec {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly isDefault: boolean;
  readonly state: 'UP' | 'DOWN' | 'DRAIN' | 'INACTIVE';
  /** Minutes; null: no limit. */
  readonly maxTime: number | null;
  /** Minutes; null: the partition's limit. */
  readonly defaultTime: number | null;
  readonly maxNodes: number | null;
  readonly minNodes: number;
  /** null means all. */
  readonly allowAccounts: readonly string[] | null;
  readonly allowQos: readonly string[] | null;
  readonly qos: string | null;
  /** `NO`, `EXCLUSIVE`, `YES:4`, `FORCE:2` (slurm.conf(5), OverSubscribe). */
  readonly oversubscribe: string;
  readonly priorityJobFactor: number;
  readonly priorityTier: number;
  readonly defMemPerCpuMiB: number | null;
  /** TRESBillingWeights, e.g. `{cpu: 1, mem: 0.25, 'gres/gpu': 2}`; `mem` per MiB. Null: CPUs alone. */
  readonly billingWeights: Tres | null;
}

export interface UserSpec {
  readonly name: string;
  readonly uid: number;
  readonly group: string;
  readonly gid: number;
  readonly home: string;
  readonly admin: 'None' | 'Operator' | 'Administrator';
  /** The first is the default account. */
  readonly accounts: readonly string[];
  /** Of each of its associations. */
  readonly limits?: AssociationChanges;
}

export interface AccountSpec {
  readonly name: string;
  readonly description: string;
  readonly organization: string;
  /** `root` when it has none. */
  readonly parent: string;
  readonly fairshare: number;
  /** Of its association, beside the share. */
  readonly limits?: AssociationChanges;
}

export interface QosSpec {
  readonly name: string;
  readonly priority: number;
  /** Beside the priority. */
  readonly changes?: QosChange;
}
