import { readFileSync } from 'node:fs';
import { describeError, exitCodeOf, isCode, SluiceError } from '@sluice/io';
import { Command, CommanderError } from 'commander';
import { addClusterCockpit } from './commands/cc-command.ts';
import { addConfig } from './commands/config-command.ts';
import { addDemo } from './commands/demo-command.ts';
import { addEmulator } from './commands/emulator-command.ts';
import { addSlurm } from './commands/slurm-command.ts';
import { addStandin } from './commands/standin-command.ts';
import { Interrupted, type Surroundings } from './surroundings.ts';

/** Runs one command line and returns its exit code. Errors are printed, never thrown. */
export async function runSluice(args: readonly string[], around: Surroundings): Promise<number> {
  let code = 0;
  const program = buildProgram(around, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what it had to say; what asked for help gets 0, what it did not understand is a usage error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    return report(error, around, args.includes('--debug'));
  }
}

function buildProgram(around: Surroundings, setExit: (code: number) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const program = new Command('sluice')
    .description('The one place where a Slurm cluster meets the systems around it.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--debug', 'print the stack of an error')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
    .showHelpAfterError('Try --help after the command.')
    .configureOutput({
      writeOut: (text) => around.stdout.write(text),
      writeErr: (text) => around.stderr.write(text),
      outputError: (text, write) => write(`sluice: ${text.replace(/^error: /, '')}`),
      ...(around.stdout.columns === undefined ? {} : { getOutHelpWidth: () => around.stdout.columns ?? 80 }),
    })
    .exitOverride()
    .addHelpText(
      'after',
      '\nExamples:\n  $ sluice demo\n  $ sluice slurm check\n  $ sluice slurm ended --since 2h --json\n  $ sluice config check\n',
    );
  addDemo(program, around, setExit);
  addClusterCockpit(program, around, setExit);
  addSlurm(program, around, setExit);
  addEmulator(program, around, setExit);
  addConfig(program, around);
  addStandin(program, around);
  addHelp(program);
  return program;
}

/** `sluice help slurm check` is `sluice slurm check --help`; commander's own looks at the first word only. */
function addHelp(program: Command): void {
  for (const door of program.commands) if (door.commands.length > 0) door.helpCommand('help [command]', 'print the help of a command');
  program
    .helpCommand(false)
    .command('help')
    .description('print the help of a command, also of one beneath another')
    .argument('[command...]', 'the words of the command')
    .helpOption(false)
    .action((words: readonly string[]) => {
      let command = program;
      for (const word of words) {
        const beneath = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
        if (beneath === undefined) program.error(`error: unknown command '${word}'`, { exitCode: 64 });
        command = beneath;
      }
      command.help();
    });
}

function report(error: unknown, around: Surroundings, debug: boolean): number {
  if (around.interrupted.reason instanceof Interrupted) return around.interrupted.reason.exitCode;
  const known = error instanceof SluiceError && !isCode(error, 'internal');
  around.stderr.write(`sluice: ${linesOf(error, debug || !known).join('\n  ')}\n`);
  return exitCodeOf(error);
}

function linesOf(error: unknown, stack: boolean): readonly string[] {
  // A broken configuration or scenario has a line for each of its errors.
  const listed = isCode(error, 'config.invalid') || isCode(error, 'data.invalid') ? error.message.split('\n') : [];
  return listed.length > 1 ? listed.flatMap((line) => describeError(line.trim())) : describeError(error, { stack });
}
