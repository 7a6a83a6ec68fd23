import { collect } from '@sluice/clustercockpit';
import { isCode, SluiceError } from '@sluice/io';
import { createLog } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import { type CcOptions, logLevelOf, openConfig, slurmOf } from './cc-open.ts';

export interface CollectCommandOptions extends CcOptions {
  readonly linger: string;
  readonly logLevel?: string;
}

/** Asks about the jobs of spooled events while the daemon is away. That it is not is no failure. */
export async function runCollect(options: CollectCommandOptions, around: Surroundings): Promise<number> {
  const lingerMs = Number(options.linger) * 1000;
  // Anything else would end it before it has read the spool.
  if (!(lingerMs >= 0)) throw new SluiceError('usage', `--linger: ${JSON.stringify(options.linger)} is no number of seconds`);
  const { config } = await openConfig(options, around);
  const log = createLog({ name: 'collect', level: logLevelOf(options.logLevel, 'info'), journaldPriority: 'JOURNAL_STREAM' in around.env });
  try {
    const { recorded, left } = await collect({
      config,
      connect: (cluster) => slurmOf(config, cluster, around),
      clock: around.clock,
      log,
      pid: process.pid,
      lingerMs,
      signal: around.interrupted,
    });
    log.info({ recorded, left }, `${recorded} events recorded, ${left} left for the daemon`);
    return 0;
  } catch (error) {
    if (!isCode(error, 'instance.running')) throw error;
    log.info('the daemon runs: there is nothing to collect');
    return 0;
  }
}
