import { parseGres } from '@sluice/slurm';
import type { NodeSpec } from '../model/spec.ts';

/** A node's resources as slurm.conf has them, e.g. `gpu:a100:4,gpu:v100:2`; undefined when it is not such a list. */
export function gresSpecs(text: string): NodeSpec['gres'] | undefined {
  return parseGres(text)?.map(({ name, type, count }) => ({ name, type, count }));
}
