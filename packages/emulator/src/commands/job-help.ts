import type { CommandCall } from './command.ts';
import { helpText } from './help-text.ts';
import type { GivenOptions, OptionTable } from './options.ts';

const usages = {
  sbatch: 'Usage: sbatch [OPTIONS(0)...] [ : [OPTIONS(N)...]] script(0) [args(0)...]\n',
  srun: 'Usage: srun [OPTIONS(0)... [executable(0) [args(0)...]]]\n',
  scancel: 'Usage: scancel [OPTIONS] [job_id[_array_id][.step_id]]\n',
} as const;

/** Answers `--help`, `--usage` and `--version`; undefined when none of them was asked. */
export function inform(call: CommandCall, command: keyof typeof usages, given: GivenOptions, table: OptionTable): number | undefined {
  if (given.has('version')) call.out(`slurm ${call.slurm.spec.release}\n`);
  else if (given.has('usage')) call.out(usages[command]);
  else if (given.has('help')) call.out(helpText(command, usages[command], table));
  else return undefined;
  return 0;
}
