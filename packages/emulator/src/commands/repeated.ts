import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandCall, CommandName } from './command.ts';
import { OptionError, type OptionTable, readOptions } from './options.ts';
import { majorRelease } from './scene.ts';

/** A command that says the same again every so many seconds with `--iterate`, until its caller leaves or it fails (squeue(1), sinfo(1)). */
export function repeated(name: CommandName, command: Command, optionsOf: (release: number) => OptionTable): Command {
  return async (call) => {
    const text = iterateOf(call, optionsOf);
    if (text === undefined) return command(call);
    const seconds = Number.parseInt(text, 10);
    if (!(seconds > 0)) {
      call.err(`${name}: error: --iterate=${text}\n`);
      call.out('\n');
      return 1;
    }
    for (;;) {
      const code = await command(call);
      if (code !== 0 || call.signal.aborted) return code;
      call.out('\n');
      await sleep(seconds * 1000, undefined, { signal: call.signal }).catch(() => {});
      if (call.signal.aborted) return 0;
    }
  };
}

/** The command itself says what is wrong with its options. */
function iterateOf(call: CommandCall, optionsOf: (release: number) => OptionTable): string | undefined {
  try {
    const given = readOptions(call.argv, optionsOf(majorRelease(call)));
    return given.has('help') || given.has('usage') || given.has('version') ? undefined : given.value('iterate');
  } catch (error) {
    if (error instanceof OptionError) return undefined;
    throw error;
  }
}
