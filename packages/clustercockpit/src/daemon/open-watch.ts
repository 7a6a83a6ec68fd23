import type { Clock } from '@sluice/io';
import type { Log, SaidOnce } from '@sluice/service';
import type { CcBackendClient } from '../cc/cc-backend-client.ts';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { RunJournal } from '../journal/run-journal.ts';
import { ClusterObserver, type ClusterObserverOptions } from '../observe/cluster-observer.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { Decisions } from './decisions.ts';
import { NodeStateSender } from './node-states.ts';

export interface OpenWatchOptions {
  readonly config: AdapterConfig;
  /** What of a job's texts is sent now. */
  readonly sends: () => Pick<AdapterConfig, 'sendScript' | 'sendSlurmInfo' | 'sendEnvironment'>;
  /** The name slurmdbd knows the cluster by. */
  readonly cluster: string;
  readonly connector: SlurmReader;
  readonly journal: RunJournal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly said: SaidOnce;
  /** Who is told of nodes; null when cc-backend is not. */
  readonly client: CcBackendClient | null;
  readonly decisions: Decisions | undefined;
  /** Whether this daemon is the one that delivers. */
  readonly acting: () => boolean;
  /** Called after something was recorded. */
  readonly recorded: () => void;
  /** Called after each reading of history. */
  readonly caughtUp: () => void;
  /** Called after each look at the controller. */
  readonly looked: () => void;
  readonly heard: NonNullable<ClusterObserverOptions['observe']>;
}

/** The looks at one cluster, as the configuration wants them. */
export function openWatch(options: OpenWatchOptions): ClusterWatch {
  const { config, cluster, connector, journal, clock, random, log, said, client, decisions, acting, recorded, caughtUp, looked, heard } =
    options;
  // Asked at each question: a reload changes what is sent.
  const wants = () => {
    const { sendScript, sendSlurmInfo, sendEnvironment } = options.sends();
    return { script: sendScript, description: sendSlurmInfo, environment: sendEnvironment };
  };
  const sender =
    client && decisions && config.nodeStateInterval > 0
      ? new NodeStateSender({ client, decisions, clock, intervalMs: config.nodeStateInterval * 1000, said })
      : undefined;
  return new ClusterWatch({
    observer: new ClusterObserver({ cluster, connector, journal, clock, wants, observe: heard }),
    journal,
    clock,
    random,
    log,
    said,
    pollMs: config.slurmPollInterval * 1000,
    maxSpan: config.slurmQueryMaxSpan,
    lastRunPath: config.lastRunPath,
    recorded,
    caughtUp,
    looked,
    nodesSeen: async (nodes, changed) => {
      if (changed) decisions?.nodesChanged();
      // Not waited for: a cc-backend that hangs must not hold up the next look at Slurm.
      if (acting()) sender?.send(nodes).catch((err: unknown) => log.error({ err }, 'node states could not be sent'));
    },
  });
}
