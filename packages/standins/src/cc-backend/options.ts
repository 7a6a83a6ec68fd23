import type { Clock } from '@sluice/io';
import type { ArchivedJob, ArchiveOptions } from './archiver.ts';
import type { Cluster } from './clusters.ts';
import type { NatsOptions } from './nats.ts';
import type { NatsMessage } from './nats-events.ts';
import type { Version } from './release.ts';
import type { JobRow, JobTable } from './store.ts';
import type { NamedNodeState } from './store-nodes.ts';
import type { TagRow } from './store-tags.ts';
import type { HpcUser } from './store-users.ts';

export interface CcBackendOptions {
  readonly clusters: readonly Cluster[];
  /** `JWT_PUBLIC_KEY`: base64 of the 32 bytes of the Ed25519 key that tokens are checked with. */
  readonly publicKey: string;
  readonly clock: Clock;
  /** The release to answer as; 1.5 by default. */
  readonly version?: Version;
  /** Port 0 on 127.0.0.1 by default. */
  readonly listen?: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** SQLite file; in memory by default. A file that has jobs keeps them: a restart is a stop and a start with the same file. */
  readonly database?: string;
  /** Milliseconds between two runs of the commit-job-worker; without it only {@link CcBackend.sync} commits. */
  readonly commitIntervalMs?: number;
  /** `main.api-subjects` is configured: start and stop have no REST routes. {@link CcBackendOptions.nats} implies it. */
  readonly natsMode?: boolean;
  /** The NATS side; its client library is loaded only then. */
  readonly nats?: NatsOptions;
  /** `main.api-allowed-ips`; absent, empty or `*` first allow everybody, but in 1.4.4, where they allow nobody. */
  readonly allowedIps?: readonly string[];
  /** Rows of `hpc_user`. */
  readonly users?: readonly HpcUser[];
  /** `auth.jwts.validate-user`: a token's user must be in `hpc_user`, whose roles take the place of the token's. */
  readonly validateUser?: boolean;
  /** `main.disable-authentication`: no token is asked for, and handlers that need a user fail. */
  readonly disableAuthentication?: boolean;
  /** `main.machine-state-dir` is configured; the files are kept in memory. */
  readonly machineState?: boolean;
  readonly archive?: ArchiveOptions;
  /**
   * The server's WriteTimeout, 20 s by default: a handler that had to wait longer by the clock, for the mutex or the archiver,
   * does its work, and the client finds its connection closed.
   */
  readonly writeTimeoutMs?: number;
  /** Asked before each request what shall go wrong with it. */
  readonly fault?: (request: FaultRequest) => Fault | undefined;
  /** Told of every answered request. */
  readonly observe?: (exchange: Exchange) => void;
}

/** What a fault may depend on. */
export interface FaultRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  /** The first number called `jobId` in the body. */
  readonly jobId: number | undefined;
}

/**
 * What a site meets.
 *
 * - `refuse` answers without doing anything (`database is locked`).
 * - `body` answers with any text, as a proxy does; with `work` the request has been done all the same.
 * - `panic` answers 500 with nothing in it and does nothing.
 * - `drop` closes the connection before or after the work is done.
 * - `stall` never answers, though the work is done.
 * - `slow` does the work and keeps the answer back for `ms` of the clock.
 * - `w1` lets the commit come between the lookup and the transfer of a stop: the answer is 200, and another row is stopped.
 */
export type Fault =
  | { readonly kind: 'refuse'; readonly status: number; readonly error: string }
  | {
      readonly kind: 'body';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
      readonly work?: boolean;
    }
  | { readonly kind: 'panic' }
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  | { readonly kind: 'stall' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'w1' };

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly requestBody: string;
  readonly status: number;
  readonly responseBody: string;
  /** What a handler threw; the client sees a 500 with nothing in it. */
  readonly fault?: unknown;
}

/** A running stand-in. */
export interface CcBackend {
  /** Base URL, or `http://localhost` when it listens on a unix socket. */
  readonly url: string;
  /** The rows as they stand, by cluster, job id and start. */
  rows(table: JobTable): readonly JobRow[];
  /** The row of one run, committed or cached. */
  job(cluster: string, jobId: number, startTime: number): (JobRow & { readonly table: JobTable }) | undefined;
  /** Tags of a row of `job`, of every scope. */
  tags(id: number): readonly TagRow[];
  /**
   * What `main.stop-jobs-exceeding-walltime` does every night: committed jobs that run `grace` seconds longer than their
   * walltime are failed, and never archived (contract §7.3). Returns how many.
   */
  failOverdue(grace: number): number;
  /** Every node state received, oldest first. */
  nodeStates(): readonly NamedNodeState[];
  /** What `main.nodestate-retention` deletes: states before a time in seconds, but the newest of each node. */
  retireNodeStates(before: number): number;
  /** The rows of `hpc_user`. */
  users(): readonly HpcUser[];
  /** The job archive, by path. */
  archive(): readonly ArchivedJob[];
  /** Takes a job's directory out of the archive, so that a listing which comes upon it fails (contract §4.4). */
  loseArchived(path: string): void;
  /** Jobs that wait for the archiver. */
  readonly archiving: number;
  /** Resolves when the archiver has nothing more to do. */
  archived(): Promise<void>;
  /** What the NATS side said, oldest first: the log that a sender never sees. At most the last 10,000 lines. */
  messages(): readonly NatsMessage[];
  /** Commits the cache, as the commit-job-worker does: at once, or as soon as the mutex is free. */
  sync(): Promise<void>;
  /** The next stop of a cached job meets {@link Fault} `w1`. */
  raceNextStop(): void;
  /** The process fell over: archiving a job with a null among its resources (contract W12). It answers nobody any more. */
  readonly crashed: boolean;
  stop(): Promise<void>;
}
