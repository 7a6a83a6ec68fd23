import { type Command, Option } from 'commander';
import type { Surroundings } from '../surroundings.ts';

export interface DaemonOptions {
  readonly config?: string;
  readonly strict?: boolean;
  readonly logLevel?: string;
}

/** `sluice clustercockpit`: jobs and node states into ClusterCockpit's cc-backend. */
export function addClusterCockpit(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  const cc = program
    .command('clustercockpit')
    .alias('cc')
    .description('jobs, allocations and node states, live, into ClusterCockpit’s cc-backend');
  cc.command('daemon')
    .description('deliver every job to cc-backend, in place of cc-slurm-adapter')
    .addOption(
      new Option(
        '-c, --config <file>',
        'configuration; cc-slurm-adapter’s works as it is (default: /etc/cc-slurm-adapter/config.json, if it exists)',
      ),
    )
    .option('--strict', 'take unknown keys of the configuration for errors')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal, or 0 to 5 as cc-slurm-adapter counts')
    .action(async (options: DaemonOptions) => {
      const { runCcDaemon } = await import('./cc-daemon.ts');
      setExit(await runCcDaemon(options, around));
    });
}
