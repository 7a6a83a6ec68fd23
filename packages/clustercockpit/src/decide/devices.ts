import type { GresAllocation } from '@sluice/slurm';
import type { CcAccelerator } from './cc-cluster.ts';

/** Accelerators of a node by Slurm's device index. */
export interface Devices {
  readonly ids: readonly string[];
  /** Slurm's type of each, or null where all are alike and the type tells nothing. */
  readonly types: readonly string[] | null;
}

/**
 * Which of cc-backend's accelerators Slurm's device indices are. Slurm counts through all GPUs of a node in the order of
 * gres.conf; cc-backend lists ids, in an order of its own where there are several kinds. So the counts must agree, and with
 * several types each type must be told by the accelerators' models. Otherwise the reason why nothing is said.
 */
export function devicesOf(gpus: readonly GresAllocation[], accelerators: readonly CcAccelerator[]): Devices | { readonly without: string } {
  const types = gpus.flatMap(({ type, count }) => Array.from({ length: Math.min(count, 1024) }, () => type ?? ''));
  if (types.length !== accelerators.length) {
    return { without: `Slurm has ${types.length} GPUs, cc-backend's topology ${accelerators.length} accelerators` };
  }
  const distinct = [...new Set(types)];
  if (distinct.length <= 1) return { ids: accelerators.map(({ id }) => id), types: null };
  const left = new Map(distinct.map((type) => [type, [] as string[]]));
  for (const accelerator of accelerators) left.get(typeOf(accelerator, distinct) ?? '')?.push(accelerator.id);
  const ids = types.map((type) => left.get(type)?.shift());
  if (!ids.every((id) => id !== undefined)) {
    return { without: `the models of cc-backend's accelerators do not tell which are Slurm's ${distinct.join(', ')}` };
  }
  return { ids, types };
}

/** The type whose name the accelerator's model (or, failing that, type) contains; of several the longest: `a100` before `a10`. */
function typeOf(accelerator: CcAccelerator, types: readonly string[]): string | undefined {
  const words = plain(`${accelerator.type ?? ''} ${accelerator.model ?? ''}`);
  return types.filter((type) => plain(type) !== '' && words.includes(plain(type))).sort((a, b) => b.length - a.length)[0];
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Ids of what a job holds, or undefined when one of them cannot be told: a wrong id shows another job's load. */
export function heldIds(held: readonly GresAllocation[], devices: Devices): readonly string[] | undefined {
  const ids: string[] = [];
  for (const { type, count, indices } of held) {
    if (count === 0) continue;
    if (indices === null) return holdsAll(held, devices) ? devices.ids : undefined;
    for (const index of indices) {
      const id = devices.ids[index];
      if (id === undefined || (devices.types !== null && type !== null && devices.types[index] !== type)) return undefined;
      ids.push(id);
    }
  }
  return ids.length > 0 ? ids : undefined;
}

/** Without indices (no File= in gres.conf) only who holds all of them holds known ones. */
function holdsAll(held: readonly GresAllocation[], { ids }: Devices): boolean {
  return held.reduce((sum, { count }) => sum + count, 0) === ids.length;
}

const pciAddress = /^(?:[0-9a-f]{4}){1,2}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i;
const gpuUuid = /^(?:GPU|MIG)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The ids of a comment that consists of PCI addresses or GPU UUIDs, separated by commas, and of nothing else. */
export function idsInComment(comment: string): readonly string[] | undefined {
  if (comment === '' || comment.length > 4096) return undefined;
  const ids = comment.split(',').map((id) => id.trim());
  return ids.every((id) => pciAddress.test(id) || gpuUuid.test(id)) && new Set(ids).size === ids.length ? ids : undefined;
}
