import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';

/** `sluice demo`: the thin line from recorded answers of a real Slurm to a stand-in of cc-backend. */
export function addDemo(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  program
    .command('demo')
    .description('see Sluice at work without a cluster: recorded jobs of a real Slurm arrive in a stand-in of cc-backend')
    .option('--recording <file>', 'replay another recording, as npm run record:demo makes it')
    .addHelpText(
      'after',
      `
Slurm's answers are recorded; everything after them is what runs on a site: the connector asks the same questions, the
jobs go through HTTP, and the stand-in refuses what cc-backend refuses. Ends with 0 only if every recorded job stands
there as it should.

Example:
  $ sluice demo
`,
    )
    .action(async (options: { recording?: string }) => {
      const { runDemo } = await import('./demo.ts');
      setExit(await runDemo(options, around));
    });
}
