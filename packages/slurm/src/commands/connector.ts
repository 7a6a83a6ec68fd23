import type { Connector } from '../facets.ts';
import { commandsAccounting } from './accounting.ts';
import { commandsAccountingAdmin } from './accounting-admin.ts';
import { commandsController } from './controller.ts';
import { commandsJobs } from './jobs.ts';
import { releaseWatch } from './release.ts';
import type { QuestionObservation } from './sacct.ts';
import { type CommandsOptions, slurmCommands } from './slurm-command.ts';

export interface CommandsConnectorOptions extends CommandsOptions {
  /** Name of the user that we run as, for what slurmdbd says about our privileges. */
  readonly user: string;
  /** Called once per question for ended jobs that was answered whole, with its rows: for metrics. */
  readonly observeQuestion?: (observation: QuestionObservation) => void;
  /**
   * Keeps one scontrol for questions about jobs, as long as they come, until this is aborted: for a program that asks all the
   * time. Without it a command of its own is asked each time.
   */
  readonly keepUntil?: AbortSignal;
}

/** The connector that asks Slurm through its commands, for the releases 22.05 to 26.05. Nothing runs before the first question. */
export function commandsConnector(options: CommandsConnectorOptions): Connector {
  const { clock, nonce, user, cluster, binPath, conf, keepUntil } = options;
  const commands = slurmCommands(options);
  const releases = releaseWatch(commands, clock);
  return {
    accounting: commandsAccounting({ commands, clock, nonce, release: releases, user, cluster, observe: options.observeQuestion }),
    controller: commandsController({ commands, clock, releases, nonce, cluster, keepUntil }),
    jobs: commandsJobs({ commands, releases, cluster, binPath, conf }),
    accountingAdmin: commandsAccountingAdmin({ commands, release: releases, cluster, binPath, conf }),
  };
}
