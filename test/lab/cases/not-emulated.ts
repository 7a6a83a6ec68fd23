import { it } from 'node:test';
import type { Lab } from '../lab.ts';

/** What an emulated cluster does not have. */
const reasons = {
  salloc: 'the emulator has no salloc: allocations without a script are asked of it by srun',
  mcs: 'the emulator knows no MCS labels',
  conf: "the emulator's executables know their cluster, whatever slurm.conf they are pointed to",
} as const;

/** A case for real clusters alone: on an emulated one it is left out, and says so with the reason. */
export function itOnRealSlurm(
  { emulated }: Pick<Lab, 'emulated'>,
  what: keyof typeof reasons,
  name: string,
  test: () => Promise<void>,
): void {
  if (emulated === null) it(name, test);
  else console.log(`  emulator: left out: ${name}: ${reasons[what]}`);
}
