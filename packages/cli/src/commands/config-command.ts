import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';

export interface ConfigOptions {
  readonly strict?: boolean;
}

const fileHelp = (around: Surroundings) => `a YAML or JSON file; ${around.configFile} by default`;

const exitCodes = 'Ends with 0 when there is no error, with 78 when there is one or the file cannot be read.';

/** `sluice config`: what a configuration says, before anything runs with it. */
export function addConfig(program: Command, around: Surroundings): void {
  const config = program.command('config').description('check a configuration file, show what it means, print its JSON Schema');

  config
    .command('check')
    .description('name every error of a configuration at once: file, line, key, what stands there and what should')
    .argument('[file]', fileHelp(around))
    .option('--strict', 'unknown keys are errors, not warnings')
    .addHelpText('after', `\n${exitCodes}\n\nExamples:\n  $ sluice config check\n  $ sluice config check --strict new.yaml\n`)
    .action(async (file: string | undefined, options: ConfigOptions) => {
      const { checkConfig } = await import('./config.ts');
      await checkConfig(file, options, around);
    });

  config
    .command('show')
    .description('print a configuration as it is understood, as JSON; secrets stay hidden')
    .argument('[file]', fileHelp(around))
    .addHelpText('after', `\n${exitCodes}\n\nExample:\n  $ sluice config show sluice.yaml\n`)
    .action(async (file: string | undefined) => {
      const { showConfiguration } = await import('./config.ts');
      await showConfiguration(file, around);
    });

  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .addHelpText(
      'after',
      `
An editor that speaks yaml-language-server takes it from a first line of the configuration:
  # yaml-language-server: $schema=sluice.schema.json

Ends with 0.

Example:
  $ sluice config schema > sluice.schema.json
`,
    )
    .action(async () => {
      const { printSchema } = await import('./config.ts');
      printSchema(around);
    });
}
