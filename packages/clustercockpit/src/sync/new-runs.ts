import type { Node } from '@sluice/slurm';
import type { SyncConfig } from '../config/sync-config.ts';
import { environmentOf } from '../observe/environment.ts';
import { observeActive } from '../observe/seen.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { keyOf, type Run, type RunKey } from '../run.ts';

/** What Slurm says of a run that is to be started in cc-backend. */
export type NewRun =
  | { readonly run: Run }
  | { readonly key: RunKey; readonly leftOut: string }
  | { readonly key: RunKey; readonly waits: string };

export interface NewRunsOptions {
  readonly slurm: SlurmReader;
  readonly cluster: string;
  readonly config: Pick<SyncConfig, 'nodeList' | 'sendScript' | 'sendSlurmInfo' | 'sendEnvironment'>;
  readonly nodes: readonly Node[];
}

/** Asks the controller for all that is sent of these runs. Errors: those of the controller. */
export async function askNewRuns(options: NewRunsOptions, keys: readonly RunKey[]): Promise<readonly NewRun[]> {
  const { slurm, cluster, config, nodes } = options;
  const wanted = { script: config.sendScript, description: config.sendSlurmInfo };
  const answers = await slurm.controller.details(
    keys.map(({ jobId }) => jobId),
    wanted,
  );
  const nodeCpus = new Map(nodes.map((node) => [node.name, node.cpus.total]));
  const found: NewRun[] = [];
  for (const key of keys) {
    const answer = answers.get(key.jobId);
    if (!answer || answer.kind === 'gone') {
      found.push({ key, leftOut: endedMeanwhile });
      continue;
    }
    if (answer.kind === 'unasked') {
      found.push({ key, waits: answer.error.message });
      continue;
    }
    const { job, allocation, script, description } = answer.value;
    const allocations = new Map(allocation === null || job.start === null ? [] : [[keyOf({ ...job, start: job.start }), allocation]]);
    const seen = observeActive(job, { allocations, nodeCpus });
    if (!('run' in seen) || seen.run.ended || seen.run.start !== key.start) found.push({ key, leftOut: endedMeanwhile });
    else if (config.nodeList && !config.nodeList(job.nodes)) found.push({ key, leftOut: 'its node list does not match node_regex' });
    else
      found.push({
        run: {
          ...seen.run,
          cluster,
          script,
          description,
          environment: options.config.sendEnvironment ? await environmentOf(options.slurm, key.jobId) : null,
        },
      });
  }
  return found;
}

const endedMeanwhile = 'it ended, or began anew, while it was asked about';
