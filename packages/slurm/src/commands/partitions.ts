import type { Records, Reject } from '../facets.ts';
import { countHosts, parseTimeLimit, parseTres } from '../languages/index.ts';
import type { Partition } from '../records.ts';
import { excerpt } from './framing.ts';
import { listOf, numberOf, readPairs, splitRecords, textOf } from './scontrol-pairs.ts';

const source = 'scontrol show partition';

/** Partitions from `scontrol -o show partition`. Everything in them comes from slurm.conf or an administrator. */
export function readPartitions(text: string, cluster: string): Records<Partition> {
  const records: Partition[] = [];
  const rejects: Reject[] = [];
  for (const record of splitRecords(text, 'PartitionName')) {
    const partition = readPartition(record, cluster);
    if (typeof partition === 'string') rejects.push({ source, reason: partition, excerpt: excerpt(record) });
    else records.push(partition);
  }
  return { records, rejects };
}

function readPartition(record: string, cluster: string): Partition | string {
  const pairs = readPairs(record);
  const maxTime = parseTimeLimit(pairs.get('MaxTime') ?? '');
  const defaultTime = parseTimeLimit(pairs.get('DefaultTime') ?? '');
  if (maxTime === undefined || defaultTime === undefined) return 'a time limit that is not of its language';
  const tres = parseTres(pairs.get('TRES') ?? '');
  if (!tres) return 'trackable resources that are not of their language';
  const nodes = textOf(pairs, 'Nodes');
  return {
    cluster,
    name: pairs.get('PartitionName') ?? '',
    state: textOf(pairs, 'State'),
    isDefault: pairs.get('Default') === 'YES',
    nodes,
    nodeCount: numberOf(pairs, 'TotalNodes') ?? countHosts(nodes) ?? 0,
    cpus: numberOf(pairs, 'TotalCPUs') ?? 0,
    maxTime,
    defaultTime,
    maxNodes: numberOf(pairs, 'MaxNodes'),
    minNodes: numberOf(pairs, 'MinNodes') ?? 0,
    allowAccounts: allowed(pairs, 'AllowAccounts'),
    allowGroups: allowed(pairs, 'AllowGroups'),
    allowQos: allowed(pairs, 'AllowQos'),
    qos: textOf(pairs, 'QoS'),
    oversubscribe: textOf(pairs, 'OverSubscribe'),
    tres,
  };
}

function allowed(pairs: ReadonlyMap<string, string>, key: string): readonly string[] | null {
  const text = pairs.get(key);
  return text === undefined || text === 'ALL' ? null : listOf(pairs, key);
}
