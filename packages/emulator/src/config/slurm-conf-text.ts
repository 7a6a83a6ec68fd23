import { foldHostlist } from '@sluice/slurm';
import { ownSettings } from '../engine/settings.ts';
import type { ClusterSpec, NodeSpec, PartitionSpec } from '../model/spec.ts';

/**
 * The emulated cluster as a slurm.conf, for whoever looks into the file that SLURM_CONF names: the emulator's commands do not read it.
 * {@link readSlurmConf} gives the same cluster again.
 */
export function slurmConfText(spec: ClusterSpec): string {
  const settings = Object.entries(spec.settings).filter(([name]) => !ownSettings.includes(name));
  const lines = [
    `# Slurm ${spec.release}, emulated. Written by "sluice emulator up"; what is changed here changes nothing.`,
    `ClusterName=${spec.name}`,
    ...spec.controllers.map(({ host, address }) => `SlurmctldHost=${host}${address === host ? '' : `(${address})`}`),
    `SlurmctldPort=${spec.controllerPort}`,
    `AccountingStorageHost=${spec.databaseHost}`,
    `AccountingStoragePort=${spec.databasePort}`,
    ...(spec.tres.length === 0 ? [] : [`AccountingStorageTRES=${spec.tres.join(',')}`]),
    ...settings.map(([name, value]) => `${name}=${quoted(value)}`),
    ...spec.nodes.map(nodeLine),
    ...spec.partitions.map(partitionLine),
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLine(node: NodeSpec): string {
  const gres = node.gres.map(({ name, type, count }) => [name, ...(type === null ? [] : [type]), count].join(':'));
  return [
    `NodeName=${node.name}`,
    `NodeHostname=${node.hostname}`,
    `NodeAddr=${node.address}`,
    `Port=${node.port}`,
    `Sockets=${node.sockets}`,
    `CoresPerSocket=${node.coresPerSocket}`,
    `ThreadsPerCore=${node.threadsPerCore}`,
    `RealMemory=${node.memoryMiB}`,
    ...(node.features.length === 0 ? [] : [`Features=${node.features.join(',')}`]),
    ...(gres.length === 0 ? [] : [`Gres=${gres.join(',')}`]),
    ...(node.weight === 1 ? [] : [`Weight=${node.weight}`]),
  ].join(' ');
}

function partitionLine(partition: PartitionSpec): string {
  const { maxTime, defaultTime, maxNodes, allowAccounts, allowQos, qos, defMemPerCpuMiB, billingWeights } = partition;
  return [
    `PartitionName=${partition.name}`,
    `Nodes=${foldHostlist(partition.nodes)}`,
    ...(partition.isDefault ? ['Default=YES'] : []),
    `State=${partition.state}`,
    ...(maxTime === null ? [] : [`MaxTime=${maxTime}`]),
    ...(defaultTime === null ? [] : [`DefaultTime=${defaultTime}`]),
    ...(maxNodes === null ? [] : [`MaxNodes=${maxNodes}`]),
    ...(partition.minNodes === 0 ? [] : [`MinNodes=${partition.minNodes}`]),
    ...(allowAccounts === null ? [] : [`AllowAccounts=${allowAccounts.join(',')}`]),
    ...(allowQos === null ? [] : [`AllowQos=${allowQos.join(',')}`]),
    ...(qos === null ? [] : [`QOS=${qos}`]),
    ...(partition.oversubscribe === 'NO' ? [] : [`OverSubscribe=${partition.oversubscribe}`]),
    ...(partition.priorityJobFactor === 1 ? [] : [`PriorityJobFactor=${partition.priorityJobFactor}`]),
    ...(partition.priorityTier === 1 ? [] : [`PriorityTier=${partition.priorityTier}`]),
    ...(defMemPerCpuMiB === null ? [] : [`DefMemPerCPU=${defMemPerCpuMiB}`]),
    ...(billingWeights === null ? [] : [`TRESBillingWeights=${weightsText(billingWeights)}`]),
  ].join(' ');
}

function weightsText(weights: Readonly<Record<string, number>>): string {
  return Object.entries(weights)
    .map(([name, weight]) => `${name}=${weight}${name === 'mem' ? 'M' : ''}`)
    .join(',');
}

function quoted(value: string): string {
  return /[\s#"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}
