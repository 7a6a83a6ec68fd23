import type { Archiver } from './archiver.ts';
import type { Checked, User } from './auth.ts';
import type { Cluster } from './clusters.ts';
import type { Mutex } from './mutex.ts';
import type { Release } from './release.ts';
import type { JobStore } from './store.ts';
import type { NodeStore } from './store-nodes.ts';
import type { TagStore } from './store-tags.ts';
import type { UserStore } from './store-users.ts';

/** What the handlers share. */
export interface Context {
  readonly release: Release;
  readonly jobs: JobStore;
  readonly tags: TagStore;
  readonly nodes: NodeStore;
  readonly users: UserStore;
  readonly clusters: readonly Cluster[];
  readonly archiver: Archiver;
  /** The repository's: starts, stops and the commit one at a time; a stop holds it until its job is queued (contract §7.1). */
  readonly mutex: Mutex;
  /** Files of `main.machine-state-dir` by cluster and host; absent when it is not configured. */
  readonly machineStates?: Map<string, string>;
  /** Tokens are asked for. */
  readonly authenticated: boolean;
  /** The process falls over. */
  crash(): void;
  /** Seconds since the epoch. */
  now(): number;
}

/** A request, read and authenticated. */
export interface Asked {
  /** Nobody when authentication is disabled. */
  readonly user: User | undefined;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The path's variables, decoded. */
  readonly variables: readonly string[];
  /** The commit comes between a stop's lookup and its transfer (contract W1). */
  readonly raced?: boolean;
  /** There is no token. */
  readonly anonymous: boolean;
  readonly contentType: string;
  /** The token's user, for what checks it by itself. */
  readonly token: () => Checked;
}
