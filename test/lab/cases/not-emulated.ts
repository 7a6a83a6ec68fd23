import type { TestContext } from 'node:test';
import type { Bed } from './bed.ts';

/** What an emulated cluster does not have, and why its cases run on real ones alone. */
const reasons = {
  salloc: 'the emulator has no salloc: allocations without a script are asked of it by srun',
  mcs: 'the emulator knows no MCS labels',
  conf: "the emulator's executables know their cluster, whatever slurm.conf they are pointed to",
} as const;

/** Leaves a case out on an emulated cluster, with the reason; the case returns when it is told so. */
export function isNotEmulated(test: TestContext, { lab }: Pick<Bed, 'lab'>, what: keyof typeof reasons): boolean {
  if (lab.emulated === null) return false;
  test.skip(reasons[what]);
  return true;
}
