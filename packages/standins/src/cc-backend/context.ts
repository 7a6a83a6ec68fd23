import type { Cluster } from './clusters.ts';
import type { Store } from './store.ts';

/** What the handlers share. */
export interface Context {
  readonly store: Store;
  readonly clusters: readonly Cluster[];
  /** Seconds since the epoch. */
  now(): number;
  /** Hands a stopped job (by its row in `job`) to the archiver. */
  archive(id: number): void;
}
