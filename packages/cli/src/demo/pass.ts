import { type CcBackendClient, keyOf, type SyncReport, syncOnce } from '@sluice/clustercockpit';
import type { Clock, Processes } from '@sluice/io';
import { commandsConnector } from '@sluice/slurm';
import { demoNonce } from './demo-recording.ts';

/** One pass of the thin line at a moment; the same for the recorder, whose processes are real, and the replay. */
export interface Pass {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly time: number;
  readonly from: number;
  readonly client: CcBackendClient;
  /** Keys of the runs that stand in cc-backend; this pass adds its own. */
  readonly standing: Set<string>;
  /** slurm.conf, for the recorder. */
  readonly conf?: string;
}

export async function passAt(pass: Pass): Promise<SyncReport> {
  const { processes, clock, time, from, client, standing, conf } = pass;
  const connector = commandsConnector({
    processes,
    clock: { ...clock, now: () => time * 1000 },
    nonce: () => demoNonce,
    user: 'sluice',
    ...(conf === undefined ? {} : { conf }),
  });
  const report = await syncOnce(connector, client, {
    from,
    to: time,
    clusters: await client.clusters(),
    gpuAddresses: [],
    privacy: { script: true, slurmInfo: true },
    standing: (run) => standing.has(keyOf(run)),
  });
  for (const run of report.started) standing.add(keyOf(run));
  return report;
}
