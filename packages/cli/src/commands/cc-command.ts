import { type Command, Option } from 'commander';
import type { Surroundings } from '../surroundings.ts';
import type { BackfillCommandOptions } from './cc-backfill.ts';
import type { CollectCommandOptions } from './cc-collect.ts';
import type { HookCommandOptions } from './cc-hook.ts';
import { addLook } from './cc-look.ts';
import type { CcOptions } from './cc-open.ts';
import type { SyncCommandOptions } from './cc-sync.ts';

export interface DaemonOptions extends CcOptions {
  readonly logLevel?: string;
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly patience?: string;
}

/** `sluice clustercockpit`: jobs and node states into ClusterCockpit's cc-backend. */
export function addClusterCockpit(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  const cc = program
    .command('clustercockpit')
    .alias('cc')
    .description('jobs, allocations and node states, live, into ClusterCockpit’s cc-backend');
  addDaemon(cc, around, setExit);
  addHook(cc, around, setExit);
  addSync(cc, around, setExit);
  addBackfill(cc, around, setExit);
  addLook((name, description) => command(cc, name, description), around, setExit);
  addRetry(cc, around, setExit);
  addCollect(cc, around, setExit);
}

function command(cc: Command, name: string, description: string): Command {
  return cc
    .command(name)
    .description(description)
    .addOption(
      new Option(
        '-c, --config <file>',
        'configuration; cc-slurm-adapter’s works as it is (default: /etc/cc-slurm-adapter/config.json, if it exists)',
      ),
    )
    .option('--strict', 'take unknown keys of the configuration for errors');
}

function logLevel(): Option {
  return new Option('--log-level <level>', 'trace, debug, info, warn, error, fatal, or 0 to 5 as cc-slurm-adapter counts');
}

function addDaemon(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  command(cc, 'daemon', 'deliver every job to cc-backend, in place of cc-slurm-adapter')
    .addOption(logLevel())
    .option('--dry-run', 'send nothing: run beside the program that delivers, and report what would have been sent and where it differs')
    .option('--report <file>', 'with --dry-run: write the report there, one JSON object a line, instead of on stdout')
    .option('--patience <seconds>', 'with --dry-run: time that the other program has to deliver until it is compared (default: 600)')
    .addHelpText(
      'after',
      `
A dry run has a journal of its own (journalPath with .dry-run), no socket, no metrics and no process file, leaves lastRunPath and the spool alone, and writes
nothing to cc-backend or NATS. It sums up every hour and at its end.

Examples:
  $ sluice cc daemon
  $ sluice cc daemon --dry-run --report /var/tmp/sluice.jsonl
`,
    )
    .action(async (options: DaemonOptions) => {
      const { runCcDaemon } = await import('./cc-daemon.ts');
      setExit(await runCcDaemon(options, around));
    });
}

function addHook(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  command(cc, 'hook', 'the hook for PrologSlurmctld and EpilogSlurmctld: write its script, or be it')
    .option('--install [path]', 'write the script (default: /etc/slurm/sluice-hook.sh) and print the lines for slurm.conf')
    .option('--print', 'print the script and write nothing')
    .option('--force', 'overwrite a file that Sluice has not written')
    .option('--max-events <number>', 'events that may wait in the spool before further ones are dropped (default: 262144)')
    .addHelpText(
      'after',
      `
Without --install and --print it sends the event of the job in its environment to the daemon's socket, as cc-slurm-adapter's hook does; it
ends within 100 ms and with 0, whatever happens.

Examples:
  $ sluice cc hook --install /etc/slurm/sluice-hook.sh
  $ sluice cc hook --print
`,
    )
    .action(async (options: HookCommandOptions) => {
      const { runHook } = await import('./cc-hook.ts');
      setExit(await runHook(options, around));
    });
}

function addSync(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  cc.command('sync')
    .description('bring what runs in Slurm into cc-backend once, in place of cc-slurm-sync')
    .option('-c, --config <file>', 'cc-slurm-sync’s configuration, as it is', 'config.json')
    .option('-j, --jobid <id>', 'only this job')
    .option('-l, --limit <number>', 'at most so many stops and so many starts', '200')
    .addOption(new Option('--direction <which>', 'only stop or only start jobs').choices(['both', 'start', 'stop']).default('both'))
    .option('-d, --debug', 'print a line for each job, and the stack of an error')
    .option('--dry-run', 'send nothing, and say what would be sent')
    .option('--strict', 'take unknown keys of the configuration for errors')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
It ends with 0 when both are in step as far as the limit goes, with 75 when something is to be repeated (the next run does), with 65 when
cc-backend refused jobs or has some that Slurm does not know, and with 69, 77 or 78 when it could not work at all.

Examples:
  $ sluice cc sync --dry-run --debug
  $ sluice cc sync -c /etc/cc-slurm-sync/config.json --direction stop
`,
    )
    .action(async (_: SyncCommandOptions, command: Command) => {
      const { runSync } = await import('./cc-sync.ts');
      // --debug is an option of every command, and taken where it is first known.
      setExit(await runSync(command.optsWithGlobals<SyncCommandOptions>(), around));
    });
}

function addBackfill(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  command(cc, 'backfill', 'bring history from Slurm’s accounting into cc-backend, oldest first')
    .requiredOption('--since <time>', 'needed: jobs that ended from then on: 2026-11-01, 2026-11-01T12:00:00Z, 7d, or seconds since 1970')
    .option('--until <time>', 'up to then; now by default')
    .option('--cluster <name>', 'the cluster by its name in Slurm; the local one by default')
    .option('--fresh', 'begin again, and forget how far an earlier attempt came')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
It may run beside the daemon, waits for the server rather than flooding it, and goes on where it was interrupted. Jobs that stand in cc-backend
stay as they are. At its end it waits until cc-backend has committed what it started: twice ccCommitInterval. It ends with 65 when cc-backend
refused jobs for good, and with 75 when it was interrupted.

Example:
  $ sluice cc backfill --since 2026-10-01 --until 2026-11-01
`,
    )
    .action(async (options: BackfillCommandOptions) => {
      const { runBackfill } = await import('./cc-backfill.ts');
      setExit(await runBackfill(options, around));
    });
}

function addRetry(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  command(cc, 'retry', 'take up again what cc-backend refused for good, after its cause has been mended')
    .argument('[jobs...]', 'ids of the jobs')
    .option('--all', 'everything that is set aside')
    .addHelpText(
      'after',
      `
The daemon does it within half a minute; while none runs, they are noted, and the next daemon sends them. It ends with 1 when nothing was set aside.

Examples:
  $ sluice cc retry 4711 4712
  $ sluice cc retry --all
`,
    )
    .action(async (jobs: readonly string[], options: CcOptions & { readonly all?: boolean }) => {
      const { runRetry } = await import('./cc-retry.ts');
      setExit(await runRetry(jobs, options, around));
    });
}

function addCollect(cc: Command, around: Surroundings, setExit: (code: number) => void): void {
  command(cc, 'collect', 'ask about the jobs of spooled events while the daemon is away (run by its path unit)')
    .option('--linger <seconds>', 'wait so long for further events before it ends', '5')
    .addOption(logLevel())
    .action(async (options: CollectCommandOptions) => {
      const { runCollect } = await import('./cc-collect.ts');
      setExit(await runCollect(options, around));
    });
}
