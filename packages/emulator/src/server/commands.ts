import type { Command, CommandName } from '../commands/command.ts';

/** The commands by name. */
export type Commands = Readonly<Record<CommandName, Command>>;
