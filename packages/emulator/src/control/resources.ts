import { SluiceError } from '@sluice/io';
import { nearest } from '@sluice/service';
import type { Tres } from '@sluice/slurm';
import { tresName } from '../accounting/tres-kinds.ts';
import { billingOf } from '../engine/billing.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';

/** Amounts of resources by names that are Slurm's: `gpu` is `gres/gpu`, case does not matter. Error: `data.invalid` for a resource that the cluster does not track. */
export function resourceAmounts<T extends number | null>(
  slurm: EmulatedSlurm,
  amounts: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const known = slurm.database.tres().map(tresName);
  return Object.fromEntries(Object.entries(amounts).map(([word, amount]) => [resourceName(word, known), amount]));
}

function resourceName(word: string, known: readonly string[]): string {
  const name = word.toLowerCase();
  const found = [name, `gres/${name}`].find((one) => known.includes(one));
  if (found !== undefined) return found;
  const meant = nearest(name, known);
  throw new SluiceError('data.invalid', `the cluster tracks no resource "${word}"${meant === undefined ? '' : `; "${meant}" is one`}`);
}

/**
 * What a job that has a whole node of the default partition to itself holds, billing as Slurm would bill it: a node-hour is an hour of it. With
 * `TRESBillingWeights=Node=1` a node-hour is 60 billing minutes.
 */
export function wholeNode({ controller }: EmulatedSlurm): Tres {
  const partitions = controller.partitions();
  const partition = partitions.find(({ isDefault }) => isDefault) ?? partitions[0];
  const node = controller.node(partition?.nodes[0] ?? '')?.spec;
  if (partition === undefined || node === undefined) throw new SluiceError('data.invalid', 'the cluster has no partition with a node');
  const { sockets, coresPerSocket, threadsPerCore, memoryMiB } = node;
  const devices: Record<string, number> = {};
  for (const name of Object.keys(partition.tres)) {
    if (!name.startsWith('gres/')) continue;
    const held = node.gres.filter((gres) => [`gres/${gres.name}`, `gres/${gres.name}:${gres.type}`].includes(name));
    if (held.length > 0) devices[name] = held.reduce((sum, { count }) => sum + count, 0);
  }
  const tres = { cpu: sockets * coresPerSocket * threadsPerCore, mem: memoryMiB, node: 1, ...devices };
  return { ...tres, billing: Math.max(1, billingOf(tres, partition.billingWeights)) };
}
