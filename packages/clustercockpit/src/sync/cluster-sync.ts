import { SluiceError } from '@sluice/io';
import { type ActiveState, isEnded } from '@sluice/slurm';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { ListedJob } from '../cc/listed-job.ts';
import type { SyncConfig } from '../config/sync-config.ts';
import { type DecideSettings, decideContext } from '../decide/context.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { keyOf, type RunKey } from '../run.ts';
import { askAbout } from './asked-job.ts';
import type { ClusterSyncReport, SyncOutcome } from './report.ts';
import { type SyncProgress, SyncSteps } from './sync-steps.ts';

export interface ClusterSyncOptions {
  readonly config: SyncConfig;
  readonly slurm: SlurmReader;
  readonly client: CcBackendClient;
  readonly direction: 'both' | 'start' | 'stop';
  /** At most so many starts, and so many stops, are sent. */
  readonly limit: number;
  /** Only this job. */
  readonly jobId?: number | undefined;
  /** Nothing is sent; what would be is looked up. */
  readonly dryRun?: boolean | undefined;
  readonly progress?: ((progress: SyncProgress) => void) | undefined;
  /** Told of each outcome as it comes. */
  readonly told?: ((outcome: SyncOutcome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings what cc-backend has as running in step with what Slurm runs, once: stops what has ended, then starts what is missing.
 * Errors, before anything is sent: those of the list of cc-backend (an incomplete list proves nothing) and of the controller (what
 * cannot be asked is not stopped), `config.invalid` when cc-backend has no such cluster. What fails later is in the report.
 */
export async function syncCluster(options: ClusterSyncOptions): Promise<ClusterSyncReport> {
  const { client, slurm, config, progress, jobId } = options;
  progress?.({ step: 'asking cc-backend', done: 0, of: 0 });
  const clusters = await client.clusters();
  if (!clusters.some(({ name }) => name === config.cluster)) throw noCluster(config.cluster, clusters);
  // Before Slurm is asked: what is listed and then not running any more has ended, or was never there.
  const listed = await listedRunning(options);
  progress?.({ step: 'asking Slurm', done: 0, of: 0 });
  const cluster = config.slurmCluster ?? (await localCluster(slurm));
  const nodes = (await slurm.controller.nodes()).records.map((node) => ({ ...node, cluster }));
  const { states, rejects } = await activeStates(options);
  const context = decideContext(settingsOf(config, cluster), clusters, nodes);

  const runs = listed.map(({ jobId, startTime }): RunKey => ({ cluster, jobId, start: startTime }));
  const running = [...states.values()].filter(goesOn).toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0) || a.jobId - b.jobId);
  const isWanted = (run: { readonly jobId: number }) => jobId === undefined || run.jobId === jobId;
  const steps = new SyncSteps({ ...options, context, cluster, nodes, states });
  if (options.direction !== 'start') await steps.stopEnded(runs.filter(isWanted));
  const known = new Set(runs.map(keyOf));
  const missing = running.flatMap((state) => keyOfState(cluster, state)).filter((run) => isWanted(run) && !known.has(keyOf(run)));
  if (options.direction !== 'stop') await steps.startMissing(missing);
  const nothingDone = jobId !== undefined && steps.outcomes.length === 0 && steps.trouble === null;
  return {
    cluster,
    ccCluster: config.cluster,
    dryRun: options.dryRun ?? false,
    running: running.length,
    listed: listed.length,
    outcomes: steps.outcomes,
    limited: steps.limited,
    rejects,
    trouble: steps.trouble,
    asked: nothingDone ? await askAbout(slurm, cluster, jobId, states, options.signal) : null,
  };
}

function noCluster(name: string, clusters: readonly { readonly name: string }[]): SluiceError {
  const has = clusters.map((cluster) => cluster.name).join(', ') || 'none';
  return new SluiceError('config.invalid', `cc-backend has no cluster ${JSON.stringify(name)}; it has: ${has}`, {
    hint: 'Put cc-backend’s name of the cluster into clustername, or add the cluster to cc-backend’s archive and restart it.',
  });
}

async function listedRunning({ client, config, signal }: ClusterSyncOptions): Promise<readonly ListedJob[]> {
  const jobs: ListedJob[] = [];
  for await (const slice of client.running(config.cluster, signal ? { signal } : {})) jobs.push(...slice.jobs);
  return jobs.toSorted((a, b) => a.startTime - b.startTime || a.jobId - b.jobId);
}

async function localCluster({ controller }: SlurmReader): Promise<string> {
  const name = (await controller.config())['ClusterName'];
  if (name) return name;
  throw new SluiceError('slurm.unparsable', 'slurmctld names no cluster (scontrol show config)', {
    hint: 'Name it in the configuration: slurm.cluster.',
  });
}

async function activeStates({ slurm, signal }: ClusterSyncOptions) {
  const states = new Map<number, ActiveState>();
  let rejects = 0;
  for await (const piece of slurm.controller.activeStates()) {
    signal?.throwIfAborted();
    if (piece.kind === 'records') for (const state of piece.records) states.set(state.jobId, state);
    if (piece.kind === 'rejects') rejects += piece.rejects.length;
  }
  return { states, rejects };
}

function goesOn({ state, start }: ActiveState): boolean {
  return start !== null && state.base !== 'PENDING' && !state.flags.includes('REVOKED') && !isEnded(state);
}

function keyOfState(cluster: string, { jobId, start }: ActiveState): readonly RunKey[] {
  return start === null ? [] : [{ cluster, jobId, start }];
}

function settingsOf(config: SyncConfig, cluster: string): DecideSettings {
  return {
    gpuAddresses: config.gpuAddresses,
    ignoreHosts: null,
    hostnames: config.hostnames,
    clusterNames: new Map([[cluster, config.cluster]]),
    privacy: {
      script: config.sendScript,
      slurmInfo: config.sendSlurmInfo,
      environment: config.sendEnvironment,
      comments: config.sendComments,
    },
    startTag: config.startTag,
    otherAccelerators: config.otherAccelerators,
  };
}
