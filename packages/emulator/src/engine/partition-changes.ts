import type { Tres } from '@sluice/slurm';
import type { Identity } from '../model/job.ts';
import type { EmulatedPartition } from '../model/slurmctld.ts';
import type { PartitionSpec } from '../model/spec.ts';
import { billingOf } from './billing.ts';
import { needOperator } from './permissions.ts';
import { refusal } from './slurm-errors.ts';
import { type PartitionRecord, partitionRecord, type World } from './world.ts';

/** `scontrol update partition`. */
export function updatePartition(world: World, name: string, changes: Partial<PartitionSpec>, as: Identity): void {
  needOperator(world, as);
  const partition = world.partition(name);
  if (partition === undefined) throw refusal('ESLURM_INVALID_PARTITION_NAME');
  if (changes.nodes?.some((node) => !world.nodeByName.has(node))) throw refusal('ESLURM_INVALID_NODE_NAME');
  if (changes.isDefault) for (const other of world.partitions.values()) other.isDefault = false;
  const { members: _members, memberNames: _names, ...spec } = partition;
  Object.assign(partition, partitionRecord({ ...spec, ...changes }, world.nodeByName));
  world.changedPartitions.add(name);
  world.freed();
  world.scheduleSoon();
}

/** A partition with the sums of its nodes. */
export function partitionView(world: World, partition: PartitionRecord): EmulatedPartition {
  const { members, memberNames: _names, ...spec } = partition;
  let cpu = 0;
  let mem = 0;
  const devices: Record<string, number> = {};
  for (const { cores, spec: node } of members) {
    cpu += cores * node.threadsPerCore;
    mem += node.memoryMiB;
    for (const { name, type, count } of node.gres) {
      for (const key of type === null ? [`gres/${name}`] : [`gres/${name}`, `gres/${name}:${type}`]) {
        if (world.tracked.has(key)) devices[key] = (devices[key] ?? 0) + count;
      }
    }
  }
  const counted: Tres = { cpu, mem, node: members.length, ...devices };
  return {
    ...spec,
    totalCpus: cpu,
    tres: { cpu, mem, node: members.length, billing: billingOf(counted, spec.billingWeights), ...devices },
  };
}
