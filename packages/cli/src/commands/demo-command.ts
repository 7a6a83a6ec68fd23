import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';
import type { DemoOptions } from './demo.ts';

/** `sluice demo`: all of Sluice beside an emulated cluster. */
export function addDemo(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  program
    .command('demo')
    .description('see Sluice at work without a cluster: an emulated Slurm with a day’s load in fast motion')
    .option('--seconds <number>', 'end by itself after so many seconds, and say whether all jobs arrived')
    .option('--release <release>', 'the release of Slurm that is emulated', '24.11')
    .option('--settle <number>', 'with --seconds: seconds that the last ends have to arrive in', '30')
    .option('--seed <number>', 'the same jobs as an earlier run')
    .option('--fault <what>', 'what does not work: cc-backend')
    .addHelpText(
      'after',
      `
In a directory of its own it starts an emulated cluster, a stand-in of cc-backend and the ClusterCockpit daemon with its hook,
and shows how jobs that begin and end in Slurm arrive there. Without a terminal it prints a line every five seconds. Ctrl-C ends
it and leaves nothing behind. With --seconds it ends with 0 only if every job that ran stands in the stand-in as Slurm has it.

Examples:
  $ sluice demo
  $ sluice demo --seconds 60
  $ sluice demo --seconds 20 --fault cc-backend; echo $?
`,
    )
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./demo.ts');
      setExit(await runDemo(options, around));
    });
}
