import { type Command, Option } from 'commander';
import type { Surroundings } from '../surroundings.ts';
import type { CheckCommandOptions } from './cc-check.ts';
import type { StatusCommandOptions } from './cc-status.ts';

/** The commands that look and change nothing, added to `sluice cc` through `command`. */
export function addLook(
  command: (name: string, description: string) => Command,
  around: Surroundings,
  setExit: (code: number) => void,
): void {
  addStatus(command, around, setExit);
  addCheck(command, around, setExit);
}

type Adding = Parameters<typeof addLook>;

function addStatus(command: Adding[0], around: Surroundings, setExit: Adding[2]): void {
  command('status', 'what is observed, what waits and for what, what needs somebody')
    .option('--json', 'print it as JSON, with everything')
    .option('--all', 'list all runs of each kind instead of 20')
    .option('--slurm', 'also ask accounting for its runaway jobs')
    .option('--dry-run', 'of the daemon that runs with --dry-run')
    .addOption(new Option('--watch [seconds]', 'show it again and again (every 5 s) until interrupted'))
    .addHelpText(
      'after',
      `
It reads the journal beside the daemon and asks nobody but with --slurm. It ends with 0 when all is well, with 75 when the daemon does not run or
is stuck, and with 1 when something needs an administrator: runs set aside, a problem that has lasted for more than a minute, history that was not
asked for, jobs that stand otherwise in cc-backend than they should, runs without an end that slurmctld does not know any more.

Examples:
  $ sluice cc status
  $ sluice cc status --json | jq '.sinks[] | {sink, lagMs, awaitingCommit}'
`,
    )
    .action(async (options: StatusCommandOptions) => {
      const { runStatus } = await import('./cc-status.ts');
      setExit(await runStatus(options, around));
    });
}

function addCheck(command: Adding[0], around: Surroundings, setExit: Adding[2]): void {
  command('check', 'whether everything is as the daemon needs it, and what mends it where it is not')
    .option('--json', 'print one JSON object')
    .option('--user <name>', 'the user that the daemon runs as, whose rights are judged; the one who asks by default')
    .addHelpText(
      'after',
      `
It tests configuration, files, Slurm's settings and privileges, the hook, cc-backend with its topology and the token, and NATS. Nothing is changed
and no job is sent. It ends with 0 when there are no errors (there may be warnings), else with the code of the worst: 78 configuration, 77 token or
privileges, 76 an answer that is not understood, 73 a place that cannot be written, 69 something cannot be reached.

Examples:
  $ sluice cc check --user sluice
  $ sluice cc check --config /opt/cc-slurm-adapter/config.json --user cc-slurm-adapter
`,
    )
    .action(async (options: CheckCommandOptions) => {
      const { runCheck } = await import('./cc-check.ts');
      setExit(await runCheck(options, around));
    });
}
