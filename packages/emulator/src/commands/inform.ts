import type { CommandCall, CommandName } from './command.ts';
import { helpText } from './help-text.ts';
import { type GivenOptions, OptionError, type OptionTable, optionErrorText, readOptions } from './options.ts';

/** Answers `--version`, `--usage` and `--help`; undefined when none of them was asked. */
export function inform(
  call: CommandCall,
  command: CommandName,
  given: GivenOptions,
  usage: string,
  table: OptionTable,
): number | undefined {
  if (given.has('version')) call.out(`slurm ${call.slurm.spec.release}\n`);
  else if (given.has('usage')) call.out(usage);
  else if (given.has('help')) call.out(helpText(command, usage, table));
  else return undefined;
  return 0;
}

/** The options of a call; its exit code when they are wrong, or {@link inform} is all they ask for. */
export function optionsOrEnd(call: CommandCall, command: CommandName, usage: string, table: OptionTable): GivenOptions | number {
  try {
    const given = readOptions(call.argv, table);
    return inform(call, command, given, usage, table) ?? given;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    call.err(optionErrorText(command, error));
    return 1;
  }
}
