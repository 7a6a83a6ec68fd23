import { chooseDialect, type Fields, type JsonCall, printJson, printYaml } from '../json/index.ts';
import type { CommandCall, CommandName } from './command.ts';
import type { GivenOptions } from './options.ts';
import { majorRelease } from './scene.ts';

export interface JsonWish {
  readonly option: 'json' | 'yaml';
  readonly argument: string | null;
}

/** The last of `--json` and `--yaml`; undefined when neither was given. */
export function jsonWish(given: GivenOptions): JsonWish | undefined {
  const last = given.options.findLast(({ name }) => name === 'json' || name === 'yaml');
  return last && { option: last.name === 'yaml' ? 'yaml' : 'json', argument: last.value };
}

/** Writes what `make` gives, in the dialect that was asked for, or why not. Gives the exit code. */
export async function answerJson(
  call: CommandCall,
  command: CommandName,
  wish: JsonWish,
  make: (json: JsonCall) => Fields | Promise<Fields>,
  code = 0,
): Promise<number> {
  const { release } = call.slurm.spec;
  const chosen = chooseDialect(release, command, wish.option, wish.argument);
  if (chosen.kind === 'text') {
    call.out(chosen.stdout);
    call.err(chosen.stderr);
    return chosen.exitCode;
  }
  const fields = await make({ release, dialect: chosen.dialect, command, argv: call.argv, as: call.as });
  const end = majorRelease(call) < 2302 ? '' : '\n';
  call.out(wish.option === 'json' ? `${printJson(fields)}${end}` : printYaml(fields));
  return code;
}
