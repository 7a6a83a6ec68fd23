import { foldHostlist, formatTimeLimit, sortHosts, type Tres } from '@sluice/slurm';
import type { EmulatedPartition } from '../model/slurmctld.ts';
import { tresText } from './amounts.ts';
import { partitionSharing } from './node-facts.ts';
import type { Scene } from './scene.ts';

/** One partition of `scontrol show partition`, with what ends it. */
export function partitionText(partition: EmulatedPartition, scene: Scene, isOneLine: boolean): string {
  const { release } = scene;
  const end = isOneLine ? ' ' : '\n   ';
  const yesNo = (is: boolean) => (is ? 'YES' : 'NO');
  const all = (words: readonly string[] | null) => words?.join(',') ?? 'ALL';
  const limit = (minutes: number | null, none: string) => (minutes === null ? none : formatTimeLimit(minutes));
  const exclusive = release < 2405 ? 'ExclusiveUser=NO' : release < 2605 ? 'ExclusiveUser=NO ExclusiveTopo=NO' : 'Exclusive=NO';
  const perSocket = release < 2302 ? '' : ' MaxCPUsPerSocket=UNLIMITED';
  const perCpu = partition.defMemPerCpuMiB;
  const lines = [
    `PartitionName=${partition.name}`,
    `AllowGroups=ALL AllowAccounts=${all(partition.allowAccounts)} AllowQos=${all(partition.allowQos)}`,
    `AllocNodes=ALL Default=${yesNo(partition.isDefault)} QoS=${partition.qos ?? 'N/A'}`,
    `DefaultTime=${limit(partition.defaultTime, 'NONE')} DisableRootJobs=NO ${exclusive} GraceTime=0 Hidden=NO`,
    `MaxNodes=${partition.maxNodes ?? 'UNLIMITED'} MaxTime=${limit(partition.maxTime, 'UNLIMITED')} MinNodes=${partition.minNodes} LLN=NO MaxCPUsPerNode=UNLIMITED${perSocket}`,
    `Nodes=${foldHostlist(sortHosts(partition.nodes)) || '(null)'}`,
    `PriorityJobFactor=${partition.priorityJobFactor} PriorityTier=${partition.priorityTier} RootOnly=NO ReqResv=NO OverSubscribe=${partitionSharing(partition.oversubscribe)}`,
    `OverTimeLimit=NONE PreemptMode=${scene.setting('PreemptMode') ?? 'OFF'}`,
    `State=${partition.state} TotalCPUs=${partition.totalCpus} TotalNodes=${partition.nodes.length} SelectTypeParameters=NONE`,
    'JobDefaults=(null)',
    `${perCpu === null ? 'DefMemPerNode=UNLIMITED' : `DefMemPerCPU=${perCpu}`} MaxMemPerNode=UNLIMITED`,
    `TRES=${tresText(partition.tres, 'id') ?? '(null)'}`,
    ...(partition.billingWeights === null ? [] : [`TRESBillingWeights=${weightsText(partition.billingWeights)}`]),
  ];
  return lines.join(end) + (isOneLine ? '\n' : '\n\n');
}

/** As slurm.conf has it: weights of memory are per MiB. */
function weightsText(weights: Tres): string {
  return Object.entries(weights)
    .map(([name, weight]) => `${name}=${weight}`)
    .join(',');
}
