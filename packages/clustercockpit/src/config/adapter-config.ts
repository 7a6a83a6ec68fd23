import type { SecretSource } from '@sluice/io';
import type { GpuAddresses } from '../decide/context.ts';
import type { HookAddress } from '../hook/address.ts';

/** The tag that every started job is given (contract W5). */
export interface StartTag {
  readonly type: string;
  readonly name: string;
  readonly scope: string;
}

/** A tag as it is written, `type:name` or `type:name:scope`; the schema has seen to its form. */
export function tagOf(text: string): StartTag {
  const [type = '', name = '', scope = 'global'] = text.split(':');
  return { type, name, scope };
}

/**
 * The configuration of the daemon and of its hook as it is in force: cc-slurm-adapter's config.json with its names, defaults
 * and meaning, and what Sluice adds. All times are seconds. What is off or not given is null.
 */
export interface AdapterConfig {
  /** Held while the daemon runs; it holds the number of its process. */
  readonly pidFilePath: string;
  /** Where the daemon takes the stock hook's messages; null when the key is blank. */
  readonly prepSockListenPath: HookAddress | null;
  /** Where the hook sends them. */
  readonly prepSockConnectPath: HookAddress | null;
  /** The file whose time of change says up to when everything has been delivered. */
  readonly lastRunPath: string;
  /** At least 1. */
  readonly slurmPollInterval: number;
  /** The wait between an event and the question to accounting; at least 1. */
  readonly slurmQueryDelay: number;
  /** How far back accounting is asked. */
  readonly slurmQueryMaxSpan: number;
  /** Quick questions about the job of an event, beyond the first. */
  readonly slurmMaxRetries: number;
  /** Between two full comparisons with cc-backend; at least 1. */
  readonly ccPollInterval: number;
  /** False: cc-backend learns of jobs through NATS alone; `ccRestUrl` may still serve for reading. */
  readonly ccRestSubmitJobs: boolean;
  /** Without a slash and without `/api` at its end. */
  readonly ccRestUrl: string | null;
  readonly ccRestJwt: SecretSource | null;
  /** In the order of the file; the first that means a host counts. */
  readonly gpuAddresses: readonly GpuAddresses[];
  /** Says whether a host is ignored; null when none is. */
  readonly ignoreHosts: ((host: string) => boolean) | null;
  /** One server or several, as `natsServers` reads them; null when NATS is off. */
  readonly natsServer: string | null;
  /** For servers that name no port. */
  readonly natsPort: number;
  readonly natsSubject: string;
  readonly natsUser: string | null;
  readonly natsPassword: SecretSource | null;
  readonly natsCredsFile: string | null;
  readonly natsNKeySeedFile: string | null;

  // From here on what Sluice adds.

  /** PEM file of certificates that are trusted besides the system's. */
  readonly ccRestCaFile: string | null;
  readonly ccRestTimeout: number;
  /** Starts under way at a time. */
  readonly ccRestConcurrency: number;
  /** Stops under way at a time. */
  readonly ccStopConcurrency: number;
  /** cc-backend's `commit-job-worker`: a started job may be invisible for this long. */
  readonly ccCommitInterval: number;
  readonly startTag: StartTag | null;
  /** A run within 24 h of the start of an earlier run of the same job: cc-backend keeps one of them. */
  readonly requeuedJobs: 'keep-first' | 'replace';
  /** 0: node states are not sent. */
  readonly nodeStateInterval: number;
  /** Names by Slurm. */
  readonly clusters: 'all' | readonly string[];
  /** Slurm's name of a cluster → cc-backend's. A cluster that is not in it has the same name in both. */
  readonly clusterNames: ReadonlyMap<string, string>;
  /** `node`: NodeName. `hostname`: NodeHostName. A map: NodeName → host name; a node that is not in it keeps its NodeName. */
  readonly hostnames: 'node' | 'hostname' | ReadonlyMap<string, string>;
  readonly sendScript: boolean;
  readonly sendSlurmInfo: boolean;
  readonly sendComments: boolean;
  readonly sendEnvironment: boolean;
  readonly journalPath: string;
  /** How long delivered runs stay in the journal. */
  readonly journalRetention: number;
  /** Directory of the hook's events; it need not exist. */
  readonly spoolPath: string;
  /** Our name in slurm.conf's SlurmctldHost; null: the name of this host. */
  readonly controllerHost: string | null;
  /** Where metrics and health are served, as `serveOperations` of service takes it. */
  readonly operationsListen: string | null;
  readonly slurmBinPath: string | null;
  readonly slurmConf: string | null;
  /** After this time one command of Slurm is ended; null: as the connector sees fit. */
  readonly slurmTimeout: number | null;
  readonly natsJetStream: boolean;
  readonly natsCaFile: string | null;
  readonly natsTls: boolean;
}
