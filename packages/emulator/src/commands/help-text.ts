import type { CommandName } from './command.ts';
import { meaningsOf } from './option-meanings.ts';
import type { OptionTable } from './options.ts';

/** Where the meaning of an option begins, as far as the option leaves room. */
const column = 29;

/** What a command prints for `--help`: its usage, and its options with what they are for. Slurm's own help has other sentences. */
export function helpText(command: CommandName, usage: string, { entries, short }: OptionTable): string {
  const meaning = meaningsOf(command);
  const letters = new Map([...short].map(([letter, { name }]) => [name, letter]));
  const lines = entries.map(({ name, longName, takes }) => {
    const letter = longName === name ? letters.get(name) : undefined;
    const value = takes === 'none' ? '' : takes === 'value' ? '=value' : '[=value]';
    const option = `  ${letter === undefined ? '    ' : `-${letter}, `}--${longName}${value}`;
    const words = longName === name ? meaning(name) : `the same as --${name}`;
    return words === undefined ? `${option}\n` : `${option.padEnd(column)} ${words}\n`;
  });
  return `${usage}\nOptions:\n${lines.join('')}`;
}
