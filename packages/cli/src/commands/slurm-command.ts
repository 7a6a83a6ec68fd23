import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';
import { withSlurmHint } from './slurm-hint.ts';

/** Options that every `sluice slurm` command has. */
export interface SlurmOptions {
  readonly config?: string;
  readonly strict?: boolean;
  readonly binPath?: string;
  readonly conf?: string;
  readonly cluster?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

export interface EndedOptions extends SlurmOptions {
  readonly since: string;
  readonly until: string;
  readonly user?: readonly string[];
  readonly account?: readonly string[];
  readonly partition?: readonly string[];
}

const exitCodes = `
Exit codes: 0 answered; 64 the command line is not understood; 65 Slurm does not know what was asked for, or a name is none;
69 Slurm cannot be reached or lacks what is needed; 71 the system has no room for a program; 74 the output cannot be written;
75 try again; 76 Slurm's answer is not understood; 77 Slurm refuses; 78 the configuration has errors; 130, 143 interrupted.`;

/** `sluice slurm`: reads a cluster and changes nothing. */
export function addSlurm(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  const slurm = program.command('slurm').description('read a Slurm cluster: what this site offers, its jobs and nodes; changes nothing');

  command(slurm, around, 'check', 'release, clusters, privileges, daemons, and what this site offers or lacks')
    .addHelpText(
      'after',
      '\nEnds with 0 when all that Sluice needs is there, with 69 when something is missing.\n\nExample:\n  $ sluice slurm check\n',
    )
    .action(async (options: SlurmOptions) => {
      const { slurmCheck } = await import('./slurm-check.ts');
      setExit(await slurmCheck(options, around));
    });

  command(slurm, around, 'jobs', 'active jobs: pending, running, and ended ones that slurmctld still remembers')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sluice slurm jobs\n  $ sluice slurm jobs --json | jq -r \'select(.state.base == "RUNNING").jobId\'\n',
    )
    .action(async (options: SlurmOptions) => {
      const { listJobs } = await import('./slurm-lists.ts');
      await told(listJobs(options, around));
    });

  command(slurm, around, 'ended', 'jobs that ended in a window, from accounting, as they arrive')
    .option('--since <time>', '2h, 3d ago, ISO 8601 (UTC unless it says otherwise) or seconds since the epoch', '1d')
    .option('--until <time>', 'in the same forms', '0s')
    .option('--user <name...>', 'of these users only')
    .option('--account <name...>', 'of these accounts only')
    .option('--partition <name...>', 'in these partitions only')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sluice slurm ended --since 2h\n  $ sluice slurm ended --since 2026-11-01 --until 2026-12-01 --json > november.jsonl\n',
    )
    .action(async (options: EndedOptions) => {
      const { listEnded } = await import('./slurm-lists.ts');
      await told(listEnded(options, around));
    });

  command(slurm, around, 'nodes', 'nodes with their states, CPUs, memory and GRES')
    .addHelpText('after', '\nExample:\n  $ sluice slurm nodes\n')
    .action(async (options: SlurmOptions) => {
      const { listNodes } = await import('./slurm-lists.ts');
      await told(listNodes(options, around));
    });

  command(slurm, around, 'allocations', 'what running jobs hold on each node: CPUs, memory, GRES with indices')
    .addHelpText('after', '\nExample:\n  $ sluice slurm allocations --json\n')
    .action(async (options: SlurmOptions) => {
      const { listAllocations } = await import('./slurm-lists.ts');
      await told(listAllocations(options, around));
    });
}

async function told(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw withSlurmHint(error);
  }
}

function command(parent: Command, around: Surroundings, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'one JSON object per line')
    .option('--config <file>', `configuration, YAML or JSON; ${around.configFile} by default, if it exists`)
    .option('--strict', 'unknown keys of the configuration are errors, not warnings')
    .option('--bin-path <dir>', 'directory of Slurm’s commands; PATH by default')
    .option('--conf <file>', 'slurm.conf to use; SLURM_CONF or else Slurm’s own choice by default')
    .option('-M, --cluster <name>', 'cluster to ask; that of this host by default')
    .option('--timeout <time>', 'how long one command of Slurm may take, as 90 (seconds) or 2m; by default longer than Slurm waits')
    .addHelpText('after', exitCodes);
}
