import { fullRelease } from '../../config/releases.ts';
import { readSlurmConf } from '../../config/slurm-conf.ts';
import type { ClusterSpec } from '../../model/spec.ts';
import type { ScenarioCluster } from './schema.ts';

/** A cluster with all that it needs. */
export type WholeCluster = { readonly [Key in keyof ScenarioCluster]-?: Exclude<ScenarioCluster[Key], undefined> };

/** A scenario's cluster with what it does not say, and what a variant says otherwise. */
export function wholeCluster(...layers: readonly (ScenarioCluster | undefined)[]): WholeCluster {
  const usual: WholeCluster = {
    release: '24.11',
    nodes: 16,
    cpus: 64,
    memory: 524_288,
    gpus: 4,
    'half-life': 15,
    billing: { node: 1 },
    settings: {},
  };
  const said = layers.map((layer) => Object.fromEntries(Object.entries(layer ?? {}).filter(([, value]) => value !== undefined)));
  return Object.assign(usual, ...said);
}

/** The cluster of a scenario: nodes that are all alike, in one partition, with priorities from fair share and limits that hold. */
export function scenarioCluster(cluster: WholeCluster): ClusterSpec {
  const { nodes, cpus, memory, gpus, billing } = cluster;
  const halfLife = cluster['half-life'];
  const sockets = cpus % 2 === 0 ? 2 : 1;
  const weights = Object.entries(billing).map(([name, weight]) => (name === 'mem' ? `mem=${weight}G` : `${name}=${weight}`));
  const conf = [
    'ClusterName=scenario',
    'SlurmctldHost=localhost(127.0.0.1)',
    'AuthType=auth/munge',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=bf_interval=30,bf_continue',
    'PriorityType=priority/multifactor',
    'PriorityWeightAge=1000',
    'PriorityWeightFairshare=10000',
    'PriorityWeightQOS=2000',
    `PriorityDecayHalfLife=${daysText(halfLife)}`,
    'GresTypes=gpu',
    'AccountingStorageType=accounting_storage/slurmdbd',
    'AccountingStorageTRES=gres/gpu',
    'AccountingStorageEnforce=associations,limits,qos',
    `DefMemPerCPU=${Math.floor(memory / cpus)}`,
    `NodeName=node[${'1'.padStart(String(nodes).length, '0')}-${nodes}] Sockets=${sockets} CoresPerSocket=${cpus / sockets} ThreadsPerCore=1 RealMemory=${memory}${gpus > 0 ? ` Gres=gpu:${gpus}` : ''}`,
    `PartitionName=batch Nodes=ALL Default=YES State=UP MaxTime=UNLIMITED TRESBillingWeights=${weights.join(',')}`,
  ];
  const { warnings: _, ...spec } = readSlurmConf({ file: 'slurm.conf', text: `${conf.join('\n')}\n`, include: () => '' });
  return {
    ...spec,
    settings: { ...spec.settings, ...cluster.settings },
    release: fullRelease(cluster.release),
    users: [],
    accounts: [],
    qos: [{ name: 'normal', priority: 100 }],
  };
}

/** `15-0`, or with hours and minutes where days do not do. */
function daysText(days: number): string {
  const minutes = Math.round(days * 1440);
  const two = (count: number) => String(count).padStart(2, '0');
  return `${Math.floor(minutes / 1440)}-${two(Math.floor((minutes % 1440) / 60))}:${two(minutes % 60)}:00`;
}
