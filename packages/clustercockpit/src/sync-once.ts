import type { CcBackendClient } from './cc/cc-backend-client.ts';
import type { CcCluster } from './decide/cc-cluster.ts';
import { decideContext, defaultSettings, type GpuAddresses } from './decide/context.ts';
import { type Delivered, deliver } from './deliver.ts';
import { type Observation, type ObserveOptions, observeCluster, type SlurmReader } from './observe/observe-cluster.ts';

export interface SyncOptions extends ObserveOptions {
  /** What cc-backend says of its clusters; hwthreads and accelerators are named where its topology fits Slurm's. */
  readonly clusters: readonly CcCluster[];
  readonly gpuAddresses: readonly GpuAddresses[];
}

/** What one pass came to. */
export type SyncReport = Observation & Delivered;

/**
 * Observes once and delivers what was seen: the start of every running run, start and stop of every run that ended in the
 * window. All writes may be repeated, so a pass may be, too. Errors: those of {@link deliver}; that Slurm could not be
 * asked is in the report.
 *
 * Against a real cc-backend 1.5 a stop should wait until the start has been committed: it may hit another job's row
 * otherwise (contract W1). Nothing here waits; whoever calls this must hold such runs back.
 */
export async function syncOnce(connector: SlurmReader, client: CcBackendClient, options: SyncOptions): Promise<SyncReport> {
  const observation = await observeCluster(connector, options);
  const { runs } = observation;
  const settings = { ...defaultSettings, gpuAddresses: options.gpuAddresses, privacy: { ...defaultSettings.privacy, ...options.privacy } };
  const context = decideContext(settings, options.clusters, observation.nodes);
  return { ...observation, ...(await deliver(client, runs, { ...options, context })) };
}
